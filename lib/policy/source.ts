import {
  type Document,
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
  /** Where the key stands that the last step of the path names. */
  keyAt(path: Path): Position;
}

interface Found {
  readonly key?: ParsedNode | null | undefined;
  readonly value?: ParsedNode | null | undefined;
}

/**
 * Reads YAML 1.2 with its core schema and merge keys (`<<`): one document, keys that are text, no tags of one's own.
 * A mapping's own pairs win over those that it merges, and an earlier mapping of a list over a later one.
 *
 * @throws {PolicyError} when the text is not that, with every mistake that the parser found
 */
export function readSource(text: string, file: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    // A `%YAML 1.1` line would otherwise make `no` a boolean.
    schema: 'core',
    // Merged below: the parser limits neither circles nor the size of the result.
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

  const mistakes = [...document.errors, ...document.warnings];
  if (mistakes.length > 0) {
    throw fail(mistakes.map((e) => ({ position: positionOf(e.pos[0]), message: describe(e) })));
  }
  const root = document.contents;
  const survey = surveyNode(document, root, []);
  if (survey.lostAliases.length > 0) {
    throw fail(
      survey.lostAliases.map((node) => ({
        position: positionOf(node.range[0]),
        message: 'this alias has no anchor above it',
      })),
    );
  }

  const resolve = (node: ParsedNode | null | undefined) =>
    (isAlias(node) && survey.aliases.get(node)) || node;
  const unmergeable = mergeMappings(root, resolve);
  if (unmergeable.length > 0) {
    throw fail(
      unmergeable.map(({ node, message }) => ({
        position: positionOf(node.range[0]),
        message,
      })),
    );
  }

  const find = (path: Path): Found => {
    let found: Found = { value: root };
    for (const step of path) {
      const node = resolve(found.value);
      const next = isMap(node)
        ? node.items.findLast(({ key }) => isScalar(key) && key.value === step)
        : isSeq(node) && typeof step === 'number' && node.items[step]
          ? { value: node.items[step] }
          : undefined;
      if (!next) break;
      found = next as Found;
    }
    return found;
  };
  const start = (node: ParsedNode | null | undefined) => positionOf(node?.range[0] ?? 0);

  return {
    value: toValue(document, () => fail([{ position: start(root), message: TOO_MANY_ALIASES }])),
    repeatedKeys: survey.repeatedKeys.map(({ path, key }) => ({ path, position: start(key) })),
    valueAt: (path) => start(resolve(find(path).value)),
    keyAt: (path) => start(find(path).key),
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

/** Whether a key merges another mapping: `<<`, unless it is quoted. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

interface MergeMistake {
  readonly node: ParsedNode;
  readonly message: string;
}

/** Nodes that a text may have once everything is merged. */
const MAX_NODES = 100_000;

/**
 * Puts the pairs that a mapping merges in the place of its merge key, in the document itself. Each pair keeps the
 * position where it was written.
 * @returns what cannot be merged.
 */
function mergeMappings(
  root: ParsedNode | null,
  resolve: (node: ParsedNode | null) => ParsedNode | null | undefined,
): readonly MergeMistake[] {
  const mistakes: MergeMistake[] = [];
  const sizes = new Map<ParsedNode, number>();
  const underWay = new Set<ParsedNode>();
  const sizeOf = (node: ParsedNode | null): number => {
    if (node === null || isAlias(node) || isScalar(node)) return 1;
    const known = sizes.get(node);
    if (known !== undefined) return known;
    underWay.add(node);
    if (isMap(node)) merge(node);
    const children = isMap(node) ? node.items.map(({ value }) => value) : node.items;
    const size = (children as (ParsedNode | null)[]).reduce((sum, child) => sum + sizeOf(child), 1);
    underWay.delete(node);
    sizes.set(node, size);
    return size;
  };
  const merge = (node: YAMLMap.Parsed): void => {
    const own = node.items.filter(({ key }) => !isMergeKey(key));
    if (own.length === node.items.length) return;
    const names = new Set(own.map(({ key }) => nameOf(key)));
    // In the place of the key: an alias has to come after its anchor.
    node.items = node.items.flatMap((pair) => {
      if (!isMergeKey(pair.key)) return [pair];
      return sourcesOf(pair.key, pair.value).flatMap((source) => {
        sizeOf(source);
        return source.items.filter(({ key }) => {
          const isNew = !names.has(nameOf(key));
          names.add(nameOf(key));
          return isNew;
        });
      });
    });
  };
  const sourcesOf = (key: ParsedNode, value: ParsedNode | null): YAMLMap.Parsed[] => {
    const named = resolve(value);
    return (isSeq(named) ? (named.items as ParsedNode[]) : [value]).flatMap((item) => {
      const source = resolve(item);
      if (isMap(source) && !underWay.has(source)) return [source as YAMLMap.Parsed];
      const message = isMap(source)
        ? 'this merges a mapping into itself'
        : '<< merges a mapping, such as *name, or a list of mappings';
      mistakes.push({ node: item ?? key, message });
      return [];
    });
  };
  if (sizeOf(root) > MAX_NODES && root) {
    mistakes.push({ node: root, message: TOO_MANY_ALIASES });
  }
  return mistakes;
}

/** A key's text. The parser has reported keys that are not text. */
function nameOf(key: unknown): string {
  return (key as Scalar<string>).value;
}

const TOO_MANY_ALIASES = 'its aliases stand for too much; write the values out';

function toValue(document: Document.Parsed, tooMany: () => PolicyError): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // Every alias has its anchor, as was checked before: so they expand to too much.
    if (error instanceof ReferenceError) throw tooMany();
    throw error;
  }
}

interface Survey {
  repeatedKeys: { path: Path; key: ParsedNode }[];
  lostAliases: ParsedNode[];
  /** Each with what it stands for: found once, since the search goes through the whole text. */
  aliases: Map<unknown, ParsedNode>;
}

/** Walks what is written, without following aliases: they may lead in circles. */
function surveyNode(
  document: Document.Parsed,
  node: ParsedNode | null,
  path: Path,
  survey: Survey = { repeatedKeys: [], lostAliases: [], aliases: new Map() },
): Survey {
  if (isAlias(node)) {
    const named = node.resolve(document) as ParsedNode | undefined;
    if (named) survey.aliases.set(node, named);
    else survey.lostAliases.push(node as ParsedNode);
  } else if (isSeq(node)) {
    node.items.forEach((item, i) => {
      surveyNode(document, item as ParsedNode, [...path, i], survey);
    });
  } else if (isMap(node)) {
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      const name = nameOf(key);
      const here = [...path, name];
      if (seen.has(name)) survey.repeatedKeys.push({ path: here, key: key as ParsedNode });
      seen.add(name);
      surveyNode(document, value as ParsedNode | null, here, survey);
    }
  }
  return survey;
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
