import type { Io } from './io.ts';

/**
 * Asks questions at a terminal, one after the other. An end of the input (Ctrl-D) is no answer.
 * Lines that were typed ahead, or pasted together, answer the questions after this one.
 * @param interrupted called at Ctrl-C: a terminal that is read from does not turn it into a signal.
 */
export function askAt(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  interrupted: () => void,
): NonNullable<Io['ask']> {
  const ahead: string[] = [];
  let begun = '';
  return async (question) => {
    const next = ahead.shift();
    if (next !== undefined) {
      output.write(`${question}${next}\n`);
      return next;
    }
    const { createInterface } = await import('node:readline');
    const terminal = createInterface({ input, output, terminal: true });
    return await new Promise((resolve) => {
      terminal.on('SIGINT', interrupted);
      let answer: string | undefined;
      terminal.on('close', () => {
        // Where nobody has pressed Enter, the terminal is still in the line of the question.
        if (answer === undefined) output.write('\n');
        resolve(answer);
      });
      terminal.question(question, (said) => {
        answer = said;
        terminal.on('line', (line) => ahead.push(line));
        // What was pasted comes key by key, in this turn of the event loop.
        setImmediate(() => {
          begun = terminal.line;
          terminal.close();
        });
      });
      terminal.write(begun);
    });
  };
}
