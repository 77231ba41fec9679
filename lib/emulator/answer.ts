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

/** The vendor's error code in a body: `error_code`, or `error.code` as IAM has it. */
export function errorCodeOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { error_code: code, error } = body as { error_code?: unknown; error?: { code?: unknown } };
  const found = code ?? error?.code;
  return found === undefined || found === null ? undefined : String(found);
}
