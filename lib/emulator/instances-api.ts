import type { Answer, Cloud, IncomingCall } from './cloud.ts';
import { serviceError } from './errors.ts';
import type { EmulatedInstance } from './estate.ts';
import { readPage } from './paging.ts';
import type { Query } from './query.ts';
import { type Family, SERVICES } from './services.ts';

/** `GET …/instances`: one page of a project's instances of one service. */
export function listInstances({ estate, faults }: Cloud, call: IncomingCall): Answer {
  const { family, query, service, route } = call;
  // The queues share one host, and `engine` is documented as mandatory there.
  if (service === undefined) return serviceError(call, 'bad-query', 'engine');
  const page = readPage(query, SERVICES[service].instances);
  if ('reason' in page) {
    const problem = page.reason === 'limit-out-of-range' ? 'bad-limit' : 'bad-offset';
    return serviceError(call, problem, page.parameter);
  }
  const matching = estate
    .ofService(service, route.projectId ?? '')
    .filter((instance) => matches(instance, family, query));
  const skip = faults.ignorePaging?.includes('list-instances') ? 0 : page.skip;
  // Terraform stops at `instance_num` for this reason; DCS answers an empty page.
  if (family === 'dms' && skip > 0 && skip >= matching.length) {
    return serviceError(call, 'past-the-end');
  }
  const limit = Math.min(page.limit, faults.shortPages ?? page.limit);
  const rows = matching.slice(skip, skip + limit).map(ROWS[family]);
  return { status: 200, body: { instance_num: matching.length, instances: rows } };
}

function matches({ id, name, status }: EmulatedInstance, family: Family, query: Query): boolean {
  const exact = family === 'dcs' ? query.name_equal : query.exact_match_name;
  const wantedId = query.instance_id ?? query.id;
  if (wantedId !== undefined && wantedId !== id) return false;
  if (query.status !== undefined && query.status !== status) return false;
  if (query.name !== undefined) {
    const found = exact === 'true' ? name === query.name : name.includes(query.name);
    if (!found) return false;
  }
  const failures = query.include_failure ?? query.includeFailure;
  return status !== 'CREATEFAILED' || failures === 'true';
}

const ROWS: Readonly<Record<Family, (instance: EmulatedInstance) => Record<string, unknown>>> = {
  dcs: (instance) => ({
    ...commonColumns(instance),
    sub_status: '',
    capacity: 4,
    created_at: new Date(instance.createdAt).toISOString(),
  }),
  dms: (instance) => ({
    ...commonColumns(instance),
    type: 'cluster',
    // Epoch milliseconds as text, unlike every other time of this service.
    created_at: String(instance.createdAt),
  }),
};

function commonColumns(instance: EmulatedInstance): Record<string, unknown> {
  const { id, name, status, engine, service } = instance;
  return {
    instance_id: id,
    name,
    status,
    engine,
    engine_version: SERVICES[service].engineVersion,
    port: SERVICES[service].port,
    resource_spec_code: '',
    charging_mode: 0,
    vpc_id: '3db5a1a6-4ae9-4b0f-b7a5-8c8a9d6a1d6f',
    vpc_name: 'vpc-default',
    user_id: '0b01fbb53600d4671fa8c00673c71260',
    user_name: 'ops',
    maintain_begin: '22:00:00',
    maintain_end: '02:00:00',
    enterprise_project_id: '0',
    tags: [],
  };
}
