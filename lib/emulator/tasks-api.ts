import type { Answer, Cloud, IncomingCall } from './cloud.ts';
import { serviceError, taskNotFound } from './errors.ts';
import type { EmulatedInstance } from './estate.ts';
import type { JournalEntry } from './journal.ts';
import { readPage } from './paging.ts';
import { isHexId, isUuid } from './routes.ts';
import { SERVICES } from './services.ts';
import { RUNNING, type TaskRow } from './task-row.ts';
import { readTimeRange } from './time-filter.ts';

/** `GET …/tasks`: one page of the live table, newest first. */
export function listTasks(cloud: Cloud, call: IncomingCall, entry: JournalEntry): Answer {
  const { query, switches } = call;
  const { faults } = cloud;
  const instance = instanceOf(cloud, call);
  if (!('table' in instance)) return instance;
  const traits = SERVICES[instance.service];
  const range = readTimeRange(query, instance.service, switches);
  if (range !== undefined && 'unreadable' in range) {
    return serviceError(call, 'bad-query', range.unreadable);
  }
  let page = readPage(query, traits.tasks);
  if ('reason' in page) {
    const { reason, parameter } = page;
    if (reason === 'limit-out-of-range') return serviceError(call, 'bad-limit', parameter);
    const isZero = reason === 'position-below-first' && switches.startZero === 'empty-page';
    if (!isZero) return serviceError(call, 'bad-query', parameter);
    page = { skip: 0, limit: 0 };
  }
  const skip = faults.ignorePaging?.includes('list-tasks') ? 0 : page.skip;
  const limit = Math.min(page.limit, faults.shortPages ?? page.limit);
  const { total, rows } = instance.table.page(skip, limit, range);
  // Terraform pages DCS v2 by offset until a page is empty, so there the end is never an error.
  const refusesEnd = switches.pastTheEnd === 400 && traits.tasks.position === 'start';
  if (refusesEnd && skip > 0 && skip >= total) {
    return serviceError(call, 'past-the-end', traits.tasks.position);
  }
  const truth = traits.taskCount === 'string' ? String(total) : total;
  const count = faults.taskCount === undefined ? truth : faults.taskCount(total, entry);
  return { status: 200, body: { task_count: count, tasks: rows } };
}

/** `GET …/tasks/{task}`, queues only: the shape of a list with one row. */
export function showTask(cloud: Cloud, call: IncomingCall): Answer {
  const instance = instanceOf(cloud, call);
  if (!('table' in instance)) return instance;
  if (!SERVICES[instance.service].showsOneTask) {
    return serviceError(call, 'method-not-allowed');
  }
  const row = taskOfCall(instance, call);
  if ('missing' in row) return row.missing;
  return { status: 200, body: { task_count: '1', tasks: [row.found] } };
}

/** `DELETE …/tasks/{task}`. */
export function deleteTask(cloud: Cloud, call: IncomingCall): Answer {
  const { switches } = call;
  const instance = instanceOf(cloud, call);
  if (!('table' in instance)) return instance;
  const row = taskOfCall(instance, call);
  if ('missing' in row) return row.missing;
  const { id, status } = row.found;
  if (RUNNING.includes(status)) {
    const { runningDelete } = switches;
    if (runningDelete === 'ignored') return { status: 204 };
    if (runningDelete !== 'deleted') return serviceError(call, runningDelete);
  }
  if (switches.deletedRows === 'stay') instance.table.mark(id, 'DELETED');
  else instance.table.remove(id);
  return { ...deleteAnswer(instance, call), deleted: true };
}

function deleteAnswer({ service }: EmulatedInstance, { switches }: IncomingCall): Answer {
  if (service === 'dcs-v1') return { status: 200 };
  if (service === 'dcs' && switches.dcsDeleteAnswer === 200) {
    return { status: 200, body: { message: '' } };
  }
  return { status: 204 };
}

/**
 * The instance, or the error. Only an id that is not there is looked at for its form, so that a test
 * may use any id it likes.
 */
export function instanceOf(cloud: Cloud, call: IncomingCall): EmulatedInstance | Answer {
  const { version = '', projectId = '', instanceId = '' } = call.route;
  const instance = cloud.estate.find(instanceId, projectId, version);
  // Paths are the same at both hosts, the instances are not.
  if (instance !== undefined && SERVICES[instance.service].family === call.family) return instance;
  const problem = isUuid(instanceId) ? 'instance-not-found' : 'bad-instance-id';
  return serviceError(call, problem);
}

/** The task that a call is about, or the answer that it is not there. */
export function taskOfCall(
  instance: EmulatedInstance,
  call: IncomingCall,
): { found: TaskRow } | { missing: Answer } {
  const { taskId = '' } = call.route;
  const found = instance.table.get(taskId);
  if (found !== undefined && found.status !== 'DELETED') return { found };
  const wellFormed = found !== undefined || isHexId(taskId);
  if (!wellFormed) return { missing: serviceError(call, 'bad-task-id') };
  return { missing: taskNotFound(call) };
}
