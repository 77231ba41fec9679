import { randomBytes } from 'node:crypto';
import { accountId, callerOf, homeOf } from './caller.ts';
import type { Answer, Cloud, IncomingCall } from './cloud.ts';
import type { Project, User } from './demo-identity.ts';
import { iamError } from './errors.ts';
import type { IssuedToken } from './issued.ts';
import type { Query } from './query.ts';

/** The parts that are read of what is sent for a token or for temporary keys. */
interface Auth {
  identity: {
    password?: { user?: { name?: unknown; password?: unknown; domain?: { name?: unknown } } };
    assume_role?: {
      agency_name?: unknown;
      domain_name?: unknown;
      domain_id?: unknown;
      duration_seconds?: unknown;
    };
  };
  scope?: { project?: { id?: unknown; name?: unknown } };
}

/** `POST /v3/auth/tokens` with user name and password; the token comes in a header. */
export function issueToken(cloud: Cloud, call: IncomingCall): Answer {
  const auth = readAuth(call.body, 'password');
  const given = auth?.identity.password?.user;
  if (given === undefined) return iamError(400, 'IAM.0011', 'The request body is invalid.');
  const user = cloud.verify
    ? cloud.users.find(
        ({ username, password, domain }) =>
          username === given.name && password === given.password && domain === given.domain?.name,
      )
    : ({ username: String(given.name), password: '', domain: 'any' } satisfies User);
  if (user === undefined) {
    return iamError(401, 'IAM.0062', 'The username or password is incorrect.');
  }
  const scope = auth?.scope?.project;
  const project = scope && findProject(cloud.projects, scope);
  if (scope !== undefined && project === undefined) {
    return iamError(404, 'IAM.0004', `Could not find project: ${scope.id ?? scope.name}.`);
  }
  const issuedAt = cloud.now();
  const token = { user, project, issuedAt, expiresAt: issuedAt + cloud.tokenLifetimeMs };
  const text = `MII${randomBytes(48).toString('base64url')}`;
  cloud.tokens.add(text, token);
  const catalog = call.query.nocatalog ? [] : catalogOf(originOf(call), project);
  return { status: 201, headers: { 'x-subject-token': text }, body: describe(token, catalog) };
}

/** The `auth` of a body when its methods name this one; only that is checked. */
export function readAuth(body: string, method: string): Auth | undefined {
  try {
    const auth = JSON.parse(body)?.auth;
    const methods: unknown = auth?.identity?.methods;
    return Array.isArray(methods) && methods.includes(method) ? auth : undefined;
  } catch {
    return undefined;
  }
}

function findProject(
  projects: readonly Project[],
  { id, name }: { id?: unknown; name?: unknown },
): Project | undefined {
  return projects.find((one) => (id === undefined ? one.name === name : one.id === id));
}

function describe(
  { user, project, issuedAt, expiresAt }: IssuedToken,
  catalog: readonly unknown[],
): unknown {
  const domain = { id: accountId(user.domain), name: user.domain };
  return {
    token: {
      methods: ['password'],
      issued_at: microseconds(issuedAt),
      expires_at: microseconds(expiresAt),
      // An empty text: the password never expires.
      user: { id: accountId(user.username), name: user.username, password_expires_at: '', domain },
      ...(project === undefined
        ? { domain }
        : { project: { id: project.id, name: project.name, domain } }),
      roles: [{ id: '0', name: 'te_admin' }],
      catalog,
    },
  };
}

/** Services and their addresses, by the types that Open Telekom Cloud's catalogue has. */
function catalogOf(origin: string, project: Project | undefined): unknown[] {
  const paths: (readonly [type: string, name: string, path: string])[] = [
    ['identity', 'iam', '/v3'],
  ];
  if (project !== undefined) {
    paths.push(['dcsv1', 'dcs', `/v1.0/${project.id}`], ['dmsv2', 'dms', `/v2/${project.id}`]);
  }
  const region = project === undefined ? '*' : regionOf(project);
  return paths.map(([type, name, path]) => {
    const place = type === 'identity' ? '*' : region;
    const endpoint = { url: `${origin}${path}`, region: place, region_id: place };
    return {
      type,
      name,
      id: accountId(type),
      endpoints: [{ ...endpoint, interface: 'public', id: accountId(`${type} endpoint`) }],
    };
  });
}

/** IAM writes times with six decimals. */
export function microseconds(time: number): string {
  return new Date(time).toISOString().replace('Z', '000Z');
}

/** `GET /v3/projects`, narrowed by its parameters, and `GET /v3/auth/projects`, which has none. */
export function listProjects(cloud: Cloud, call: IncomingCall): Answer {
  const { query, wire } = call;
  const origin = originOf(call);
  const home = homeOf(cloud);
  const { domain } = callerOf(cloud, call);
  const rows = cloud.projects
    .filter((project) => (project.domain ?? home) === domain)
    .map((project) => projectRow(project, cloud, origin));
  const self = `${origin}${wire.path}${wire.query === '' ? '' : `?${wire.query}`}`;
  const links = { self, previous: null, next: null };
  if (wire.path.endsWith('/auth/projects')) return { status: 200, body: { projects: rows, links } };
  const page = readProjectPage(query);
  if ('parameter' in page) {
    return iamError(400, 'IAM.0007', `Request parameter ${page.parameter} is invalid.`);
  }
  const projects = rows
    .filter((row) => FILTERS.every((name) => [undefined, String(row[name])].includes(query[name])))
    .slice(page.skip, page.skip + page.limit);
  return { status: 200, body: { projects, links } };
}

const FILTERS = ['name', 'parent_id', 'domain_id', 'enabled'] as const;

type ProjectRow = Readonly<
  Record<'id' | 'name' | 'domain_id' | 'parent_id' | 'description', string> & {
    enabled: boolean;
    is_domain: boolean;
    links: unknown;
  }
>;

function projectRow(project: Project, cloud: Cloud, origin: string): ProjectRow {
  const account = accountId(project.domain ?? homeOf(cloud));
  const region = regionOf(project);
  // Only a project that a user made has another above it: the one that bears the region's name.
  const above = cloud.projects.find(({ id, name }) => name === region && id !== project.id);
  return {
    id: project.id,
    name: project.name,
    domain_id: account,
    parent_id: above?.id ?? account,
    description: '',
    enabled: project.enabled ?? true,
    is_domain: false,
    links: { self: `${origin}/v3/projects/${project.id}` },
  };
}

/** Users' projects are named `REGION_something`, a region's own like the region. */
function regionOf({ name }: Project): string {
  return name.split('_')[0] ?? name;
}

/** `page` counts from 1, and only together with `per_page`; without both everything is on it. */
function readProjectPage({
  page,
  per_page: perPage,
}: Query): { skip: number; limit: number } | { parameter: string } {
  if (page === undefined && perPage === undefined) return { skip: 0, limit: Infinity };
  const number = /^\d{1,9}$/.test(page ?? '') ? Number(page) : 0;
  const limit = /^\d{1,4}$/.test(perPage ?? '') ? Number(perPage) : 0;
  if (number < 1) return { parameter: 'page' };
  if (limit < 1 || limit > 5000) return { parameter: 'per_page' };
  return { skip: (number - 1) * limit, limit };
}

/** The address at which the caller found this emulator. */
function originOf({ wire }: IncomingCall): string {
  return `http://${wire.headers.host}`;
}
