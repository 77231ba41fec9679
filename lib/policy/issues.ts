import type * as z from 'zod';
import type { Finding } from './consistency.ts';
import { MAPPINGS } from './schema.ts';
import type { Path } from './source.ts';
import { suggest } from './suggest.ts';

/** A {@link Finding} of the schema. `at` is `key` for a key that should not be there. */
export interface SchemaFinding extends Finding {
  readonly at: 'key' | 'value';
}

/** The keys that each mapping of a document may have, by the name that messages give the mapping. */
export type Mappings = Readonly<Record<string, Readonly<Record<string, z.ZodType>>>>;

/**
 * The schema's complaints about a policy, in words. One issue names every unknown key of a mapping.
 * @param issue with its input, see `reportInput` of zod.
 * @param mappings those of the schema, if it is not the policy's.
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  mappings: Mappings = MAPPINGS,
): SchemaFinding[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      at: 'key',
      path: [...path, key],
      message: 'unknown key',
      ...hinted(meant(key, placeOf(path), mappings)),
    }));
  }
  const written = issuesOfForm(issue);
  if (written) {
    return written.flatMap((inner) =>
      describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, mappings),
    );
  }
  const [text, hint] = parts(issue.message);
  if (issue.code === 'custom') return [{ at: 'value', path, message: text, ...hinted(hint) }];
  const found = issue.input;
  if (found === undefined) {
    return [{ at: 'value', path, message: 'missing', ...hinted(hint ?? `write ${text}`) }];
  }
  return [
    {
      at: 'value',
      path,
      message: `expected ${text}, found ${show(found, path)}`,
      ...hinted(hint ?? (found === null ? absence(issue, path, mappings) : similar(issue, found))),
    },
  ];
}

/** For a key that takes one value or a list: what is wrong with the form that was written. */
export function issuesOfForm(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] | undefined {
  if (issue.code !== 'invalid_union') return undefined;
  const [one, many] = issue.errors;
  const notA = many?.find(({ code, path }) => code === 'invalid_type' && path.length === 0);
  if (Array.isArray(issue.input)) return notA ? undefined : many;
  return notA && 'expected' in notA && notA.expected === 'array' ? one : undefined;
}

/** The message, and the hint after its first semicolon. */
function parts(message: string): [text: string, hint?: string] {
  const end = message.indexOf('; ');
  return end === -1 ? [message] : [message.slice(0, end), message.slice(end + 2)];
}

function hinted(hint: string | undefined): { hint?: string } {
  return hint ? { hint } : {};
}

/** Advice for a null: a key without a value looks like "no limit" to one reader, like 0 to another. */
function absence(issue: z.core.$ZodIssue, path: Path, mappings: Mappings): string {
  const numeric = issue.code === 'invalid_type' && issue.expected === 'number';
  const write = numeric ? 'write a number' : 'write a value';
  const key = path.at(-1) as Path[number];
  if (typeof key === 'number') return `${write}, or leave the item out`;
  const optional = mappings[placeOf(path.slice(0, -1))]?.[key]?.safeParse(undefined).success;
  return optional ? `${write}, or leave the key out` : write;
}

/** Other names that people use for a value. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  redis: 'dcs',
  memcached: 'dcs',
  'distributed cache service': 'dcs',
  huawei: 'huaweicloud',
  't-systems': 'otc',
  opentelekomcloud: 'otc',
};

function similar(issue: z.core.$ZodIssue, found: unknown): string | undefined {
  if (issue.code !== 'invalid_value' || typeof found !== 'string') return undefined;
  const values = issue.values.filter((value) => typeof value === 'string');
  const other = OTHER_NAMES[found.toLowerCase()] ?? '';
  const candidate = values.includes(other) ? other : suggest(found, values);
  return candidate && `did you mean ${candidate}?`;
}

function meant(key: string, here: string, mappings: Mappings): string | undefined {
  const keysOf = (place: string) => Object.keys(mappings[place] ?? {});
  const elsewhere = Object.keys(mappings).filter((place) => keysOf(place).includes(key));
  if (elsewhere.length > 0) return `it belongs under ${elsewhere.join(' or ')}`;
  const candidate = suggest(key, keysOf(here));
  return candidate && `did you mean ${candidate}?`;
}

function placeOf(path: Path): string {
  const names = path.filter((step) => typeof step === 'string');
  const last = names.at(-1) ?? 'the top level';
  return { targets: 'a target', rules: 'a rule' }[last] ?? last;
}

/** A value in a message. Under credentials only its type is shown: it may be a secret in the wrong place. */
function show(value: unknown, path: Path): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (path.includes('credentials')) return typeof value === 'string' ? 'text' : `a ${typeof value}`;
  if (typeof value === 'string') {
    return value.length > 60 ? `text of ${value.length} characters` : JSON.stringify(value);
  }
  return typeof value === 'number' ? `the number ${value}` : String(value);
}
