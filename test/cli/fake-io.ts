import type { Io } from '../../lib/cli/io.ts';
import { runCommandLine } from '../../lib/cli/program.ts';
import { DEMO_ACCESS_KEY } from '../../lib/emulator/index.ts';
import { systemClock } from '../../lib/http/clock.ts';
import { cellsOf } from '../../lib/view/terminal/cells.ts';

export const DEMO_ENV = {
  HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
  HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
};

/** The result of a command. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A terminal that nobody looks at. It remembers what was written, and can send signals. */
export class FakeIo implements Io {
  readonly env: Io['env'];
  readonly interactive: boolean;
  readonly clock: Io['clock'];
  readonly begunAt: number;
  /** Absent without `answers`: nobody can be asked. */
  readonly ask: Io['ask'];
  readonly version = '1.2.3';
  readonly columns: Io['columns'];
  /** Statuses that the process was ended with at once. */
  readonly exits: number[] = [];
  #stdout = '';
  #stderr = '';
  readonly #handlers: ((signal: NodeJS.Signals) => void)[] = [];
  readonly #readers: (() => void)[] = [];

  constructor({
    env = DEMO_ENV,
    interactive = false,
    clock = systemClock,
    begunAt = clock.monotonic(),
    columns,
    answers,
  }: Partial<Pick<Io, 'env' | 'interactive' | 'begunAt' | 'clock'>> & {
    columns?: number;
    /** One answer for each question; `undefined` to questions after the last. */
    answers?: readonly string[];
  } = {}) {
    this.env = env;
    this.interactive = interactive;
    this.begunAt = begunAt;
    this.clock = clock;
    this.columns = () => columns;
    if (answers) {
      const left = [...answers];
      this.ask = async (question) => {
        this.err(`${question}\n`);
        return left.shift();
      };
    }
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  readonly requireReader = (): void => {};
  unread = (): number => 0;

  readonly out = (text: string): void => {
    this.#stdout += text;
    for (const read of this.#readers) read();
  };

  readonly err = (text: string): void => {
    this.#stderr += text;
  };

  readonly onSignal = (handler: (signal: NodeJS.Signals) => void): void => {
    this.#handlers.push(handler);
  };

  readonly exit = (status: number): void => {
    this.exits.push(status);
  };

  signal(name: NodeJS.Signals = 'SIGINT'): void {
    for (const handler of this.#handlers) handler(name);
  }

  /** Resolves once standard output holds the text. */
  printed(text: string): Promise<void> {
    return new Promise((resolve) => {
      const read = () => {
        if (this.#stdout.includes(text)) resolve();
      };
      this.#readers.push(read);
      read();
    });
  }
}

/** One command, as if it had been typed: the words are split at spaces. */
export async function type(line: string, io = new FakeIo()): Promise<Ended> {
  return await typeWords(line.split(' ').filter(Boolean), io);
}

/** One command, in words of which one may be empty. */
export async function typeWords(words: readonly string[], io = new FakeIo()): Promise<Ended> {
  const status = await runCommandLine(words, io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

/** The lines of a text that are wider than a terminal. */
export function tooWide(text: string, columns = 80): string[] {
  return text.split('\n').filter((line) => cellsOf(line) > columns);
}
