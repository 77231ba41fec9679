// Bundles the benchmark and its contestants, for every Node that package.json allows, and runs it.
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

// Under node_modules, so that what is imported is found from there.
const outdir = 'node_modules/.cache/task-janitor-bench';

await build({
  entryPoints: ['main', 'ours', 'rivals'].map((name) => `test/bench/${name}.ts`),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  outdir,
  logLevel: 'warning',
});
await import(pathToFileURL(`${outdir}/main.js`).href);
