import { JanitorError } from '../model/error.ts';

/** One thing that is wrong with a policy file. */
export interface Problem {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  /** Where in the policy, such as `targets[0].rules[1].match.tasks[0]`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** Advice, or what was probably meant. */
  readonly hint?: string | undefined;
}

/**
 * The policy cannot be used. Carries every problem of the file; `message` is ready to be printed, one line
 * for each: `retention.yml:12:5: targets[0].keepfor: unknown key; did you mean keepFor?`
 */
export class PolicyError extends JanitorError {
  override readonly name = 'PolicyError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('policy', problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

function formatProblem({ file, line, column, path, message, hint }: Problem): string {
  return `${file}:${line}:${column}: ${path && `${path}: `}${message}${hint ? `; ${hint}` : ''}`;
}
