import { createHash } from 'node:crypto';
import { Duration } from 'luxon';
import type * as z from 'zod';
import { isObject } from '../model/text.ts';
import { type Finding, findInconsistencies } from './consistency.ts';
import { describeIssue, type Mappings } from './issues.ts';
import { PolicyError, type Problem } from './policy-error.ts';
import { type Frozen, type Policy, policySchema } from './schema.ts';
import { type Path, type Position, readSource, type Source } from './source.ts';
import { combinationsOf } from './targets.ts';

/**
 * Reads a policy from the text of its file. Does no I/O: `file` is only for messages.
 *
 * @returns the policy, frozen all the way down
 * @throws {PolicyError} with every problem of the file, in the order of its lines
 */
export function loadPolicy(text: string, file: string): Policy {
  return readPolicy(readSource(text, file), file);
}

/** The same for a text that is parsed already. */
export function readPolicy(source: Source, file: string): Policy {
  const { value } = source;
  const problem = (finding: Finding, position: Position) => problemAt(file, finding, position);
  if (value === null) {
    const empty = { path: [], message: 'the policy is empty', hint: 'write version and targets' };
    throw new PolicyError([problem(empty, { line: 1, column: 1 })]);
  }

  const { version } = value as { readonly version?: unknown };
  // The keys of another version are unknown, so complain about the version alone.
  if (typeof version === 'number' && version !== 1) {
    const message = `this program reads version 1, but the policy says ${version}`;
    throw new PolicyError([problem({ path: ['version'], message }, source.valueAt(['version']))]);
  }
  const { data, problems } = readBySchema(source, file, policySchema);
  const lineOf = (path: Path) => source.valueAt(path).line;
  for (const finding of findInconsistencies(value, lineOf)) {
    problems.push(problem(finding, source.valueAt(finding.path)));
  }
  if (!data || problems.length > 0) throw new PolicyError(inOrder(problems));
  const { targets, ...rest } = data;
  return freeze({ ...rest, targets: targets.flatMap(combinationsOf) });
}

/**
 * Reads the mapping that a source holds.
 * @param mappings those of the schema, if it is not the policy's.
 * @returns its data, where the schema takes it; and what is wrong with it: keys that it has twice, and what the schema
 * refuses.
 */
export function readBySchema<Schema extends z.ZodType>(
  source: Source,
  file: string,
  schema: Schema,
  mappings?: Mappings,
): { readonly data: z.output<Schema> | undefined; readonly problems: Problem[] } {
  const { data, error } = schema.safeParse(source.value, { reportInput: true });
  const message = 'this mapping has the key already';
  const repeated = source.repeatedKeys.map(({ path, position }) =>
    problemAt(file, { path, message, hint: 'leave one out' }, position),
  );
  const refused = (error?.issues ?? [])
    .flatMap((issue) => describeIssue(issue, mappings))
    .map((finding) => {
      const { at, path } = finding;
      return problemAt(file, finding, at === 'key' ? source.keyAt(path) : source.valueAt(path));
    });
  return { data, problems: [...repeated, ...refused] };
}

/**
 * The SHA-256, in hex, of what a policy says: of its canonical JSON (RFC 8785: sorted keys, no white space) without
 * `dryRun` and `archive`, which change nothing about what expires.
 * @throws {PolicyError} when the text is no YAML.
 */
export function policyHash(text: string, file: string): string {
  const {
    dryRun: _,
    archive: __,
    ...rest
  } = readSource(text, file).value as object & {
    dryRun?: unknown;
    archive?: unknown;
  };
  const sorted = (_key: string, value: unknown) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return createHash('sha256').update(JSON.stringify(rest, sorted)).digest('hex');
}

/** A finding with its place, ready to be reported. */
export function problemAt(file: string, finding: Finding, position: Position): Problem {
  return {
    file,
    line: position.line,
    column: position.column,
    path: formatPath(finding.path),
    message: finding.message,
    hint: finding.hint,
  };
}

/** In the order of the text; each message once. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const distinct = new Map(
    problems.map((p) => [`${p.line}:${p.column}:${p.path}:${p.message}`, p]),
  );
  return [...distinct.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** `targets[0].rules[1].match.tasks[0]`; a key that is not a plain word is quoted. */
function formatPath(path: Path): string {
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[\p{L}\p{N}_<-]+$/u.test(step)) return `[${JSON.stringify(step)}]`;
      return i === 0 ? step : `.${step}`;
    })
    .join('');
}

/**
 * Freezes lists and objects all the way down, in place. Must not be given a circular value. Leaves a Duration
 * alone: its value never changes, but luxon caches results in it.
 */
export function freeze<T>(value: T): Frozen<T> {
  if (value instanceof Object && !(value instanceof Duration)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value as Frozen<T>;
}
