import { stringify } from 'yaml';
import type { CredentialsReference } from '../identity/credentials-source.ts';
import type { Project } from '../identity/iam.ts';
import { type Instance, labelOf } from '../model/instance.ts';
import type { CloudName, ServiceName } from '../model/services.ts';
import { counted } from '../model/summary.ts';

/** A service of a project in which there are instances. */
export interface FoundService {
  readonly service: ServiceName;
  readonly region: string;
  readonly project: Project;
  readonly instances: readonly Instance[];
}

export interface FirstPolicy {
  readonly cloud: CloudName;
  /** At least one. */
  readonly found: readonly FoundService[];
  readonly credentials: CredentialsReference | undefined;
  /** One server for all services and IAM. */
  readonly endpoint: string | undefined;
  /** The command's options by which the file is named, such as ` --policy prod.yml`. */
  readonly named: string;
}

const SHOWN_INSTANCES = 5;

/** The text of a policy that only reports, with a target for each service that was found. */
export function firstPolicy({ cloud, found, credentials, endpoint, named }: FirstPolicy): string {
  const names = new Set<string>();
  const targets = found.flatMap((each, index) => {
    const name = nameOf(each, names);
    names.add(name);
    return [
      `  # ${describe(each.instances)}`,
      `  - name: ${scalar(name)}`,
      `    cloud: ${cloud}`,
      `    service: ${each.service}`,
      `    region: ${scalar(each.region)}`,
      `    # The project ${each.project.name}.`,
      `    projectId: ${scalar(each.project.id)}`,
      ...(endpoint === undefined
        ? []
        : [`    endpoint: ${endpoint}`, `    iamEndpoint: ${endpoint}`]),
      ...(credentials === undefined ? [] : [`    credentials: ${flow(credentials)}`]),
      ...(index === 0 ? MORE : []),
    ];
  });
  return [...head(named), ...targets, ''].join('\n');
}

function head(named: string): string[] {
  return [
    '# Written by "task-janitor init". It only reports until dryRun is false. Look first:',
    `#   task-janitor validate${named}    checks this file; sends nothing`,
    `#   task-janitor plan${named}        what would go, and why; deletes nothing`,
    'version: 1',
    'dryRun: true',
    'defaults:',
    '  # How long a record stays after its task has ended: 30d, 12h, 2w, or P1M (a month). You decide.',
    '  keepFor: 30d',
    '  # The newest records of each instance always stay.',
    '  keepLast: 10',
    '  # Statuses that may be deleted. On Kafka, RabbitMQ and RocketMQ there is CANCELLED too.',
    '  statuses: [SUCCESS, FAILED]',
    '  # If more than this has expired on an instance, nothing is deleted there.',
    '  limits: { deletions: 5000, deletePercent: 95 }',
    'targets:',
  ];
}

/** Keys that the first target shows as comments. */
const MORE = [
  '    # Ids, names or patterns of instances. Without this key, all are cleaned.',
  '    # instances: { include: [prod-*], exclude: [prod-canary] }',
  '    # The first rule that matches a record decides how long it stays.',
  '    # rules:',
  '    #   - { name: failures-stay-longer, match: { statuses: [FAILED] }, keepFor: 90d }',
];

/** A name for a target that no other target has. */
function nameOf({ service, project }: FoundService, taken: ReadonlySet<string>): string {
  const name = `${service}-${project.name}`;
  return taken.has(name) ? `${service}-${project.id}` : name;
}

function describe(instances: readonly Instance[]): string {
  const names = instances.slice(0, SHOWN_INSTANCES).map(labelOf);
  const more = instances.length - names.length;
  const all = more > 0 ? [...names, `${more} more`] : names;
  return `${counted(instances.length, 'instance')}: ${all.join(', ')}`;
}

/** Text as YAML: in quotes where it would be read as something else. */
function scalar(text: string): string {
  return stringify(text, { lineWidth: 0 }).trimEnd();
}

function flow(mapping: object): string {
  return stringify(mapping, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
}
