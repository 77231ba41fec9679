import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { devNull } from 'node:os';
import { promisify } from 'node:util';
import { AWS_KEYS } from '../environment.ts';

export const REGION = 'eu-central-1';
/** moto's. */
export const ACCOUNT = '123456789012';

/** A moto server: an account of AWS, as far as moto has one. */
export interface Account {
  readonly url: string;
  /** Environment variables that make the AWS CLI and SDK ask only here. */
  readonly env: Readonly<Record<string, string>>;
  /** The AWS CLI. @returns its JSON; nothing where it prints none. @throws with what it says. */
  aws<T = never>(...args: string[]): Promise<T>;
  close(): Promise<void>;
}

/** Environment variables that make the AWS CLI and SDK ask only at one address. */
export function environmentOf(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    ...AWS_KEYS,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_PAGER: '',
    NO_PROXY: '127.0.0.1,localhost',
    // Milliseconds between two looks of the framework at its stack: moto is done at once.
    SLS_AWS_MONITORING_FREQUENCY: '200',
  };
}

/**
 * Starts one on a free port.
 * @param machines makes it run state machines: with the functions behind one URL, and every other
 * service behind another port of this machine.
 */
export async function openAccount(machines?: {
  functions: string;
  services: string;
}): Promise<Account> {
  const port = await freePort();
  const args = ['test/aws/moto_server.py', String(port)];
  if (machines) args.push('--functions', machines.functions);
  const server = spawn('python3', args, {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: {
      ...process.env,
      ...(machines && { MOTO_PORT: new URL(machines.services).port }),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  const exited = once(server, 'exit');
  await listening(server);
  const url = `http://127.0.0.1:${port}`;
  const env = environmentOf(url);
  return {
    url,
    env,
    aws: async (...args) => {
      // Not every service of every version reads the address from the environment.
      const options = ['--endpoint-url', url, '--output', 'json'];
      const { stdout } = await promisify(execFile)('aws', [...options, ...args], {
        env: { ...process.env, ...env },
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout.trim() === '' ? undefined : JSON.parse(stdout);
    },
    close: async () => {
      server.kill('SIGKILL');
      await exited;
    },
  };
}

/** Waits for the line that tells it; throws all that was said where none comes. */
function listening(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr?.on('data', (chunk) => {
      if (said.length < 100_000) said += chunk;
      if (said.includes('Running on http')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`moto did not start:\n${said}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
