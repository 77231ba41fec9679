import type { Io } from './io.ts';

/**
 * Asks questions at a terminal, one after the other. An end of the input (Ctrl-D) is no answer.
 * @param interrupted called at Ctrl-C: a terminal that is read from does not turn it into a signal.
 */
export function askAt(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  interrupted: () => void,
): NonNullable<Io['ask']> {
  return async (question) => {
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
        terminal.close();
      });
    });
  };
}
