import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Reply } from './child.ts';
import type { CleanReport, CleanRequest, ContestantName } from './contestant.ts';
import type { EmulatorReport, EmulatorRequest, Filling } from './emulator-process.ts';

/** Where the bundled processes of the benchmark are: beside the one that runs now. */
const HERE = import.meta.dirname;

/** Old-space megabytes of an emulator: a million records with room to spare. */
const EMULATOR_HEAP = 6_000;

/** A child process that answers requests, one at a time. */
class Worker<Request extends object, Answer> {
  readonly #child: ChildProcess;

  constructor(file: string, args: readonly string[], execArgv: readonly string[] = []) {
    this.#child = fork(join(HERE, file), args, { execArgv: ['--no-warnings', ...execArgv] });
  }

  async ask(request: Request): Promise<Answer> {
    const ended = new AbortController();
    const { signal } = ended;
    this.#child.send(request);
    try {
      const [reply] = (await Promise.race([
        once(this.#child, 'message', { signal }),
        once(this.#child, 'exit', { signal }).then(([code]) => {
          throw new Error(`a process of the benchmark ended early (exit status ${code})`);
        }),
      ])) as [Reply<Answer>];
      if ('error' in reply) throw new Error(reply.error);
      return reply.answer;
    } finally {
      ended.abort();
    }
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}

/** The emulator, in a process of its own. */
export class EmulatorProcess {
  readonly #worker = new Worker<EmulatorRequest, EmulatorReport>(
    'emulator-process.js',
    [],
    [`--max-old-space-size=${EMULATOR_HEAP}`],
  );

  /** Serves this estate, on an address of its own. */
  async fill(filling: Filling): Promise<string> {
    return (await this.#worker.ask(filling)).url;
  }

  report(): Promise<EmulatorReport> {
    return this.#worker.ask({ report: true });
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}

/** One way to clean up, in a process of its own that stays warm between rounds. */
export class ContestantProcess {
  readonly name: ContestantName;
  readonly #worker: Worker<CleanRequest, CleanReport>;

  constructor(name: ContestantName) {
    this.name = name;
    this.#worker = new Worker('contestant-process.js', [name]);
  }

  clean(request: CleanRequest): Promise<CleanReport> {
    return this.#worker.ask(request);
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}
