// Calls a bundled handler once, in a process of its own, so that it can be killed: FILE, MESSAGE, milliseconds left,
// milliseconds that the clocks are ahead. The answer goes to the parent, as Lambda's would.
const [, , file, message, remaining, ahead] = process.argv;
const now = Date.now;
Date.now = () => now() + Number(ahead);
const { handler } = require(file);
handler(JSON.parse(message), { getRemainingTimeInMillis: () => Number(remaining) })
  .then((answer) => ({ answer }))
  .catch(({ name, message }) => ({ error: { name, message } }))
  .then((end) => process.send(end, () => process.exit()));
