import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type EmulatedInstance,
  type Emulator,
  NO_PROGRESS_CODE,
  startEmulator,
  TASK_NOT_FOUND_CODE,
  taskOf,
} from '../../lib/emulator/index.ts';
import { call, type Reply, tasksPath } from './signed-client.ts';

const absentId = '0123456789abcdef0123456789abcdef';
const begin = '2025-01-02T03:04:05.678Z';
const end = '2025-01-02T03:09:00.001Z';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator();
});
afterEach(() => emulator.close());

function progressOf(instance: EmulatedInstance, taskId: string): Promise<Reply> {
  return call(emulator, 'GET', `${tasksPath(instance)}/${taskId}/progress`);
}

async function progressOfNew(
  service: EmulatedInstance['service'],
  row: Record<string, unknown>,
): Promise<Reply> {
  const instance = emulator.addInstance({ service, tasks: [taskOf(service, row)] });
  return await progressOf(instance, instance.taskIds()[0] as string);
}

describe('the progress of a task of dcs', () => {
  test('is there for every task, with its steps and times without a zone', async () => {
    const id = 'ff808081818f0a1b018190c2d3e4f501';
    const row = { id, name: 'UpdatePort', created_at: begin, updated_at: end };
    expect(await progressOfNew('dcs', row)).toMatchObject({
      status: 200,
      json: {
        progress: 100,
        remain_time: 0,
        step_details: [
          {
            step_id: id,
            step_name: 'UpdatePort',
            step_status: 'FINISH',
            begin_time: '2025-01-02 03:04:05',
            end_time: '2025-01-02 03:09:00',
            error_code: '',
            sub_step_details: [],
          },
        ],
      },
    });
    expect(emulator.journal.count({ operation: 'task-progress', taskId: id })).toBe(1);
  });

  test.each([
    ['WAITING', 0, 'WAITING'],
    ['EXECUTING', 50, 'EXECUTING'],
    ['FAILED', 50, 'FAILED'],
  ])('that is %s is at %i %%', async (status, progress, stepStatus) => {
    const { json } = await progressOfNew('dcs', { status });
    expect(json).toMatchObject({ progress, step_details: [{ step_status: stepStatus }] });
  });
});

describe.each(['kafka', 'rocketmq'] as const)('the progress of a task of %s', (service) => {
  test('is there for scaling, with steps in epoch milliseconds', async () => {
    const row = { name: 'kafkaExtend', created_at: begin, updated_at: end };
    expect(await progressOfNew(service, row)).toMatchObject({
      status: 200,
      json: {
        progress_percentage: 100,
        remain_time: 0,
        step_list: [
          {
            name: 'kafkaExtend',
            statue: 'COMPLETED',
            start_time: Date.parse(begin),
            end_time: Date.parse(end),
          },
        ],
      },
    });
  });

  test.each([
    ['CREATED', 0, 'WAITING'],
    ['EXECUTING', 50, 'IN_PROGRESS'],
    ['FAILED', 50, 'FAILED'],
  ])('that is %s is at %i %%', async (status, percentage, statue) => {
    const { json } = await progressOfNew(service, { name: 'EXTEND', status });
    expect(json).toMatchObject({ progress_percentage: percentage, step_list: [{ statue }] });
  });

  test('of another kind is 400 with a code that no client can know', async () => {
    expect(await progressOfNew(service, { name: 'bindInstancePublicIp' })).toMatchObject({
      status: 400,
      json: { error_code: NO_PROGRESS_CODE },
    });
  });
});

test.each(['dcs', 'kafka', 'rocketmq'] as const)(
  'the progress of an unknown task of %s is 404 in the words of the service',
  async (service) => {
    const reply = await progressOf(emulator.addInstance({ service }), absentId);
    expect(reply).toMatchObject({ status: 404, json: { error_code: TASK_NOT_FOUND_CODE } });
    expect('error_ext_msg' in (reply.json as object)).toBe(service === 'dcs');
  },
);

test.each([
  ['kafka', 'DMS.00400070', 'DMS.00404022'],
  ['dcs', 'DCS.4070', 'DCS.3022'],
] as const)('progress on %s refuses wrong ids as other calls do', async (service, task, gone) => {
  const instance = emulator.addInstance({ service });
  expect(await progressOf(instance, 'x')).toMatchObject({ json: { error_code: task } });
  emulator.removeInstance(instance.id);
  expect(await progressOf(instance, absentId)).toMatchObject({ json: { error_code: gone } });
});

test.each(['rabbitmq', 'dcs-v1'] as const)('%s has no progress to ask for', async (service) => {
  expect(await progressOfNew(service, { name: 'EXTEND' })).toMatchObject({
    status: 404,
    json: { error_code: 'APIGW.0101' },
  });
});
