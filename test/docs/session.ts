import { spawn, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  DEMO_ACCESS_KEY,
  DEMO_PROJECT_ID,
  type Emulator,
  startEmulator,
} from '../../lib/emulator/index.ts';
import { DEMO_ENV, type Ended } from '../cli/fake-io.ts';
import { cachePolicy } from '../policies.ts';
import { expired, fresh } from '../records.ts';
import { startSecretsManager } from '../secrets-manager.ts';
import { PROGRAMS } from './programs.ts';

/** A record that pages name. */
export const NAMED_RECORD = 'ff808081818f0a1b018190c2d3e4f501';

/** Programs that a page may run for real: they touch nothing but files of their folder and home. */
const REAL = ['cat', 'diff', 'flock', 'grep', 'gzip', 'jq', 'mkdir', 'sh', 'sort', 'zcat'];
const DEMO_PLACE = ['huaweicloud', 'eu-west-101', 'dcs'];

/** The path of a program on this machine; nothing where it is not installed. */
export function pathOf(program: string): string | undefined {
  const { stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
  return stdout.trim() || undefined;
}

const SHELL = pathOf('sh') ?? 'sh';

/** The programs of a script that this machine would need and has not. */
export function missingFor(script: string): string[] {
  return REAL.filter((name) => new RegExp(`(^|[ |])${name} `, 'm').test(script)).filter(
    (name) => pathOf(name) === undefined,
  );
}

/** The end of a script, and the calls of programs that only noted what they were asked. */
export interface Played extends Ended {
  readonly calls: readonly string[][];
}

/** One person who follows a page: a folder with files of their own, and an emulator that stands for the cloud. */
export interface Session {
  readonly folder: string;
  readonly emulator: Emulator;
  /** Runs a script of the page in a shell. Its `task-janitor` is the built command. */
  play(script: string, env?: Readonly<Record<string, string>>): Promise<Played>;
  /** Puts instances and policies back as they were in the beginning; with `init`, there is no policy. */
  reset(options?: { readonly init?: boolean }): Promise<void>;
  /** How many records were deleted since then. */
  deleted(): number;
  close(): Promise<void>;
}

export async function openSession(): Promise<Session> {
  const emulator = await startEmulator();
  const secret = { accessKey: DEMO_ACCESS_KEY.accessKey, secretKey: DEMO_ACCESS_KEY.secretKey };
  const secrets = await startSecretsManager({ 'task-janitor/otc': JSON.stringify(secret) });
  const base = await mkdtemp(join(tmpdir(), 'task-janitor-page-'));
  const folder = join(base, 'folder');
  const bin = join(base, 'bin');
  const home = join(base, 'home');
  const notes = join(base, 'calls');
  await mkdir(bin);
  await mkdir(home);
  await writePrograms(bin, emulator.url);

  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  let deletedBefore = 0;
  const session: Session = {
    folder,
    emulator,
    async reset({ init = false } = {}) {
      deletedBefore = emulator.journal.deletedIds().length;
      for (const { id } of emulator.instances()) emulator.removeInstance(id);
      const [named, other, ...more] = expired(3);
      const tasks = [{ ...named, id: NAMED_RECORD }, { ...other }];
      // A policy that init wrote keeps the newest ten, and lets no more than 95 % go.
      const young = Array.from({ length: 12 }, fresh);
      emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: [...tasks, ...young] });
      emulator.addInstance({ service: 'dcs', name: 'huge-1', tasks: [...more, ...young] });
      await mkdir(join(folder, 'examples'), { recursive: true });
      const policy = cachePolicy(emulator.url).replace('name: cache', 'name: prod-cache');
      for (const name of ['retention.yml', 'my-policy.yml']) {
        // init replaces no file.
        if (init) await rm(join(folder, name), { force: true });
        else await write(name, policy);
      }
      await write('credentials', credentialsFile());
      await write('secret.json', JSON.stringify(secret));
      for (const name of await readdir('examples')) {
        const text = await readFile(join('examples', name), 'utf8');
        await write(join('examples', name), onEmulator(text, emulator.url));
      }
    },
    async play(script, env = {}) {
      await rm(notes, { force: true });
      const child = spawn(SHELL, ['-e', '-c', onDemo(script, emulator.url)], {
        cwd: folder,
        env: { ...DEMO_ENV, ...secrets.env, CALLS: notes, HOME: home, PATH: bin, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        stdout += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text) => {
        stderr += text;
      });
      const status = await new Promise<number>((done) =>
        child.once('close', (code) => done(code ?? -1)),
      );
      const noted = await readFile(notes, 'utf8').catch(() => '');
      const calls = noted
        .split('\x1e')
        .filter(Boolean)
        .map((call) => call.split('\0').slice(0, -1));
      return { status, stdout, stderr, calls };
    },
    deleted: () => emulator.journal.deletedIds().length - deletedBefore,
    async close() {
      await emulator.close();
      await secrets.close();
      await rm(base, { recursive: true, force: true });
    },
  };
  await session.reset();
  return session;
}

function credentialsFile(): string {
  return Object.entries(DEMO_ENV)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** A policy of the cloud, with the emulator in its place. */
function onEmulator(policy: string, url: string): string {
  if (policy.includes('projects:')) return policy;
  return policy.replaceAll(
    /^( +)region: .*$/gm,
    (region, indent) =>
      `${region}\n${indent}endpoint: ${url}\n${indent}projectId: ${DEMO_PROJECT_ID}`,
  );
}

/** A script with the values that a page leaves to its reader. */
function onDemo(script: string, url: string): string {
  const { HUAWEICLOUD_SDK_AK: ak, HUAWEICLOUD_SDK_SK: sk } = DEMO_ENV;
  return (
    script
      .replaceAll('http://127.0.0.1:3456', url)
      .replaceAll('--port 3456', '--port 0')
      .replaceAll('SDK_AK=...', `SDK_AK=${ak}`)
      .replaceAll('SDK_SK=...', `SDK_SK=${sk}`)
      .replaceAll(/\bNAME\b/g, 'prod-sessions')
      // In a sentence about the command as such.
      .replace(/ task-janitor$/, ' task-janitor --version')
  );
}

async function writePrograms(bin: string, url: string): Promise<void> {
  const command = resolve('dist/task-janitor.js');
  const node = `${quoted(process.execPath)} --no-warnings`;
  const write = async (name: string, lines: readonly string[]) => {
    await writeFile(join(bin, name), ['#!/bin/sh', ...lines, ''].join('\n'));
    await chmod(join(bin, name), 0o755);
  };
  for (const name of REAL) {
    const path = pathOf(name);
    if (path?.startsWith('/')) await symlink(path, join(bin, name));
  }
  const note = (name: string) =>
    `for word in ${name} "$@"; do printf '%s\\0' "$word"; done >> "$CALLS"; printf '\\036' >> "$CALLS"`;
  for (const name of Object.keys(PROGRAMS)) await write(name, [note(name)]);
  await write('npx', ['if [ "$1" = --no-install ]; then shift; exec "$@"; fi', note('npx')]);
  const [cloud, region, service] = DEMO_PLACE;
  await write('task-janitor', [
    'case "$1" in',
    // Serves until somebody ends it.
    `emulate) exec ${node} ${quoted(resolve('test/docs/until-it-speaks.js'))} ${quoted(command)} "$@" ;;`,
    // Without a terminal it cannot ask.
    `init) case " $* " in *" --cloud "*) ;; *) set -- "$@" --cloud ${cloud} --region ${region} --service ${service} ;; esac`,
    `  case " $* " in *" --endpoint "*) ;; *) set -- "$@" --endpoint ${url} ;; esac ;;`,
    'esac',
    `exec ${node} ${quoted(command)} "$@"`,
  ]);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
