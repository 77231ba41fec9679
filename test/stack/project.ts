import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The template that CloudFormation gets, as far as tests look at it. */
export interface Template {
  readonly Resources: Record<string, Resource>;
  readonly Outputs: Record<string, unknown>;
}
export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each type of resource has other properties
  readonly Properties: any;
}

/** A copy of what is deployed, so that packaging it disturbs nobody and its files may be broken. */
export interface Project {
  readonly folder: string;
  /** Writes a file of the copy. */
  write(name: string, content: string | Uint8Array): Promise<void>;
  /** `serverless package`; throws what it prints when it fails. */
  package(stage: string, ...params: string[]): Promise<Packaged>;
  remove(): Promise<void>;
}
export interface Packaged {
  readonly folder: string;
  readonly files: string[];
  readonly template: Template;
}

const DEPLOYED = ['serverless.yml', 'retention.yml', 'package.json', 'functions', 'lib'];

export async function copyProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'task-janitor-stack-'));
  for (const name of DEPLOYED) await cp(name, join(folder, name), { recursive: true });
  await symlink(resolve('node_modules'), join(folder, 'node_modules'), 'junction');
  return {
    folder,
    write: (name, content) => writeFile(join(folder, name), content),
    package: async (stage, ...params) => {
      const output = await mkdtemp(join(folder, 'package-'));
      const options = params.map((param) => `--param=${param}`);
      await serverless(folder, ['package', '--stage', stage, '--package', output, ...options]);
      const text = await readFile(
        join(output, 'cloudformation-template-update-stack.json'),
        'utf8',
      );
      return { folder: output, files: await readdir(output), template: JSON.parse(text) };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The framework's command line. */
export function serverless(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const script = resolve('node_modules/serverless/bin/serverless.js');
  return new Promise((done, fail) => {
    const child = execFile(
      process.execPath,
      [script, ...args],
      { cwd, env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        if (error) fail(new Error(`${stdout}${stderr}`));
        else done(`${stdout}${stderr}`);
      },
    );
    // Nobody answers what it may ask.
    child.stdin?.end();
  });
}
