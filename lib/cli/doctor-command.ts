import { systemClock } from '../http/clock.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { noteClocks } from '../http/noting-transport.ts';
import { createTransport } from '../http/transport.ts';
import { credentialsSource } from '../identity/credentials-source.ts';
import { CredentialsStore } from '../identity/credentials-store.ts';
import { SERVICES } from '../model/services.ts';
import { counted } from '../model/summary.ts';
import { visible } from '../model/text.ts';
import { openEndpoints } from '../run/run.ts';
import { wrap } from '../view/terminal/wrap.ts';
import { checkLine } from './check-line.ts';
import { examineTarget } from './examine-target.ts';
import { EXIT, type Io } from './io.ts';
import { readPolicyFile } from './policy-file.ts';

/**
 * Checks for each target whether a run could work. Deletes nothing.
 * @returns 0 when all is well, 1 when something is not.
 * @throws {UsageError} or {PolicyError} when the policy cannot be used.
 */
export async function doctorCommand(file: string, io: Io): Promise<number> {
  const { targets } = await readPolicyFile(file);
  const clock = systemClock;
  const transport = noteClocks(createTransport(clock), clock);
  const random = Math.random;
  const endpoints = openEndpoints(targets, { transport, clock, random });
  const permissions = new Set<string>();
  // What fails in the same way everywhere, such as credentials that are missing, is said once.
  const said = new Map<string, string>();
  let failures = 0;
  try {
    for (const target of targets) {
      const { name, cloud, service, region } = target;
      print(`${name}  (${cloud} ${service} ${region})`);
      await examineTarget({
        target,
        credentials: new CredentialsStore(credentialsSource(target.credentials, io.env)),
        endpoint: endpoints.get(target) as Endpoint,
        transport,
        clock,
        random,
        report: (check) => {
          const failed = check.outcome === 'failed';
          const before = failed && said.get(check.text);
          io.out(checkLine(before ? { ...check, text: `as for ${before}` } : check));
          if (!failed) return;
          if (!before) said.set(check.text, name);
          failures += 1;
        },
      });
      permissions.add(`${SERVICES[service].host}:instance:deleteBackgroundTask`);
      io.out('\n');
    }
  } finally {
    transport.close();
  }
  const verdict = failures === 0 ? 'All is well' : `${counted(failures, 'check')} failed`;
  print(
    `${verdict}. Nothing was deleted; whether ${[...permissions].join(' and ')} is granted shows only when a run deletes.`,
  );
  return failures === 0 ? EXIT.complete : EXIT.failed;

  function print(text: string): void {
    io.out(`${wrap('', visible(text)).join('\n')}\n`);
  }
}
