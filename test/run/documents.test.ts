import { describe, expect, test } from '@jest/globals';
import { DEMO_PROJECT_ID, type ServiceName, type Switches } from '../../lib/emulator/index.ts';
import { onlyTarget } from '../policies.ts';
import { aged } from '../records.ts';
import { useWorld } from './world.ts';

// Each row is one "delete a background task" page of the vendor.
const DOCUMENTS: readonly {
  title: string;
  cloud: string;
  region: string;
  service: ServiceName;
  version: string;
  family: 'DCS' | 'DMS';
  success: 200 | 204;
  switches?: Partial<Switches>;
}[] = [
  {
    title: 'dcs-v1: DCS v1.0, Huawei Cloud China',
    cloud: 'huaweicloud',
    region: 'cn-north-1',
    service: 'dcs-v1',
    version: 'v1.0',
    family: 'DCS',
    success: 200,
  },
  {
    title: 'dcs: DCS v2, Huawei Cloud China',
    cloud: 'huaweicloud',
    region: 'cn-north-4',
    service: 'dcs',
    version: 'v2',
    family: 'DCS',
    success: 204,
    switches: { dcsDeleteAnswer: 204 },
  },
  {
    title: 'kafka: DMS for Kafka v2, Huawei Cloud China',
    cloud: 'huaweicloud',
    region: 'cn-north-4',
    service: 'kafka',
    version: 'v2',
    family: 'DMS',
    success: 204,
  },
  {
    title: 'kafka on OTC: DMS v2, Open Telekom Cloud',
    cloud: 'otc',
    region: 'eu-de',
    service: 'kafka',
    version: 'v2',
    family: 'DMS',
    success: 204,
  },
  {
    title: 'dcs: DCS v2, Huawei Cloud Europe and International, answering 200',
    cloud: 'huaweicloud',
    region: 'eu-west-101',
    service: 'dcs',
    version: 'v2',
    family: 'DCS',
    success: 200,
    switches: { dcsDeleteAnswer: 200 },
  },
  {
    title: 'dcs: DCS v2, Huawei Cloud Europe and International, answering 204',
    cloud: 'huaweicloud',
    region: 'eu-west-101',
    service: 'dcs',
    version: 'v2',
    family: 'DCS',
    success: 204,
    switches: { dcsDeleteAnswer: 204 },
  },
];

const world = useWorld();

describe.each(DOCUMENTS)(
  'the document $title',
  ({ cloud, region, service, version, family, success, switches }) => {
    const policy = () => onlyTarget(world.emulator, { cloud, region, service });

    function addOneExpired(): { instanceId: string; taskId: string } {
      const record = aged(40, {}, service);
      const { id } = world.emulator.addInstance({ service, tasks: [record] });
      return { instanceId: id, taskId: record.id };
    }

    test('its request, and its answer to a success', async () => {
      const { emulator } = world;
      Object.assign(emulator.switches, switches);
      const { instanceId, taskId } = addOneExpired();
      const summary = await world.run(policy());
      expect(emulator.journal.deletes()).toEqual([
        expect.objectContaining({
          method: 'DELETE',
          path: `/${version}/${DEMO_PROJECT_ID}/instances/${instanceId}/tasks/${taskId}`,
          query: {},
          body: '',
          status: success,
          deleted: true,
        }),
      ]);
      expect(summary).toMatchObject({ outcome: 'complete', totals: { deleted: 1 } });
    });

    test.each([
      [400, { DCS: 'DCS.4070', DMS: 'DMS.00400070' }, 'Invalid task ID.'],
      [404, { DCS: 'DCS.4999', DMS: 'DMS.00404999' }, 'The resource does not exist.'],
      [500, { DCS: 'DCS.5000', DMS: 'DMS.00500000' }, 'Internal service error.'],
    ])('its error body with %i is a failed record', async (status, codes, message) => {
      const { emulator } = world;
      const { taskId } = addOneExpired();
      const code = codes[family];
      emulator.intercept = ({ operation }) =>
        operation === 'delete-task' ? { status, body: errorBody(code, message) } : undefined;
      const summary = await world.run(policy());
      expect(summary).toMatchObject({ outcome: 'failed', totals: { expired: 1, failed: 1 } });
      expect(summary.targets[0]?.instances[0]?.errors).toEqual([
        {
          taskId,
          status,
          code,
          message: expect.stringContaining(message),
          attempts: status === 500 ? 5 : 1,
        },
      ]);
    });

    test.each([[401, { DCS: 'DCS.1001', DMS: 'DMS.10240101' }, 'unauthorised', 'Invalid token.']])(
      'its error body with %i ends the target',
      async (status, codes, outcome, message) => {
        const { emulator } = world;
        addOneExpired();
        const code = codes[family];
        emulator.intercept = ({ operation }) =>
          operation === 'delete-task' ? { status, body: errorBody(code, message) } : undefined;
        const summary = await world.run(policy());
        expect(emulator.journal.deletes()).toHaveLength(1);
        expect(summary).toMatchObject({ outcome: 'failed', totals: { expired: 1, remaining: 1 } });
        const { error } = summary.targets[0] ?? {};
        expect(error?.code).toBe(outcome);
        expect(error?.message).toContain(`${status} ${code}: ${message}`);
      },
    );

    test('its error body with 403 ends the instance', async () => {
      const { emulator } = world;
      addOneExpired();
      const code = { DCS: 'DCS.2003', DMS: 'DMS.00403002' }[family];
      emulator.intercept = ({ operation }) =>
        operation === 'delete-task'
          ? { status: 403, body: errorBody(code, 'No permission.') }
          : undefined;
      const summary = await world.run(policy());
      expect(emulator.journal.deletes()).toHaveLength(1);
      expect(summary).toMatchObject({ outcome: 'failed', totals: { expired: 1, remaining: 1 } });
      const [instance] = summary.targets[0]?.instances ?? [];
      expect(instance?.stoppedBy).toBe('forbidden');
      const { message } = instance?.errors[0] ?? {};
      expect(message).toContain(`403 ${code}: No permission. Grant`);
      expect(message).toContain(`${family.toLowerCase()}:instance:deleteBackgroundTask`);
    });

    function errorBody(code: string, message: string): object {
      const body = { error_msg: message, error_code: code };
      return family === 'DCS' ? { ...body, error_ext_msg: null } : body;
    }
  },
);
