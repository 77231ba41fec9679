import { Logger } from '@aws-lambda-powertools/logger';
import { escapeInvisible } from '../model/text.ts';

type LogItem = Parameters<Logger['printLog']>[1];

/**
 * Structured JSON lines; the level is Powertools' own setting, `POWERTOOLS_LOG_LEVEL`.
 * @param write takes a line; standard output, which is Lambda's log, when absent.
 */
export function createLogger(
  write: (line: string) => void = (line) => process.stdout.write(line),
): Logger {
  return new WritingLogger(write);
}

/** Lets no character through that a terminal or a log viewer would obey. */
class WritingLogger extends Logger {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    super({ serviceName: 'task-janitor' });
    this.#write = write;
  }

  protected override printLog(_level: number, log: LogItem): void {
    log.prepareForPrint();
    const json = JSON.stringify(log.getAttributes(), this.getJsonReplacer());
    this.#write(`${escapeInvisible(json)}\n`);
  }
}
