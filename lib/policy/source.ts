import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { isObject } from '../model/text.ts';
import { PolicyError } from './policy-error.ts';

/** Keys and list positions from the top of a policy down to one value. */
export type Path = readonly (string | number)[];

/** Where in a text, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML text, read. */
export interface Source {
  /** The text's content. Values that the text names twice by an alias are one object. */
  readonly value: unknown;
  /** Keys that their mapping already has. */
  readonly repeatedKeys: readonly { readonly path: Path; readonly position: Position }[];
  /** Where a value stands; for an alias its anchor, for a missing key the mapping that lacks it. */
  valueAt(path: Path): Position;
  /** The position of the key, or of the list's item, that the last step of the path names. */
  keyAt(path: Path): Position;
}

/**
 * Characters with which some programs show another text than the parser reads: a rule that its reader sees on a line of
 * its own would be the end of a comment, and a name would be read backwards.
 */
const MISLEADING: readonly (readonly [RegExp, string])[] = [
  [
    /\r(?!\n)|[\v\f\u0085\u2028\u2029]/,
    'which some programs show as a line break, and which is none; take it out, or save the file with LF or CRLF',
  ],
  [
    /[\u202a-\u202e\u2066-\u2069]/,
    'which makes some programs show what follows in another order; take it out',
  ],
];

/**
 * Reads YAML 1.2 with its core schema and merge keys (`<<`): one document, keys that are text, no tags of one's own.
 * A mapping's own pairs win over those that it merges, and an earlier mapping of a list over a later one. Lines end
 * with LF or CRLF, and a text that is no block ends where its line does.
 *
 * @throws {PolicyError} when the text is not that, with every mistake that the parser found
 */
export function readSource(text: string, file: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    // A `%YAML 1.1` line would otherwise make `no` a boolean.
    schema: 'core',
    // Merged below: the parser limits neither circles nor the size of the result, and loses the places.
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    // Found below, so that they are reported together with all other mistakes.
    uniqueKeys: false,
    prettyErrors: false,
  });
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const fail = (mistakes: readonly { position: Position; message: string }[]) =>
    new PolicyError(mistakes.map((m) => ({ file, ...m.position, path: '', message: m.message })));

  for (const [characters, what] of MISLEADING) {
    const found = characters.exec(text);
    if (!found) continue;
    const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    throw fail([{ position: positionOf(found.index), message: `here is U+${code}, ${what}` }]);
  }
  const mistakes = [...document.errors, ...document.warnings];
  if (mistakes.length > 0) {
    throw fail(mistakes.map((e) => ({ position: positionOf(e.pos[0]), message: describe(e) })));
  }
  const { root, repeatedKeys, mistakes: misused } = readContents(document.contents, text);
  if (misused.length > 0) {
    throw fail(misused.map(({ offset, message }) => ({ position: positionOf(offset), message })));
  }
  const find = (path: Path): Entry => {
    let found: Entry = { offset: root.offset, item: root };
    for (const step of path) {
      const next = found.item.entries.get(step);
      if (!next) break;
      found = next;
    }
    return found;
  };
  return {
    value: root.value,
    repeatedKeys: repeatedKeys.map(({ path, offset }) => ({ path, position: positionOf(offset) })),
    valueAt: (path) => positionOf(find(path).item.offset),
    keyAt: (path) => positionOf(find(path).offset),
  };
}

/**
 * The part of a source that stands under a key of its top level, as a source of its own: paths begin there,
 * while positions are still those in the whole text.
 */
export function sourceUnder(source: Source, key: string): Source {
  return {
    value: (source.value as Record<string, unknown>)[key],
    repeatedKeys: source.repeatedKeys
      .filter(({ path }) => path[0] === key)
      .map(({ path, position }) => ({ path: path.slice(1), position })),
    valueAt: (path) => source.valueAt([key, ...path]),
    keyAt: (path) => source.keyAt([key, ...path]),
  };
}

/** A value of the text. An alias is the same item as its anchor, even if another one gets that name later. */
interface Item {
  /** Where it begins. */
  readonly offset: number;
  readonly value: unknown;
  /** The entries of a mapping or a list, with all that is merged into it. */
  readonly entries: Map<string | number, Entry>;
  /** Values in it, itself among them; an alias counts as much as what it names. */
  size: number;
}

/** An item in a mapping or a list. */
interface Entry {
  /** Where its key begins; in a list, where the item or its alias does. */
  readonly offset: number;
  readonly item: Item;
}

interface Contents {
  readonly root: Item;
  readonly repeatedKeys: readonly { readonly path: Path; readonly offset: number }[];
  readonly mistakes: readonly { readonly offset: number; readonly message: string }[];
}

/** Values that merge keys and aliases may add to those that are written. */
const MAX_ADDED = 100_000;

/**
 * Reads what was parsed, in one walk in the order of the text: an anchor's name may be given anew, and an alias means
 * the latest one above it.
 */
function readContents(contents: ParsedNode | null, text: string): Contents {
  const anchors = new Map<string, Item>();
  const underWay = new Set<Item>();
  const repeatedKeys: { path: Path; offset: number }[] = [];
  const mistakes: { offset: number; message: string }[] = [];
  let written = 0;
  let copied = 0;

  /** @param place where the value would stand if there is none. */
  const read = (node: ParsedNode | null, place: number, path: Path): Item => {
    if (isAlias(node)) {
      const named = anchors.get(node.source);
      if (named) return named;
      mistakes.push({ offset: node.range[0], message: 'this alias has no anchor above it' });
      // It merges as well, so that a merge key finds no second mistake in it.
      return itemOf(node.range[0], {});
    }
    written += 1;
    // Items of a list of which one is indented further, or a comma is missing, would be one text.
    if (
      isScalar(node) &&
      node.type?.startsWith('BLOCK') === false &&
      text.slice(node.range[0], node.range[1]).includes('\n')
    ) {
      const message =
        'this is one text to YAML, over several lines; write each value on a line of its own';
      mistakes.push({ offset: node.range[0], message });
    }
    const value = isMap(node) ? {} : isSeq(node) ? [] : (node?.value ?? null);
    const item = itemOf(node?.range[0] ?? place, value);
    if (node?.anchor) anchors.set(node.anchor, item);
    underWay.add(item);
    if (isMap(node)) readPairs(node, item, path);
    if (isSeq(node)) {
      node.items.forEach((child, i) => {
        const offset = (child as ParsedNode).range[0];
        put(item, i, { offset, item: read(child as ParsedNode, offset, [...path, i]) });
      });
    }
    underWay.delete(item);
    return item;
  };

  const readPairs = (node: YAMLMap.Parsed, item: Item, path: Path): void => {
    const seen = new Set<string>();
    const own = new Map<string | number, Entry>();
    const merged = new Map<string | number, Entry>();
    for (const { key, value } of node.items) {
      // The parser has reported every other kind of key.
      const { value: name, range } = key as Scalar.Parsed & { readonly value: string };
      const offset = range[0];
      const here = [...path, name];
      if (seen.has(name)) repeatedKeys.push({ path: here, offset });
      seen.add(name);
      if (key.anchor) anchors.set(key.anchor, itemOf(offset, name));
      const entry = { offset, item: read(value, offset, here) };
      if (!isMergeKey(key)) own.set(name, entry);
      else merge({ ...entry, offset: value?.range[0] ?? offset }, merged);
    }
    for (const [name, entry] of new Map([...merged, ...own])) put(item, name, entry);
  };

  /** Adds what a merge key stands for. */
  const merge = (source: Entry, merged: Map<string | number, Entry>): void => {
    const isList = Array.isArray(source.item.value) && !underWay.has(source.item);
    for (const { offset, item } of isList ? source.item.entries.values() : [source]) {
      if (underWay.has(item)) {
        mistakes.push({ offset, message: 'this merges a mapping into itself' });
      } else if (!isObject(item.value)) {
        const message = '<< merges a mapping, such as *name, or a list of mappings';
        mistakes.push({ offset, message });
      } else {
        copied += item.entries.size;
        // Beyond that it is refused anyway.
        if (copied > MAX_ADDED) return;
        for (const [name, entry] of item.entries) {
          if (!merged.has(name)) merged.set(name, entry);
        }
      }
    }
  };

  const root = read(contents, 0, []);
  if (Math.max(copied, root.size - written) > MAX_ADDED) {
    const message = 'its aliases stand for too much; write the values out';
    mistakes.push({ offset: root.offset, message });
  }
  return { root, repeatedKeys, mistakes };
}

function itemOf(offset: number, value: unknown): Item {
  return { offset, value, entries: new Map(), size: 1 };
}

/** Puts an item that is read into the mapping or list that it stands in. */
function put(parent: Item, step: string | number, entry: Entry): void {
  parent.entries.set(step, entry);
  parent.size += entry.item.size;
  const { value } = entry.item;
  // Not by assignment: a key named __proto__ would set the prototype.
  Object.defineProperty(parent.value, step, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** Whether a key merges another mapping: `<<`, unless it is quoted. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

function describe({ code, message }: YAMLError): string {
  switch (code) {
    case 'MULTIPLE_DOCS':
      return 'a second document starts here; a policy is one document';
    case 'NON_STRING_KEY':
      return 'a key must be plain text';
    case 'RESOURCE_EXHAUSTION':
      return 'nested too deeply for a policy';
    default:
      return `not YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  }
}
