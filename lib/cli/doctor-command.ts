import type { Endpoint } from '../http/endpoint.ts';
import { noteClocks } from '../http/noting-transport.ts';
import { createTransport } from '../http/transport.ts';
import { Accounts } from '../identity/accounts.ts';
import { credentialsSource } from '../identity/credentials-source.ts';
import { SERVICES } from '../model/services.ts';
import { counted } from '../model/summary.ts';
import { type Claim, findOverlaps } from '../run/overlap.ts';
import { openEndpoints } from '../run/run.ts';
import { type Check, examineTarget } from './examine-target.ts';
import { EXIT, type Io, print, printCheck } from './io.ts';
import { readPolicyFile } from './policy-file.ts';
import { renewableWindow } from './renewable-window.ts';

/**
 * Checks for each target whether a run could work. Deletes nothing.
 * @returns 0 when all is well, 1 when something is not.
 * @throws {UsageError} or {PolicyError} when the policy cannot be used.
 */
export async function doctorCommand(file: string, io: Io): Promise<number> {
  const policy = await readPolicyFile(file);
  const { clock } = io;
  const transport = noteClocks(createTransport(clock), clock);
  const random = Math.random;
  const endpoints = openEndpoints(policy.targets, { transport, clock, random });
  const permissions = new Set<string>();
  // A failure that is the same everywhere, such as missing credentials, is reported in full only once.
  const said = new Map<string, string>();
  const found = { failed: 0, warning: 0, ok: 0, skipped: 0 };
  let warn = (_: string): void => {};
  const window = renewableWindow(clock);
  const accounts = new Accounts({
    sourceOf: (reference) => credentialsSource(reference, io.env),
    transport,
    clock,
    random,
    window,
    warn: (text) => warn(text),
  });
  const claims = new Map<Endpoint, readonly Claim[]>();
  try {
    for (const target of policy.targets) {
      const { name, cloud, service, region } = target;
      print(io, `${name}  (${cloud} ${service} ${region})`);
      const report = (check: Check) => {
        found[check.outcome] += 1;
        const failed = check.outcome === 'failed';
        const before = failed && said.get(check.text);
        const line = before ? { ...check, text: `the same as for ${before}` } : check;
        printCheck(io, line);
        if (failed && !before) said.set(check.text, name);
      };
      warn = (text) => report({ name: 'credentials', outcome: 'warning', text });
      window.renew();
      const endpoint = endpoints.get(target) as Endpoint;
      const options = { target, accounts, window, endpoint, transport, clock, report };
      const claimed = await examineTarget(options);
      claims.set(endpoint, [...(claims.get(endpoint) ?? []), ...claimed]);
      permissions.add(`${SERVICES[service].host}:instance:deleteBackgroundTask`);
      io.out('\n');
    }
    const overlaps: string[] = [];
    for (const here of claims.values()) {
      window.renew();
      overlaps.push(...(await findOverlaps({ policy, clock, accounts }, here)));
    }
    found.failed += overlaps.length;
    printOverlaps(overlaps, io);
  } finally {
    transport.close();
  }
  print(
    io,
    `${verdictOn(found)}. Nothing was deleted. Only a run that deletes shows whether ${[...permissions].join(' and ')} ${permissions.size > 1 ? 'are' : 'is'} granted.`,
  );
  return found.failed === 0 ? EXIT.complete : EXIT.failed;
}

/** Instances that two targets select are shown up to this number. */
const MOST_OVERLAPS = 10;

function printOverlaps(overlaps: readonly string[], io: Io): void {
  if (overlaps.length === 0) return;
  print(io, 'all targets together');
  const more = overlaps.length - MOST_OVERLAPS;
  const texts = [
    ...overlaps.slice(0, MOST_OVERLAPS),
    ...(more > 0 ? [`and ${counted(more, 'instance')} more that two targets select`] : []),
  ];
  for (const text of texts) printCheck(io, { name: 'instances', outcome: 'failed', text });
  io.out('\n');
}

function verdictOn({ failed, warning }: Readonly<Record<'failed' | 'warning', number>>): string {
  if (failed > 0) return `${counted(failed, 'check')} failed`;
  const are = warning > 1 ? 'are' : 'is';
  return warning > 0
    ? `Nothing failed, but there ${are} ${counted(warning, 'warning')}`
    : 'All is well';
}
