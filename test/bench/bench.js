// Bundles the benchmark and its child processes, for every Node that package.json allows, and runs it.
import { rm } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

// Under node_modules, so that what is imported is found from there.
const outdir = 'node_modules/.cache/task-janitor-bench';

await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: ['test/bench/main.ts', 'test/bench/child.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  splitting: true,
  outdir,
  logLevel: 'warning',
});
await (await import(pathToFileURL(`${outdir}/main.js`).href)).main();
