import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** Where and with what a run of the benchmark was made. */
export interface Machine {
  /** ISO 8601, the day alone. */
  readonly date: string;
  /** The commit that was measured, shortened; with `+` where files had been changed since. */
  readonly commit: string;
  readonly node: string;
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  /** Versions of what is compared. */
  readonly packages: Readonly<Record<string, string>>;
}

const PACKAGES = [
  'node-fetch',
  'p-limit',
  '@huaweicloud/huaweicloud-sdk-core',
  '@huaweicloud/huaweicloud-sdk-kafka',
  'esbuild',
];

export function describeMachine(): Machine {
  const cpus = os.cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    node: process.version,
    system: `${os.type()} ${os.arch()}`,
    processor: cpus[0]?.model.trim() || 'unknown processor',
    cores: cpus.length,
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
  };
}

function versionOf(name: string): string {
  return JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version;
}

function commit(): string {
  const git = (...words: string[]) => execFileSync('git', words, { encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'lib', 'functions', 'test', 'package.json');
    return git('rev-parse', '--short', 'HEAD') + (changed ? '+' : '');
  } catch {
    return 'unknown (no git)';
  }
}

/** In one sentence. */
export function machineLine({ processor, cores, memoryGb, system, node }: Machine): string {
  return `${processor}, ${cores} cores, ${memoryGb} GB, ${system}, Node ${node}`;
}
