import type { Transport } from '../../lib/http/transport.ts';
import { secretSource } from '../../lib/identity/secret.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { jsonLine } from '../../lib/model/text.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { openRecordsFile } from '../../lib/records/records-file.ts';
import { observeAll } from '../../lib/run/observer.ts';
import { run } from '../../lib/run/run.ts';
import { RunFailedError } from '../../lib/run/run-failed-error.ts';
import { logObserver } from '../../lib/telemetry/log-observer.ts';
import { createLogger } from '../../lib/telemetry/logger.ts';
import { collectDecisions } from '../../lib/view/decisions.ts';
import { renderHtml } from '../../lib/view/html/html.ts';
import { letterOf } from '../../lib/view/letter.ts';
import { planReport } from '../../lib/view/terminal/plan-report.ts';
import { renderSummary } from '../../lib/view/terminal/render-summary.ts';
import { NO_TERMINAL } from '../../lib/view/terminal/terminal.ts';
import { type Exchange, immediate, Wire } from '../chaos/wire.ts';
import { FakeClock } from '../fake-clock.ts';
import { policyOf, retentionKeys } from '../policies.ts';
import { Dice, FOREIGN, KEY, PROJECT, REGION, type Story, TOKEN, USER } from './estate.ts';
import type { SecretKeeper } from './secret-keeper.ts';
import { type Liar, startLiar } from './server.ts';

const SECRET = 'task-janitor/liar';
const SENDER = { stage: 'prod', dashboard: 'https://dashboard', runbook: 'docs/runbook.md' };

/** One event of a run; events are ordered as the client can notice them. */
export interface Event {
  readonly kind: 'sent' | 'ended';
  readonly exchange: Exchange;
}

/** One run of a story, and all that there is to judge it by. */
export interface Played {
  readonly story: Story;
  readonly summary: Summary;
  readonly liar: Liar;
  readonly events: readonly Event[];
  readonly startedAt: number;
  readonly finishedAt: number;
  /** All that was said, by whom it was said to. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Texts that the run must keep secret. */
  readonly secrets: readonly string[];
}

/** Plays a story, and hands what came of it to `judge`. */
export async function play(
  story: Story,
  keeper: SecretKeeper | undefined,
  judge: (played: Played) => void,
): Promise<void> {
  const clock = new FakeClock();
  const wire = new Wire(clock);
  const transport: Transport = wire.transport(0);
  const liar = await startLiar(story, wire, clock.now);
  const events: Event[] = [];
  wire.beforeSending = async (exchange) => {
    events.push({ kind: 'sent', exchange });
  };
  wire.ended = (exchange) => events.push({ kind: 'ended', exchange });
  const policy = loadPolicy(JSON.stringify(storyPolicy(story, liar.url)), 'policy');
  const decisions = collectDecisions();
  const terminal = NO_TERMINAL;
  const plan = planReport({ policy, keepFor: undefined, verbose: true, terminal });
  let records = '';
  const recordsFile = openRecordsFile('-', 'hash', {
    out: (text) => {
      records += text;
    },
    unread: () => 0,
  });
  const logged: string[] = [];
  // Only requests take simulated time; reading credentials takes none.
  const reading = new Set<Promise<unknown>>();
  const credentials = story.user ? USER : KEY;
  let areKnown = !story.inSecret;
  const readSecret = async () => {
    areKnown = keeper?.lieFor(story, credentials) ?? false;
    const read = secretSource(SECRET, process.env).read();
    reading.add(read);
    try {
      return await read;
    } finally {
      reading.delete(read);
    }
  };
  const startedAt = clock.now();
  try {
    const running = run(
      policy,
      {},
      {
        runId: 'run-1',
        trigger: 'manual',
        clock,
        random: new Dice(story.seed).next,
        transport,
        openArchive: () => ({ write: async () => 'archived' }),
        credentials: () => ({
          name: story.inSecret ? `secret ${SECRET}` : 'the test',
          read: story.inSecret ? readSecret : async () => credentials,
        }),
        deadline: story.deadline === undefined ? undefined : clock.monotonic() + story.deadline,
        observer: observeAll([
          logObserver(
            createLogger((line) => logged.push(line)),
            'run-1',
            clock,
          ),
          decisions.observer,
          plan.observer,
          recordsFile.observer,
        ]),
      },
    );
    const summary = await clock.settle(running, async () => {
      while (reading.size > 0) await Promise.allSettled([...reading]);
      await wire.quiet();
    });
    recordsFile.finish(summary.totals.listed);
    const report = {
      summary,
      decisions,
      policy,
      policyFile: { name: '', text: '' },
      options: [],
    };
    judge({
      story,
      summary,
      liar,
      events,
      startedAt,
      finishedAt: clock.now(),
      outputs: {
        json: jsonLine(summary),
        log: logged.join('').replaceAll('\n', ' '),
        terminal: renderSummary(summary, { terminal }).replaceAll('\n', ' '),
        plan: plan.render(summary).replaceAll('\n', ' '),
        records: records.replaceAll('\n', ' '),
        letter: (letterOf(summary, SENDER)?.text ?? '').replaceAll('\n', ' '),
        error: new RunFailedError(summary).message,
        // It takes longer than the run.
        html: story.seed % 10 === 0 ? renderHtml(report).replaceAll('\n', ' ') : '',
      },
      secrets: [
        ...(!areKnown ? [] : story.user ? [USER.password] : [KEY.secretKey, KEY.securityToken]),
        // Not where a header was there twice, and both are the token.
        ...[...liar.tokens].filter((token) => /^\d+$/.test(token.replace(TOKEN, ''))),
      ],
    });
    transport.close();
    for (let turn = 0; liar.connections() > 0 && turn < 1_000; turn += 1) await immediate();
    if (liar.connections() > 0) throw new Error(`${liar.connections()} connections are left open`);
  } finally {
    transport.close();
    await liar.close();
  }
}

function storyPolicy(story: Story, url: string): object {
  const { instances, retention, requests, deletions, dryRun } = story;
  const targets = [...new Set(instances.map(({ service }) => service))].map((service) => ({
    name: service,
    cloud: 'huaweicloud',
    service,
    region: REGION,
    ...(!story.looksUpProject && { projectId: PROJECT }),
    endpoint: url,
    iamEndpoint: url,
    instances: { exclude: [`${FOREIGN}*`] },
    requests,
    // Lies are added at the end of a name.
    ...retentionKeys(retention, '*'),
    ...(deletions !== undefined && { limits: { deletions } }),
  }));
  return policyOf(targets, { dryRun });
}
