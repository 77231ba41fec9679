import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { copyProject } from '../stack/project.ts';
import { readZip } from '../zip.ts';

/** The function as it is deployed, unzipped, with an empty handler beside it. */
export interface Packaged {
  readonly folder: string;
  /** Bytes of the zip, source maps aside. */
  readonly zipBytes: number;
  remove(): Promise<void>;
}

const EMPTY = `
import fetch from 'node-fetch';
export const handler = async () => { await fetch(process.env.BENCH_URL); };
`;

/** Makes the package with the framework, as a deployment does. */
export async function packageFunction(): Promise<Packaged> {
  const project = await copyProject();
  const { folder, files } = await project.package('prod');
  const archive = files.find((name) => name.endsWith('.zip'));
  if (archive === undefined) throw new Error('serverless package made no zip');
  const entries = readZip(await readFile(join(folder, archive)));
  const unzipped = join(project.folder, 'unzipped');
  for (const { name, content } of entries) {
    await mkdir(join(unzipped, dirname(name)), { recursive: true });
    await writeFile(join(unzipped, name), content);
  }
  await build({
    stdin: { contents: EMPTY, resolveDir: process.cwd() },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minify: true,
    keepNames: true,
    mainFields: ['module', 'main'],
    outfile: join(unzipped, 'empty.mjs'),
    logLevel: 'warning',
  });
  const deployed = entries.filter(({ name }) => !name.endsWith('.map'));
  return {
    folder: unzipped,
    zipBytes: deployed.reduce((sum, { packedSize }) => sum + packedSize, 0),
    remove: () => project.remove(),
  };
}
