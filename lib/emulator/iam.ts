import type { Answer } from './answer.ts';
import type { Cloud, IncomingCall } from './cloud.ts';
import type { Project, User } from './demo-identity.ts';
import { iamError } from './errors.ts';
import type { IssuedToken } from './tokens.ts';

/** The part of a token request that the password method has. */
interface TokenRequest {
  auth?: {
    identity?: {
      methods?: unknown;
      password?: {
        user?: { name?: unknown; password?: unknown; domain?: { name?: unknown } };
      };
    };
    scope?: {
      project?: { id?: unknown; name?: unknown };
      domain?: { name?: unknown };
    };
  };
}

/** `POST /v3/auth/tokens` with user name and password; the token comes in a header. */
export function issueToken(cloud: Cloud, call: IncomingCall): Answer {
  const auth = readRequest(call.body)?.auth;
  const given = auth?.identity?.password?.user;
  const methods = auth?.identity?.methods;
  if (!Array.isArray(methods) || !methods.includes('password') || given === undefined) {
    return iamError(400, 'IAM.0011', 'The request body is invalid.');
  }
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
  const token = cloud.tokens.issue(user, project);
  return { status: 201, headers: { 'x-subject-token': token.text }, body: describe(token) };
}

function readRequest(body: string): TokenRequest | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
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

function describe({ user, project, issuedAt, expiresAt }: IssuedToken): unknown {
  const domain = { id: domainId(user.domain), name: user.domain };
  return {
    token: {
      methods: ['password'],
      issued_at: microseconds(issuedAt),
      expires_at: microseconds(expiresAt),
      user: { id: domainId(user.username), name: user.username, domain },
      ...(project === undefined ? { domain } : { project: { ...project, domain } }),
      roles: [],
      catalog: [],
    },
  };
}

/** IAM writes times with six decimals. */
function microseconds(time: number): string {
  return new Date(time).toISOString().replace('Z', '000Z');
}

function domainId(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(32, '0').slice(0, 32);
}

/** `GET /v3/projects?name=`: how a project's id is found from its region. */
export function listProjects(cloud: Cloud, call: IncomingCall): Answer {
  const { name } = call.query;
  const projects = cloud.projects
    .filter((one) => name === undefined || one.name === name)
    .map((one) => ({ id: one.id, name: one.name, enabled: true, is_domain: false }));
  return { status: 200, body: { projects, links: { next: null, previous: null } } };
}
