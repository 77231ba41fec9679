import type { Answer, Cloud, IncomingCall } from './cloud.ts';
import { gatewayError, noProgress } from './errors.ts';
import { type Family, SERVICES } from './services.ts';
import { RUNNING, type TaskRow } from './task-row.ts';
import { instanceOf, taskOfCall } from './tasks-api.ts';

/**
 * The queues' task names that mean scaling. No page lists the names, and they are open-ended:
 * the verbs are those of the vendor's operations.
 */
const SCALING = /extend|expan|resize|scal/i;

type Stage = 'waiting' | 'running' | 'failed' | 'finished';

/** How each family words a step's stage. */
const STEP_STATUS: Readonly<Record<Family, Readonly<Record<Stage, string>>>> = {
  dcs: { waiting: 'WAITING', running: 'EXECUTING', failed: 'FAILED', finished: 'FINISH' },
  dms: { waiting: 'WAITING', running: 'IN_PROGRESS', failed: 'FAILED', finished: 'COMPLETED' },
};

/** A task here never moves on, so its progress and the time that is left stay the same. */
const PERCENT: Readonly<Record<Stage, number>> = {
  waiting: 0,
  running: 50,
  failed: 50,
  finished: 100,
};
const REMAINING_SECONDS: Readonly<Record<Stage, number>> = {
  waiting: 600,
  running: 300,
  failed: 0,
  finished: 0,
};

/** `GET …/tasks/{task}/progress`, where the service has it; the queues know it for scaling only. */
export function showProgress(cloud: Cloud, call: IncomingCall): Answer {
  const instance = instanceOf(cloud, call);
  if (!('table' in instance)) return instance;
  const { family, showsProgress } = SERVICES[instance.service];
  if (!showsProgress) return gatewayError(call, 404, '0101', 'The API does not exist');
  const row = taskOfCall(instance, call);
  if ('missing' in row) return row.missing;
  if (family === 'dms' && !SCALING.test(String(row.found.name))) return noProgress();
  return { status: 200, body: BODIES[family](row.found, stageOf(row.found)) };
}

function stageOf({ status }: TaskRow): Stage {
  if (status === 'SUCCESS') return 'finished';
  if (!RUNNING.includes(status)) return 'failed';
  return status === 'EXECUTING' ? 'running' : 'waiting';
}

const BODIES: Readonly<Record<Family, (row: TaskRow, stage: Stage) => unknown>> = {
  dcs: (row, stage) => ({
    progress: PERCENT[stage],
    remain_time: REMAINING_SECONDS[stage],
    step_details: [
      {
        step_id: row.id,
        step_name: row.name,
        step_status: STEP_STATUS.dcs[stage],
        begin_time: stage === 'waiting' ? '' : spaced(row.created_at),
        end_time: isOver(stage) ? spaced(row.updated_at) : '',
        error_code: row.error_code ?? '',
        sub_step_details: [],
      },
    ],
  }),
  dms: (row, stage) => ({
    progress_percentage: PERCENT[stage],
    remain_time: REMAINING_SECONDS[stage],
    step_list: [
      {
        name: row.name,
        // The vendor's own spelling, in its pages, definitions and examples.
        statue: STEP_STATUS.dms[stage],
        start_time: stage === 'waiting' ? 0 : milliseconds(row.created_at),
        end_time: isOver(stage) ? milliseconds(row.updated_at) : 0,
      },
    ],
  }),
};

function isOver(stage: Stage): boolean {
  return stage === 'failed' || stage === 'finished';
}

/** `2022-09-01 11:52:24`: the example has it so, against its own table. */
function spaced(time: unknown): string {
  const at = milliseconds(time);
  return at === 0 ? '' : new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

/** 0 for what is no time: a test may put anything into a row. */
function milliseconds(time: unknown): number {
  return Date.parse(String(time)) || 0;
}
