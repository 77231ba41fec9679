import { ApiError } from '../answers/api-error.ts';
import type { Clock } from '../http/clock.ts';
import { Endpoint } from '../http/endpoint.ts';
import type { Transport } from '../http/transport.ts';
import type { Accounts } from '../identity/accounts.ts';
import { CredentialsError } from '../identity/credentials.ts';
import type { CredentialsReference } from '../identity/credentials-source.ts';
import type { Project } from '../identity/iam.ts';
import { targetOrigin } from '../model/origins.ts';
import {
  type CloudName,
  listSameInstances,
  SERVICES,
  type ServiceName,
} from '../model/services.ts';
import { counted } from '../model/summary.ts';
import { listed } from '../model/text.ts';
import { selectProjects } from '../policy/select-projects.ts';
import { MAX_NAMES } from '../policy/suggest.ts';
import { RowBudget } from '../task-api/row-budget.ts';
import { TaskApi } from '../task-api/task-api.ts';
import type { FoundService } from './first-policy.ts';
import type { CheckLine } from './io.ts';
import type { RenewableWindow } from './renewable-window.ts';

/** Where instances are looked for. */
export interface Places {
  readonly cloud: CloudName;
  readonly regions: readonly string[];
  readonly services: readonly ServiceName[];
  /** One server for all services and IAM, instead of the usual ones. */
  readonly endpoint: string | undefined;
  /** Absent: the environment. */
  readonly credentials: CredentialsReference | undefined;
}

export interface Search {
  readonly accounts: Accounts;
  readonly window: RenewableWindow;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told what was looked for, as soon as that is known. */
  readonly report: (line: CheckLine) => void;
}

/** A server that refuses is asked once more. */
const ATTEMPTS = 2;
const TIMEOUT_MS = 10_000;
const CONCURRENCY = 8;

/** The services that have instances, in the projects of the regions. What fails is reported, and left out. */
export async function findInstances(places: Places, search: Search): Promise<FoundService[]> {
  const found: FoundService[] = [];
  for (const region of places.regions) {
    for (const project of await projectsOf(places, region, search)) {
      for (const service of places.services) {
        const twin = found.find(
          (each) => each.project === project && listSameInstances(each.service, service),
        );
        if (twin) {
          const text = `left out in ${project.name}: it lists the same instances as ${twin.service}`;
          search.report({ name: service, outcome: 'skipped', text });
          continue;
        }
        const instances = await listInstances(places, { service, region, project }, search);
        if (instances.length > 0) found.push({ service, region, project, instances });
      }
    }
  }
  return found;
}

/** Those of a region: the one that bears its name, and those whose names begin with it and `_`. */
async function projectsOf(
  { cloud, endpoint, credentials }: Places,
  region: string,
  search: Search,
): Promise<Project[]> {
  return await trying('projects', '', search, async () => {
    const { counts } = surroundings(search);
    const address = { cloud, region, iamEndpoint: endpoint, credentials };
    const all = await search.accounts.projects(address, counts);
    const { here } = selectProjects(all, [], region);
    const usable = here.filter(({ enabled }) => enabled);
    const names = (projects: readonly Project[]) => projects.map(({ name }) => name);
    if (usable.length > 0) {
      const disabled = names(here.filter(({ enabled }) => !enabled)).join(', ');
      const left = disabled && `; disabled, and left alone: ${disabled}`;
      search.report({ name: 'projects', outcome: 'ok', text: names(usable).join(', ') + left });
    } else {
      const others = listed(names(all), MAX_NAMES) || 'none';
      const text = `none in ${region}; these credentials have access to: ${others}. Correct the region, or grant the user a role there.`;
      search.report({ name: 'projects', outcome: 'failed', text });
    }
    return usable;
  });
}

async function listInstances(
  { cloud, endpoint, credentials }: Places,
  { service, region, project }: Omit<FoundService, 'instances'>,
  search: Search,
): Promise<FoundService['instances']> {
  return await trying(service, `not listed in ${project.name}: `, search, async () => {
    const { clock } = search;
    const needed = surroundings(search);
    const address = { cloud, region, projectId: project.id, iamEndpoint: endpoint, credentials };
    const { access } = await search.accounts.enter(address, needed.counts);
    const origin = targetOrigin({ cloud, service, region, endpoint });
    const api = new TaskApi({
      ...needed,
      service: SERVICES[service],
      projectId: project.id,
      origin,
      endpoint: new Endpoint({ ...needed, origin, concurrency: CONCURRENCY }),
      access,
      maxAttempts: ATTEMPTS,
      timeout: TIMEOUT_MS,
      time: clock.now,
      rows: new RowBudget(),
    });
    const { instances } = await api.listInstances();
    const count = instances.length > 0 ? counted(instances.length, 'instance') : 'no instances';
    search.report({ name: service, outcome: 'ok', text: `${count} in ${project.name}` });
    return instances;
  });
}

/** The next request has as much time as those before. */
function surroundings({ transport, clock, random, window }: Search) {
  window.renew();
  return { transport, clock, random, window, counts: { sent: 0, retried: 0, throttled: 0 } };
}

/** An empty list where the service or the credentials fail, which is reported. */
async function trying<T>(
  name: string,
  lead: string,
  { report }: Search,
  list: () => Promise<readonly T[]>,
): Promise<T[]> {
  try {
    return [...(await list())];
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof CredentialsError)) throw error;
    report({ name, outcome: 'failed', text: lead + error.message });
    return [];
  }
}
