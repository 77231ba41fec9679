// Bundles the benchmark's processes, for every Node that package.json allows, and runs it.
import { rm } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

// Under node_modules, so that what is imported is found from there.
const OUTPUT = 'node_modules/.cache/task-janitor-bench';

await rm(OUTPUT, { recursive: true, force: true });
await build({
  entryPoints: ['main', 'emulator-process', 'contestant-process', 'watch-memory'].map(
    (name) => `test/bench/${name}.ts`,
  ),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  splitting: true,
  outdir: OUTPUT,
  chunkNames: '[name]-[hash]',
  logLevel: 'warning',
});
await import(pathToFileURL(`${OUTPUT}/main.js`).href);
