import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isMap, LineCounter, parseDocument } from 'yaml';
import { readTextFile, TextFileError } from '../files/text-file.ts';
import { FormatError } from '../model/error.ts';
import { parseOrigin } from '../model/origins.ts';
import { isObject, visible } from '../model/text.ts';
import { type Credentials, CredentialsError, chooseCredentials } from './credentials.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Fields = Readonly<Record<string, unknown>>;

/**
 * Credentials in an entry of `clouds.yaml`, found as OpenStack's clients find it. `secure.yaml` is laid over it.
 * @param env where the paths are looked up.
 * @param warn is told of a file that others can read.
 * @throws {CredentialsError} where the file, the entry or a part of it is missing; never with a value of it.
 */
export async function readProfile(
  profile: string,
  env: Env,
  warn: (message: string) => void = () => {},
): Promise<Credentials> {
  const clouds = await findFile('clouds', env.OS_CLIENT_CONFIG_FILE, env, warn);
  if (!clouds) {
    const places = pathsOf('clouds', env.OS_CLIENT_CONFIG_FILE, env);
    throw new CredentialsError(
      `there is no clouds.yaml for profile ${profile}: looked for ${places.join(', ')}`,
    );
  }
  const secure = await findFile('secure', env.OS_CLIENT_SECURE_FILE, env, warn);
  return credentialsOf(profile, clouds, secure);
}

/** A file of profiles. */
interface CloudsFile {
  readonly path: string;
  readonly clouds: Fields;
  /** Where an entry stands: `path:line:column`, or the path alone where there is no such entry. */
  placeOf(profile: string): string;
}

const EXPECTED = 'username, password and user_domain_name under auth, or ak and sk';

function credentialsOf(
  profile: string,
  file: CloudsFile,
  secure: CloudsFile | undefined,
): Credentials {
  const entry = file.clouds[profile];
  const where = file.placeOf(profile);
  if (entry === undefined) {
    const names = Object.keys(file.clouds).map(visible);
    const there = names.length > 0 ? names.join(', ') : 'none';
    throw new CredentialsError(`${where}: there is no profile ${profile}; the file has: ${there}`);
  }
  const merged = overlay(entry, secure?.clouds[profile]);
  const source = `${where}: profile ${profile}`;
  const { auth, auth_type: type } = isObject(merged) ? merged : {};
  const fields = isObject(auth) ? auth : {};
  const part = (name: string) => {
    const value = fields[name] ?? undefined;
    if (value !== undefined && typeof value !== 'string') {
      throw new CredentialsError(`${source}: ${name} is not text: put it in quotes`);
    }
    return [name, value] as const;
  };
  const none = ['', undefined] as const;
  const ofKeys = part('ak')[1] !== undefined || part('sk')[1] !== undefined;
  if (!ofKeys && type !== undefined && type !== 'password' && type !== 'v3password') {
    throw new CredentialsError(
      `${source}: its auth_type cannot be used here: expected ${EXPECTED}`,
    );
  }
  const byId = part('user_domain_name')[1] === undefined && part('user_domain_id')[1] !== undefined;
  // Some entries hold both, for different clients. Keys are taken: they need no token for each project.
  const parts = {
    accessKey: ofKeys ? part('ak') : none,
    secretKey: ofKeys ? part('sk') : none,
    securityToken: ofKeys ? part('security_token') : none,
    username: ofKeys ? none : part('username'),
    password: ofKeys ? none : part('password'),
    domain: ofKeys ? none : part(byId ? 'user_domain_id' : 'user_domain_name'),
  };
  const found = chooseCredentials(source, EXPECTED, (each) => parts[each]);
  const [, url] = part('auth_url');
  return {
    ...found,
    ...(byId && 'password' in found && { domainIsId: true }),
    ...(url !== undefined && { iamEndpoint: readAuthUrl(url, source) }),
  };
}

/** The origin of `https://host:443/v3`: clients write the version's path too. */
function readAuthUrl(url: string, source: string): string {
  try {
    return parseOrigin(url.replace(/\/(v3\/?)?$/, ''));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new CredentialsError(`${source}: auth_url: ${error.message}`);
  }
}

/** Key by key, as far down as there are mappings. */
function overlay(below: unknown, above: unknown): unknown {
  if (above === undefined) return below;
  if (!isObject(below) || !isObject(above)) return above;
  const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries([...keys].map((key) => [key, overlay(below[key], above[key])]));
}

/** Bytes. */
const MAX_FILE = 1_000_000;

/** The first of the paths at which there is a file wins; `undefined` where there is none. */
async function findFile(
  kind: 'clouds' | 'secure',
  named: string | undefined,
  env: Env,
  warn: (message: string) => void,
): Promise<CloudsFile | undefined> {
  for (const path of pathsOf(kind, named, env)) {
    let text: string;
    try {
      const found = await stat(path);
      if (!found.isFile() && !found.isDirectory()) {
        throw new CredentialsError(`${path} is no regular file, and is not read; name one that is`);
      }
      if (found.size > MAX_FILE) {
        throw new CredentialsError(`${path} is larger than 1 MB, so it is no clouds.yaml`);
      }
      text = await readTextFile(path);
      if (process.platform !== 'win32' && (found.mode & 0o044) !== 0) {
        warn(`${path} holds credentials and can be read by others: chmod 600 ${path}`);
      }
    } catch (error) {
      if (error instanceof CredentialsError) throw error;
      if (error instanceof TextFileError) throw new CredentialsError(error.message, error);
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') continue;
      throw new CredentialsError(`${path} cannot be read (${code})`, error);
    }
    return readFileOf(path, text);
  }
  return undefined;
}

function readFileOf(path: string, text: string): CloudsFile {
  const lines = new LineCounter();
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    // Otherwise it prints what it makes of a password that is written like a mapping.
    logLevel: 'error',
  });
  const [mistake] = document.errors;
  // The parser's message may quote what it read.
  if (mistake) throw new CredentialsError(`${placeAt(mistake.pos[0])}: not YAML (${mistake.code})`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch {
    throw new CredentialsError(`${path}: its YAML cannot be read; check its aliases and merges`);
  }
  const clouds = isObject(value) ? value.clouds : undefined;
  if (!isObject(clouds)) throw new CredentialsError(`${path}: it has no mapping named clouds`);
  const node = document.get('clouds');
  return {
    path,
    clouds,
    placeOf: (profile) => {
      const entry = isMap(node) ? node.get(profile, true) : undefined;
      const range = (entry as { range?: readonly number[] } | undefined)?.range;
      return range ? placeAt(range[0] as number) : path;
    },
  };
}

/** `undefined` where the user has none: a container may run as a user that its machine does not know. */
function userHome(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

function pathsOf(kind: 'clouds' | 'secure', named: string | undefined, env: Env): string[] {
  const home = env.HOME || userHome();
  const underHome =
    process.platform === 'darwin'
      ? ['Library/Application Support/openstack', '.config/openstack']
      : ['.config/openstack'];
  const folders = [
    '.',
    ...(env.XDG_CONFIG_HOME ? [join(env.XDG_CONFIG_HOME, 'openstack')] : []),
    ...(home === undefined ? [] : underHome.map((folder) => join(home, folder))),
    '/etc/openstack',
  ];
  const found = folders.flatMap((folder) =>
    ['yaml', 'yml', 'json'].map((ending) => join(folder, `${kind}.${ending}`)),
  );
  return named ? [named, ...found] : found;
}
