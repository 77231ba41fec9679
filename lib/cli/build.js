// Bundles the command line into dist/, for every Node that package.json allows: those before 22.18 do
// not run TypeScript.
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: { 'task-janitor': 'lib/cli/main.ts' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  splitting: true,
  outdir: 'dist',
  chunkNames: '[name]-[hash]',
  logLevel: 'warning',
});

// `npx --no-install task-janitor` in a clone looks for the command here, and npm links no package into itself.
await mkdir('node_modules/.bin', { recursive: true });
const link = 'node_modules/.bin/task-janitor';
await rm(link, { force: true });
if (process.platform === 'win32') {
  await writeFile(`${link}.cmd`, '@node "%~dp0\\..\\..\\dist\\task-janitor.js" %*\r\n');
} else await symlink('../../dist/task-janitor.js', link);
