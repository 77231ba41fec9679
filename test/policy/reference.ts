import { policyJsonSchema } from '../../lib/policy/schema.ts';

/** A mapping of the JSON Schema, as far as the reference shows it. */
interface Mapping {
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Mapping>>;
  readonly required?: readonly string[];
  readonly items?: Mapping;
  readonly enum?: readonly string[];
  /** One value, or a list of them. */
  readonly anyOf?: readonly Mapping[];
  readonly default?: unknown;
}

const schema = policyJsonSchema() as Mapping;

/** The policy reference of docs/policy.md, from the schema's descriptions. */
export function policyReference(): string {
  const defaults = at('defaults');
  const inherited = Object.keys(defaults.properties ?? {});
  return [
    section('The top level', schema),
    section('`defaults`, and every target', defaults),
    section('`limits`', at('defaults', 'limits')),
    section('A target: these, and all of `defaults`', at('targets'), inherited),
    section('`credentials`', at('targets', 'credentials')),
    section('`agency`', at('targets', 'credentials', 'agency')),
    section('`instances`', at('targets', 'instances')),
    section('`requests`', at('targets', 'requests')),
    section('A rule', at('targets', 'rules')),
    section('`match`', at('targets', 'rules', 'match')),
  ].join('\n');
}

function at(...path: readonly string[]): Mapping {
  return path.reduce<Mapping>((mapping, key) => {
    const value = mapping.properties?.[key];
    if (!value) throw new Error(`the schema has no ${path.join('.')}`);
    return value.items ?? value;
  }, schema);
}

function section(
  title: string,
  { properties = {}, required = [] }: Mapping,
  without: readonly string[] = [],
): string {
  const rows = Object.entries(properties)
    .filter(([key]) => !without.includes(key))
    .map(([key, { description = '', examples = [], ...more }]) => {
      const must = required.includes(key) ? '**Required.** ' : '';
      const allowed = more.enum ?? more.anyOf?.[0]?.enum;
      const values = allowed ? ` One of ${allowed.join(', ')}.` : '';
      const usual = typeof more.default === 'number' ? ` ${more.default} when absent.` : '';
      const example = JSON.stringify(examples[0]).replaceAll('|', '\\|');
      return `| \`${key}\` | ${must}${description}${values}${usual} | \`${example}\` |`;
    });
  return [
    `### ${title}`,
    '',
    '| key | meaning | example |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
