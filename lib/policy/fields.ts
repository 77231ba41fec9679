import * as z from 'zod';
import { FormatError } from '../model/error.ts';
import { ORIGIN, parseOrigin } from '../model/origins.ts';
import { FINISHED_STATUSES, RUNNING_STATUSES } from '../model/services.ts';
import { parseArchive } from './archive-place.ts';
import { KEEP_FOR, parseKeepFor, parseTimeout, TIME } from './duration.ts';
import { compilePatterns } from './pattern.ts';

/*
 * The single values of a policy. The error of a built-in check says what was expected, then optionally a
 * hint after a semicolon: "a; b" becomes "expected a, found …; b". Custom issues are messages as they are.
 */

/** Text, not empty, on one line, and of a form where one is given: none allows a line break. */
export function text(expected: string, form?: RegExp) {
  const schema = z
    .string({ error: ({ input }) => expected + (isScalar(input) ? '; put it in quotes' : '') })
    .min(1, { error: expected, abort: true });
  return form
    ? schema.regex(form, { error: expected })
    : // A block (|) ends with one, so that a pattern would match no name.
      schema
        .refine((value) => !/[\r\n]/.test(value), {
          error: 'holds a line break; write it on one line, without | or >',
        })
        // The JSON of a secret, perhaps, which must not be shown.
        .refine((value) => !/^\s*[{[]\s*"/.test(value), { error: 'holds JSON; write a name' });
}

export function integer(min: number, max?: number) {
  const error =
    max === undefined ? `a whole number, ${min} or more` : `a whole number from ${min} to ${max}`;
  const schema = z.int({ error }).min(min, { error });
  return max === undefined ? schema : schema.max(max, { error });
}

/** For a transform: turns a text into a value. Where `read` throws a {@link FormatError}, that becomes the issue. */
export function reading<T>(read: (text: string) => T) {
  return (value: string, context: z.RefinementCtx): T => {
    try {
      return read(value);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  };
}

/** Text that `read` turns into a value; why it cannot becomes the problem. */
function readText<T>(expected: string, read: (text: string) => T, form?: RegExp) {
  // Only editors use the form, through the JSON Schema: `read` explains better what is wrong.
  const schema = z.string({ error: expected }).meta(form ? { pattern: form.source } : {});
  return schema.transform(reading(read));
}

export function keepFor() {
  return readText('a duration such as P30D or 30d', parseKeepFor, KEEP_FOR);
}

export function timeout() {
  return readText('a duration such as 10s or PT10S', parseTimeout, TIME);
}

export function origin() {
  return readText('a URL such as https://dcs.example.com', parseOrigin, ORIGIN);
}

export function archive() {
  return readText('s3://bucket/prefix, or the path of a folder', parseArchive);
}

export function forever() {
  return z.literal('forever', { error: 'forever' });
}

export function patterns(item: string, items: string) {
  const pattern = text(item).superRefine(
    reading((value) => {
      compilePatterns([value]);
    }),
  );
  return list(pattern, items);
}

export function statuses() {
  const expected = 'SUCCESS, FAILED or CANCELLED';
  const status = z.enum(FINISHED_STATUSES, {
    error: ({ input }) => {
      if ((RUNNING_STATUSES as readonly unknown[]).includes(input)) {
        return `${expected}; the record of a running task is never deleted`;
      }
      return input === 'DELETED' ? `${expected}; such a record is deleted already` : expected;
    },
  });
  return list(status, expected).meta({ uniqueItems: true });
}

/** One value, or a list of them without repetition. */
export function oneOrMore<T extends z.ZodType>(one: T, items: string) {
  return z.union([one, list(one, items).meta({ uniqueItems: true })]);
}

function list<T extends z.ZodType>(item: T, items: string) {
  return z
    .array(item, { error: `a list of ${items}` })
    .min(1, { error: `a list of ${items}; an empty list would match nothing` });
}

function isScalar(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}
