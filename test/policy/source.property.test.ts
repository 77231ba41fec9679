import { expect, test } from '@jest/globals';
import fc, { type GeneratorValue } from 'fast-check';
import { parseDocument } from 'yaml';
import { isObject } from '../../lib/model/text.ts';
import { type Path, type Position, readSource } from '../../lib/policy/source.ts';

/** Few names, so that each is given again and again. */
const ANCHORS = ['x', 'y', 'z'];

/** `sources` is a list of mappings: a merge key takes it too. */
type Kind = 'scalar' | 'list' | 'sources' | 'mapping';

/**
 * Draws a text. Each scalar is of its own, and each mapping and list begins with one, so that a place in the text shows
 * whose it is.
 */
function drawText(g: GeneratorValue) {
  /** By the names of the anchors: the latest of each. */
  const named = new Map<string, { kind: Kind; closed: boolean }>();
  const repeated: number[] = [];
  let text = '';
  let scalars = 0;
  const scalar = () => {
    scalars += 1;
    text += `v${scalars}`;
  };
  const anchor = (kind: Kind) => {
    const naming = { kind, closed: kind === 'scalar' };
    if (g(fc.boolean)) {
      const name = g(fc.constantFrom, ...ANCHORS);
      text += `&${name} `;
      named.set(name, naming);
    }
    return naming;
  };
  const put = (depth: number, kinds: readonly Kind[]) => {
    const known = [...named].filter(([, { kind, closed }]) => closed && kinds.includes(kind));
    if (known.length > 0 && g(fc.boolean)) {
      text += `*${g(fc.constantFrom, ...known.map(([name]) => name))}`;
      return;
    }
    const deep = kinds.filter((each) => each === 'scalar' || each === 'mapping');
    const kind = g(fc.constantFrom, ...(depth < 3 ? kinds : deep));
    const naming = anchor(kind);
    const more = depth < 3 ? g(fc.nat, 4) : 0;
    if (kind === 'scalar') scalar();
    else if (kind === 'mapping') mapping(depth, more);
    else {
      text += '[ ';
      if (kind === 'list') scalar();
      else put(depth + 1, ['mapping']);
      for (let i = 0; i < more; i += 1) {
        text += ',\n';
        put(depth + 1, kind === 'list' ? ['scalar', 'list', 'sources', 'mapping'] : ['mapping']);
      }
      text += ' ]';
    }
    naming.closed = true;
  };
  const mapping = (depth: number, more: number) => {
    text += '{ id: ';
    scalar();
    const keys = new Set<string>();
    for (let i = 0; i < more; i += 1) {
      text += ',\n';
      const key = g(fc.constantFrom, 'a', 'b', 'c', '<<');
      // The parser makes a symbol of this one.
      if (key !== '<<') anchor('scalar');
      if (keys.has(key)) repeated.push(text.length);
      keys.add(key);
      text += `${key}: `;
      const merged: Kind[] = ['sources', 'mapping'];
      put(depth + 1, key === '<<' ? merged : ['scalar', 'list', ...merged]);
    }
    text += ' }';
  };
  mapping(0, g(fc.nat, 9));
  return { text, repeated };
}

/** How a value begins that {@link drawText} wrote. */
function beginningOf(value: unknown): RegExp {
  if (isObject(value)) return new RegExp(`^\\{ id: ${value.id}\\b`);
  if (!Array.isArray(value)) return new RegExp(`^${value}\\b`);
  return typeof value[0] === 'string' ? new RegExp(`^\\[ ${value[0]}\\b`) : /^\[ [&*{]/;
}

test('anchors given anew, aliases and merge keys are read as the parser reads them, each value where it stands', () => {
  fc.assert(
    fc.property(fc.gen(), (g) => {
      const { text, repeated } = drawText(g);
      const document = parseDocument(text, { merge: true, schema: 'core', uniqueKeys: false });
      const expected = document.toJS({ maxAliasCount: -1 });
      const source = readSource(text, 'p.yml');
      expect(source.value).toEqual(expected);

      const lines = text.split('\n');
      const offsetOf = ({ line, column }: Position) =>
        lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, column - 1);
      expect(source.repeatedKeys.map(({ position }) => offsetOf(position))).toEqual(repeated);
      const check = (value: unknown, path: Path) => {
        expect(text.slice(offsetOf(source.valueAt(path)))).toMatch(beginningOf(value));
        for (const [step, child] of Object.entries(value instanceof Object ? value : {})) {
          const to = [...path, Array.isArray(value) ? Number(step) : step];
          const written = text.slice(offsetOf(source.keyAt(to)));
          const [, key, named, rest] = /^(\w+: )?(\*|&\w )?(.*)/s.exec(written) as RegExpExecArray;
          expect(key).toBe(Array.isArray(value) ? undefined : `${step}: `);
          if (named !== '*') expect(rest).toMatch(beginningOf(child));
          check(child, to);
        }
      };
      check(expected, []);
    }),
    { numRuns: 500 },
  );
});
