import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser with a profile of its own, to be closed. */
export interface Browser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** Starts this machine's chromium; where it has none, or it does not start: the reason. */
export async function startBrowser(): Promise<Browser | string> {
  const executablePath = CANDIDATES.find(existsSync);
  if (!executablePath) return `no chromium is installed (${CANDIDATES.join(', ')})`;
  const profile = await mkdtemp(join(tmpdir(), 'task-janitor-browser-'));
  const forget = () => rm(profile, { recursive: true, force: true, maxRetries: 5 });
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      args: ARGUMENTS,
      timeout: 20_000,
    });
    const close = async () => {
      await context.close();
      await forget();
    };
    return { context, close };
  } catch (error) {
    await forget();
    return `${executablePath} does not start: ${String(error).split('\n')[0]}`;
  }
}
