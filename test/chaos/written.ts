import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { type Archive, ArchiveError } from '../../lib/archive/archive.ts';
import { seededRandom } from '../../lib/emulator/demo-random.ts';
import type { InstanceSummary, Summary } from '../../lib/model/summary.ts';
import { openRecordsFile } from '../../lib/records/records-file.ts';
import type { Observer } from '../../lib/run/observer.ts';
import type { ApprovedPlan } from '../../lib/run/request.ts';
import type { FakeClock } from '../fake-clock.ts';
import type { Scenario } from './scenario.ts';

/** A line of a records file. */
type Line = Readonly<Record<string, unknown>>;

/** The files and letters of a run, and the plan that it was given. */
export interface Written {
  readonly observer: Observer;
  readonly approved: ApprovedPlan | undefined;
  readonly openArchive: () => Archive;
  /** The lines of the records file, once the run is over. */
  records(summary: Summary): Line[];
  /** The rows of the archive, by the id of their instance. */
  readonly archived: ReadonlyMap<string, readonly Line[]>;
}

/** Opens a records file and an archive that fails at random. */
export function openWritten(
  { archive, approvedShare, misbehaviour }: Scenario,
  clock: FakeClock,
): Written {
  const folder = mkdtempSync(join(tmpdir(), 'task-janitor-chaos-'));
  const file = join(folder, 'records.jsonl');
  const recordsFile = openRecordsFile(file, 'hash', { out: () => {}, unread: () => 0 });
  const random = seededRandom(misbehaviour.seed + 1);
  const archived = new Map<string, Line[]>();
  const write: Archive['write'] = async (name, lines) => {
    await clock.sleep(random() * 2_000);
    if (archive === 'fails' && random() < 0.5) throw new ArchiveError('ENOSPC', 'the disk is full');
    const id = decodeURIComponent(name.at(-1) ?? '');
    const rows = [...lines].map((line) => (JSON.parse(line) as { task: Line }).task);
    archived.set(id, [...(archived.get(id) ?? []), ...rows]);
    return name.join('/');
  };
  const isApproved = (id: string) => seededRandom(hash(id))() < (approvedShare ?? 1);
  return {
    observer: recordsFile.observer,
    approved:
      approvedShare === undefined
        ? undefined
        : { idsOf: () => new Approved(isApproved), instancesOf: () => [] },
    openArchive: () => ({ write }),
    archived,
    records: ({ totals }) => {
      recordsFile.finish(totals.listed);
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
      rmSync(folder, { recursive: true });
      return lines.map((line) => JSON.parse(line) as Line);
    },
  };
}

/** The ids that were approved, which are a share of all that there can be. */
class Approved extends Set<string> {
  readonly #isApproved: (id: string) => boolean;

  constructor(isApproved: (id: string) => boolean) {
    super();
    this.#isApproved = isApproved;
  }

  override has(id: string): boolean {
    return this.#isApproved(id);
  }
}

function hash(text: string): number {
  return [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
}

/** Records file, archive and summary say the same, and nothing went that was not archived or not approved. */
export function expectWrittenToAgree(
  { archive, approvedShare, dryRun }: Scenario,
  summary: Summary,
  lines: readonly Line[],
  { archived, approved }: Written,
  asked: (instance: string) => readonly string[],
): void {
  expect(lines[0]).toMatchObject({ records: 1, runId: summary.runId, dryRun });
  expect(lines.at(-1)).toEqual({ end: true, records: summary.totals.listed });
  const records = lines.slice(1, -1);
  for (const { name, instances } of summary.targets) {
    for (const instance of instances) {
      const here = records.filter((each) => each.instance === instance.id && each.target === name);
      expectCountsToAgree(instance, here);
      const ids = asked(instance.id);
      const plan = approved?.idsOf(name, instance.id);
      for (const id of ids) expect(plan?.has(id) ?? true).toBe(true);
      if (approvedShare === undefined)
        expect(instance.keptBecause).not.toHaveProperty('not-in-plan');
      const rows = archived.get(instance.id) ?? [];
      const archivedIds = rows.map(({ id }) => id);
      expect(new Set(archivedIds).size).toBe(archivedIds.length);
      if (archive !== 'none') expect(archivedIds).toEqual(expect.arrayContaining([...ids]));
      if (dryRun || instance.stoppedBy === 'limit' || archive === 'none') expect(rows).toEqual([]);
      if (instance.stoppedBy === 'archive') expect([ids, rows, archive]).toEqual([[], [], 'fails']);
      else if (ids.length > 0 && archive !== 'none') expect(instance.archive).toHaveLength(1);
    }
  }
}

function expectCountsToAgree(instance: InstanceSummary, lines: readonly Line[]): void {
  const count = (key: string, value: unknown) => lines.filter((line) => line[key] === value).length;
  const { listed, kept, deleted, alreadyGone, failed, remaining, stoppedBy, keptBecause } =
    instance;
  const held = stoppedBy === 'limit' ? remaining : 0;
  expect({
    listed: lines.length,
    kept: count('outcome', 'kept'),
    deleted: count('outcome', 'deleted'),
    alreadyGone: count('outcome', 'already-gone'),
    failed: count('outcome', 'failed'),
    remaining: count('outcome', 'remaining'),
    held: count('outcome', 'held-back'),
  }).toEqual({ listed, kept, deleted, alreadyGone, failed, remaining: remaining - held, held });
  for (const [reason, number] of Object.entries(keptBecause)) {
    expect(count('reason', reason)).toBe(number);
  }
  for (const { outcome, error } of lines) expect(error !== undefined).toBe(outcome === 'failed');
}
