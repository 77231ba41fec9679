import { expect } from '@jest/globals';
import type { InstanceSummary } from '../../lib/model/summary.ts';
import { expectToAddUp } from '../run/world.ts';
import { hasNoId, isOdd } from './estate.ts';
import { type Account, isBad, isIdentity, isTaskList, isThrottled } from './ledger.ts';
import type { Outcome, Played } from './play.ts';
import type { Scenario } from './scenario.ts';
import { EXCHANGE_HEADER } from './wire.ts';
import { expectWrittenToAgree } from './written.ts';

/** The limit of RetryBudget, repeated here on purpose: it is a promise, and must not change unnoticed. */
const BUDGET = 300;

/** All that holds for every run, whatever goes wrong. */
export function judge(scenario: Scenario, outcome: Outcome): void {
  for (const played of outcome.runs) {
    expect(played.ledger.violations).toEqual([]);
    expectToAddUp(played.summary);
    for (const { error, instances, ...target } of played.summary.targets) {
      expect(error?.code).not.toBe('internal');
      for (const instance of instances) {
        expectOutcomeToFit(scenario, instance);
        const account = played.ledger.accounts.get(instance.id);
        if (account) expectReportToBeTrue(scenario, outcome, played, instance, account);
      }
      if (error === undefined) continue;
      expect(target.outcome).toBe(error.code === 'stopped' ? 'incomplete' : 'failed');
    }
    expectWrittenToAgree(scenario, played.summary, played.records, played.written, (id) => [
      ...(played.ledger.accounts.get(id)?.asked.keys() ?? []),
    ]);
    expectToKeepTime(scenario, played);
    expectToKeepWithinBudget(scenario, played);
    for (const secret of outcome.secrets) {
      // Half a secret must not be shown either.
      for (const part of [secret.slice(0, 16), secret.slice(-16)]) {
        expect(played.output).not.toContain(JSON.stringify(part).slice(1, -1));
      }
    }
  }
}

/** Further rules for two runs at once, where it is certain which of them deleted a record. */
export function judgeTogether({ retention }: Scenario, { runs, emulator, before }: Outcome): void {
  // A list that changes while it is read may stay incomplete where two rows have no id: nobody can tell them apart.
  const mayStayIncomplete = [...before.values()].some((rows) => rows.filter(hasNoId).length > 1);
  if (!mayStayIncomplete) {
    for (const { summary } of runs) expect(summary.outcome).toBe('complete');
  }
  for (const { id, tasks } of emulator.instances()) {
    const odd = oddIds(before.get(id) ?? []);
    const expired = new Set(
      runs.flatMap(({ ledger }) => {
        const account = ledger.accounts.get(id);
        return account ? [...ledger.expired(account)] : [];
      }),
    );
    for (const each of odd) expired.delete(String(each));
    const gone = emulator.journal.filter({ deleted: true, instanceId: id });
    const goneIds = gone.map(({ taskId }) => taskId).sort();
    if (retention.keepLast === 0) expect(goneIds).toEqual([...expired].sort());
    else {
      // Records that vanish while a list is read may be among its newest, and each such one keeps one more.
      expect([...expired]).toEqual(expect.arrayContaining(goneIds));
      expect(new Set(goneIds).size).toBe(goneIds.length);
      expect(expired.size - goneIds.length).toBeLessThanOrEqual(goneIds.length);
    }
    expect(tasks().length).toBeGreaterThanOrEqual((before.get(id)?.length ?? 0) - expired.size);
    const reports = runs.flatMap(({ summary }) =>
      summary.targets.flatMap(({ instances }) => instances.filter((one) => one.id === id)),
    );
    expect(reports.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(goneIds.length);
    for (const report of reports) expect(report.deleted + report.alreadyGone).toBe(report.expired);
  }
}

/** Ids of records that hold something that the reference does not know. */
function oddIds(rows: readonly unknown[]): Set<unknown> {
  return new Set(rows.filter(isOdd).map((row) => (row as { id?: unknown } | null)?.id));
}

function expectOutcomeToFit({ dryRun }: Scenario, instance: InstanceSummary): void {
  const { stoppedBy, failed, remaining, expired, errors } = instance;
  expect(JSON.stringify(errors)).not.toContain('internal error');
  const inOrder = [undefined, 'deadline', 'interrupted', 'limit'];
  const wentWrong = failed > 0 || !inOrder.includes(stoppedBy);
  const stoppedEarly = stoppedBy !== undefined;
  expect(instance.outcome).toBe(wentWrong ? 'failed' : stoppedEarly ? 'incomplete' : 'complete');
  if (instance.outcome === 'complete') expect(remaining).toBe(dryRun ? expired : 0);
  if (dryRun) expect(remaining).toBe(expired);
}

/** The report of one instance, against what the emulator really did. */
function expectReportToBeTrue(
  scenario: Scenario,
  { emulator, deeds, before, runs }: Outcome,
  { ledger }: Played,
  report: InstanceSummary,
  account: Account,
): void {
  const instance = emulator.instances().find(({ id }) => id === report.id);
  const live = new Set(
    (instance?.tasks() ?? []).flatMap((row) => (row?.status === 'DELETED' ? [] : [row?.id])),
  );
  const { asked } = account;
  if (scenario.dryRun || report.stoppedBy === 'limit') expect(asked.size).toBe(0);
  const ordinals = new Set(ledger.exchanges.map(({ ordinal }) => String(ordinal)));
  const ours = new Set(
    emulator.journal
      .filter({ deleted: true, instanceId: report.id })
      .filter(({ headers }) => ordinals.has(headers[EXCHANGE_HEADER] ?? ''))
      .map(({ taskId }) => taskId),
  );
  const gone = [...asked].filter(([id]) => !live.has(id));
  const foreign = gone.filter(([id]) => !ours.has(id));
  const unclear = foreign.filter(
    ([, { unclear }]) => unclear || scenario.switches.taskNotFound === 204,
  );
  const confirmed = [...asked].filter(([, { confirmed }]) => confirmed);
  expect(report.deleted + report.alreadyGone).toBeLessThanOrEqual(gone.length);
  expect(report.deleted).toBeLessThanOrEqual(ours.size + unclear.length);
  expect(report.deleted).toBeGreaterThanOrEqual(confirmed.length);
  expect(report.alreadyGone).toBeLessThanOrEqual(foreign.length);

  const { events, ignoresPaging, count } = scenario.misbehaviour;
  const rows = before.get(report.id) ?? [];
  if (report.outcome !== 'complete') return;
  const isQuiet = runs.length === 1 && events.length === 0 && !ignoresPaging && count === 'true';
  const ids = rows.map((row) => (row as { id?: unknown } | null)?.id).filter(Boolean);
  const hasTwins = new Set(ids).size < ids.length;
  if (isQuiet && !hasTwins) expect(report.listed).toBe(rows.length);
  const kinds = events.map(({ kind }) => kind);
  const isCertain =
    !scenario.dryRun &&
    scenario.approvedShare === undefined &&
    !hasTwins &&
    !ignoresPaging &&
    count === 'true' &&
    !deeds.oldOnesAppeared &&
    !kinds.some((kind) => kind.startsWith('finish')) &&
    ((events.length === 0 && runs.length === 1) || scenario.retention.keepLast === 0);
  if (!isCertain) return;
  const odd = oddIds(rows);
  const left = [...(account.allowed ?? ledger.expired(account))].filter(
    (id) => live.has(id) && !odd.has(id),
  );
  expect(left).toEqual([]);
}

/** Nothing is sent, or waited for, when it is too late; and the run ends. */
function expectToKeepTime(scenario: Scenario, played: Played): void {
  const { misbehaviour, stopBeforeEnd = 2_000 } = scenario;
  const { ledger, deadline, interruptedAt, startedAt, finishedAt } = played;
  // Hundreds of answers that say to wait 90 seconds are obeyed, each.
  const refusals = ledger.exchanges.filter(({ answer }) => answer && answer.status >= 400).length;
  const toldToWait = refusals * 1_000 * Math.max(0, Number(misbehaviour.retryAfter) || 0);
  expect(finishedAt - startedAt).toBeLessThanOrEqual(LONGEST_MS + toldToWait);
  for (const { ordinal, method, at, endedAt } of ledger.exchanges) {
    if (interruptedAt !== undefined) expect(ordinal).toBeLessThan(interruptedAt);
    if (deadline === undefined) continue;
    const end = deadline - Math.min(stopBeforeEnd, 500);
    expect(at).toBeLessThanOrEqual(method === 'DELETE' ? deadline - stopBeforeEnd : end);
    // A time-out lasts a millisecond at least.
    expect(endedAt).toBeLessThanOrEqual(Math.max(end, at + 1));
  }
  if (deadline !== undefined) expect(finishedAt).toBeLessThanOrEqual(deadline + 1);
}

/** Of simulated time, besides what the service says to wait. */
const LONGEST_MS = 3 * 3_600_000;

/** A service that fails is asked a few hundred times more than one that works. */
function expectToKeepWithinBudget({ requests, instances }: Scenario, played: Played): void {
  const { exchanges, accounts } = played.ledger;
  const { summary } = played;
  expect(summary.requests.sent).toBe(exchanges.length);
  expect(summary.requests.throttled).toBe(exchanges.filter(isThrottled).length);
  const toIam = exchanges.filter(isIdentity);
  const toService = exchanges.filter((exchange) => !isIdentity(exchange));
  const bad = toService.filter(isBad).length;
  expect(bad).toBeLessThanOrEqual(toService.length - bad + BUDGET + requests.concurrency);
  const badAtIam = toIam.filter(isBad).length;
  const targets = new Set(instances.map(({ service }) => service)).size;
  expect(badAtIam).toBeLessThanOrEqual(toIam.length - badAtIam + targets * (BUDGET + 2));
  for (const { asked } of accounts.values()) {
    for (const { sent, throttled } of asked.values()) {
      // Two rounds, and in each of them new credentials.
      expect(sent - throttled).toBeLessThanOrEqual(4 * requests.attempts);
    }
  }
  const pages = toService.filter((exchange) => isTaskList(exchange) && !isBad(exchange)).length;
  const rows = [...accounts.values()].reduce((sum, { seen }) => sum + seen.size, 0);
  expect(pages).toBeLessThanOrEqual(PAGES_PER_INSTANCE * accounts.size + rows);
}

/** Beside one for each record: the least that a page can have. */
const PAGES_PER_INSTANCE = 50;
