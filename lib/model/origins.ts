import { FormatError } from './error.ts';
import { groupBy } from './group-by.ts';
import { type CloudName, SERVICES, type Service, type ServiceName } from './services.ts';

/**
 * The domain of a region. Huawei Cloud Europe has one of its own: Terraform's provider uses it for
 * every region that begins with `eu-west-1`, while the SDKs name `.com` for DCS in eu-west-101; where
 * that host is the right one, a target's `endpoint` says so.
 */
function domain(cloud: CloudName, region: string): string {
  if (cloud === 'otc') {
    return region === 'eu-ch2' ? 'sc.otc.t-systems.com' : 'otc.t-systems.com';
  }
  return region.startsWith('eu-west-1') ? 'myhuaweicloud.eu' : 'myhuaweicloud.com';
}

/** Origin of a service in a region, as the cloud documents it. */
export function serviceOrigin(cloud: CloudName, service: Service, region: string): string {
  return `https://${service.host}.${region}.${domain(cloud, region)}`;
}

/** Origin of IAM in a region: where tokens and the project's id come from. */
export function iamOrigin(cloud: CloudName, region: string): string {
  return `https://iam.${region}.${domain(cloud, region)}`;
}

/** The values of a target that tell where its requests go. */
interface Address {
  readonly cloud: CloudName;
  readonly service: ServiceName;
  readonly region: string;
  readonly endpoint?: string | undefined;
}

/** Where the requests of a target go: its own endpoint, else the one that the cloud documents. */
export function targetOrigin(target: Address): string {
  const { cloud, service, region, endpoint } = target;
  return endpoint ?? serviceOrigin(cloud, SERVICES[service], region);
}

/**
 * The server of an origin, the same for every way to write its name: with a dot at the end, in capitals, with the
 * usual port, and for this machine by any of its loopback addresses. Only to compare: requests go to the origin.
 */
export function serverOf(origin: string): string {
  if (!URL.canParse(origin)) return origin;
  const { protocol, hostname, port } = new URL(origin);
  const host = hostname.replace(/\.$/, '');
  return `${protocol}//${isLoopback(host) ? 'localhost' : host}:${port}`;
}

/** Targets, those on one server together, in the order of the first on each. */
export function byServer<T extends Address>(
  targets: readonly T[],
): readonly (readonly [T, ...T[]])[] {
  return [...groupBy(targets, (target) => serverOf(targetOrigin(target))).values()];
}

/** The form of {@link parseOrigin}: scheme, host, port, and a slash at most. */
export const ORIGIN = /^https?:\/\/[^\s/?#@\\]+\/?$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a host, as a URL writes it, is this machine. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}

/**
 * Reads a URL that is an origin and nothing more (scheme, host, port) and returns it without a slash
 * at the end. https anywhere; http on loopback alone, since requests carry credentials.
 *
 * @throws {FormatError} when it is anything else; the message does not repeat it, for it may hold a password
 */
export function parseOrigin(text: string): string {
  const url = ORIGIN.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (!url) {
    throw new FormatError(
      'not the URL of a server; write https://host or https://host:port, without user, path or query',
    );
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new FormatError('http is for loopback addresses only; write https');
  }
  return url.origin;
}
