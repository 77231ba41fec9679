import { type } from './fake-io.ts';

/** An option, as the help shows it. */
export interface Shown {
  readonly names: readonly string[];
  readonly value: string | undefined;
  readonly description: string;
}

/** The rows under a heading of a help, each as what is on its left and on its right. */
export function rowsOf(help: string, heading: string): (readonly [string, string])[] {
  const [, rows = ''] = new RegExp(`^${heading}:\n((?: +.*\n)*)`, 'm').exec(help) ?? [];
  return [...rows.replaceAll(/\n {4,}/g, ' ').matchAll(/^ {2}(\S.*?) {2,}(.*)$/gm)].map(
    ([, left, right]) => [left as string, right as string],
  );
}

async function optionsOf(command: string): Promise<Shown[]> {
  const { stdout } = await type(`${command} --help`);
  return rowsOf(stdout, 'Options').map(([flags, description]) => ({
    names: flags.match(/(?<!\S)--?[\w-]+/g) ?? [],
    value: /<(.*)>/.exec(flags)?.[1],
    description: description.replace(/ \((default|choices): .*\)$/, ''),
  }));
}

const { stdout: overview } = await type('--help');
/** Each command, with its description. */
export const commands = rowsOf(overview, 'Commands').map(
  ([left, description]) => [left.split(' ')[0] as string, description] as const,
);
/** By the commands, and those of the program itself. Commander's "help" has no options. */
export const options = new Map(
  await Promise.all(
    ['', ...commands.map(([name]) => name).filter((name) => name !== 'help')].map(
      async (name) => [name, await optionsOf(name)] as const,
    ),
  ),
);
