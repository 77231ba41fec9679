import type { AccessKey, Agency, Project, User } from './demo-identity.ts';
import type { Estate } from './estate.ts';
import type { Faults } from './faults.ts';
import type { Issued, IssuedToken, TemporaryKey } from './issued.ts';
import type { Query } from './query.ts';
import type { Route } from './routes.ts';
import type { Family, ServiceName } from './services.ts';
import type { SignedRequest } from './signature.ts';
import type { Switches } from './switches.ts';

/** Everything that the operations of one emulator work on. */
export interface Cloud {
  readonly estate: Estate;
  readonly switches: Switches;
  readonly faults: Faults;
  readonly accessKeys: AccessKey[];
  readonly users: User[];
  readonly projects: Project[];
  readonly agencies: Agency[];
  readonly tokens: Issued<IssuedToken>;
  readonly tokenLifetimeMs: number;
  readonly temporaryKeys: Issued<TemporaryKey>;
  readonly now: () => number;
  readonly verify: boolean;
  /** The family that answers where nothing in a request tells which. */
  readonly defaultFamily: Family;
}

/** An answer to the client, before it is put on the wire. */
export interface Answer {
  status: number;
  /** Lower-case names; `content-type` and `content-length` are added on sending. */
  headers?: Record<string, string>;
  /** A string is sent as it is, anything else as JSON, undefined as no body at all. */
  body?: unknown;
  /** Whether this request took a record out of the list (or marked it DELETED). */
  deleted?: boolean;
}

/** One request, read and routed. */
export interface IncomingCall {
  readonly wire: SignedRequest;
  readonly route: Route;
  readonly query: Query;
  /** The body as text. */
  readonly body: string;
  /** 32 hexadecimal digits, sent as `x-request-id`. */
  readonly requestId: string;
  readonly service: ServiceName | undefined;
  /** Its error bodies are the ones that this request gets, unless it asks IAM. */
  readonly family: Family;
  /** Those of the cloud, for the form of its errors. */
  readonly switches: Switches;
}
