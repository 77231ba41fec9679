import { Logger } from '@aws-lambda-powertools/logger';

type LogItem = Parameters<Logger['printLog']>[1];

/** Structured JSON lines; the level is Powertools' own setting, `POWERTOOLS_LOG_LEVEL`. */
export function createLogger(write?: (line: string) => void): Logger {
  return write ? new WritingLogger(write) : new Logger({ serviceName: 'task-janitor' });
}

/** Writes its lines with a function instead of to standard output. */
class WritingLogger extends Logger {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    super({ serviceName: 'task-janitor' });
    this.#write = write;
  }

  protected override printLog(_level: number, log: LogItem): void {
    log.prepareForPrint();
    this.#write(`${JSON.stringify(log.getAttributes(), this.getJsonReplacer())}\n`);
  }
}
