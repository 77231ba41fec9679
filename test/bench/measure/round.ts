import type { CleanReport, CleanRequest } from '../contestant.ts';
import type { Filling } from '../emulator-process.ts';
import type { ContestantProcess, EmulatorProcess } from '../processes.ts';
import { expiredIn } from '../records.ts';

/**
 * One contestant cleans one estate, which is made for the occasion.
 * @throws when it did not delete exactly what has expired: its numbers would mean nothing.
 */
export async function round(
  emulator: EmulatorProcess,
  contestant: ContestantProcess,
  filling: Filling,
  options: Omit<CleanRequest, 'url' | 'service'>,
): Promise<CleanReport> {
  const url = await emulator.fill(filling);
  const { estate } = filling;
  const report = await contestant.clean({ ...options, url, service: estate.service });
  const { deleted } = await emulator.report();
  if (report.failed > 0 || deleted !== expiredIn(estate)) {
    throw new Error(
      `${contestant.name} deleted ${deleted} of ${expiredIn(estate)} records and failed on ${report.failed}: this round cannot be compared`,
    );
  }
  return report;
}
