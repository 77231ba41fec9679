import { describe, expect, test } from '@jest/globals';
import { policyJsonSchema } from '../../lib/policy/schema.ts';

interface Node {
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: unknown;
  readonly items?: Node;
}

function* keysOf(node: Node, path = ''): Generator<[path: string, node: Node]> {
  for (const [key, value] of Object.entries(node.properties ?? {})) {
    yield [path + key, value];
    yield* keysOf(value, `${path}${key}.`);
  }
  if (node.items) yield* keysOf(node.items, `${path.slice(0, -1)}[].`);
}

describe('the JSON Schema', () => {
  const keys = [...keysOf(policyJsonSchema() as Node)];

  test('has every key of the design', () => {
    const paths = keys.map(([path]) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'version',
        'dryRun',
        'defaults.limits.deletePercent',
        'targets[].requests.timeout',
        'targets[].rules[].match.users',
      ]),
    );
    expect(paths.filter((path) => path.startsWith('targets[].')).length).toBeGreaterThan(30);
  });

  test.each(keys)('says what %s means, with an example', (_, { description, examples }) => {
    expect(description).toMatch(/\.$/);
    expect(examples?.length).toBeGreaterThan(0);
  });

  test('has no mapping that takes unknown keys', () => {
    const mappings = keys.filter(([, node]) => node.properties);
    expect(mappings.map(([, node]) => node.additionalProperties)).toEqual(
      mappings.map(() => false),
    );
  });
});
