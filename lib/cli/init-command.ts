import { createTransport } from '../http/transport.ts';
import { Accounts } from '../identity/accounts.ts';
import { credentialsSource } from '../identity/credentials-source.ts';
import { counted } from '../model/summary.ts';
import { loadPolicy } from '../policy/load.ts';
import { readCredentials } from './examine-target.ts';
import { findInstances } from './find-instances.ts';
import { firstPolicy } from './first-policy.ts';
import { type InitOptions, readAnswers } from './init-questions.ts';
import { type CheckLine, EXIT, type Io, print, printCheck } from './io.ts';
import { checkIsNew, DEFAULT_POLICY, writePolicyFile } from './policy-file.ts';
import { renewableWindow } from './renewable-window.ts';

/**
 * Finds instances and writes a first policy for them, which only reports. Changes nothing on any server.
 * @returns 0, or 1 where something could not be looked at; the policy then has the rest.
 * @throws {UsageError} when an answer is missing or cannot be used, or the file is there already.
 */
export async function initCommand(options: InitOptions, io: Io): Promise<number> {
  const { output } = options;
  // Checked before the questions, so that nobody answers them for nothing. Writing checks it again.
  checkIsNew(output);
  const answers = await readAnswers(options, io);
  const { cloud, endpoint, credentials } = answers;
  let failures = 0;
  const report = (line: CheckLine) => {
    printCheck(io, line);
    if (line.outcome === 'failed') failures += 1;
  };
  const transport = createTransport(io.clock);
  const window = renewableWindow(io.clock);
  const accounts = new Accounts({
    sourceOf: (reference) => credentialsSource(reference, io.env),
    transport,
    clock: io.clock,
    random: Math.random,
    window,
    warn: (text) => report({ name: 'credentials', outcome: 'warning', text }),
  });
  window.renew();
  if (!(await readCredentials(accounts.credentialsOf(answers), report))) return EXIT.failed;
  const found = await findInstances(answers, {
    accounts,
    window,
    transport,
    clock: io.clock,
    random: Math.random,
    report,
  }).finally(() => transport.close());
  if (found.length === 0) {
    const next = failures > 0 ? 'See above what failed.' : 'Try another region or service.';
    print(io, `No instance was found, so no policy was written. ${next}`);
    return EXIT.failed;
  }
  const named = output === DEFAULT_POLICY ? '' : ` --policy ${forShell(output)}`;
  const text = firstPolicy({ cloud, found, credentials, endpoint, named });
  loadPolicy(text, output);
  await writePolicyFile(output, text);
  const instances = found.reduce((sum, each) => sum + each.instances.length, 0);
  const what = `${counted(found.length, 'target')}, ${counted(instances, 'instance')}`;
  io.out('\n');
  print(io, `Wrote ${output}: ${what}. It only reports until dryRun is false. Next:`);
  io.out(['', ...NEXT.map((command) => `  task-janitor ${command}${named}`), ''].join('\n'));
  return failures === 0 ? EXIT.complete : EXIT.failed;
}

const NEXT = ['validate', 'plan'];

/** A word as it is typed into a shell. */
function forShell(word: string): string {
  return /^[\w./:\\@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
