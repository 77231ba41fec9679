/** Codes of errors as Node writes them, their types and their names. */
const CODE = /^[A-Za-z][\w-]{0,63}$/;

const CERTIFICATE =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|INVALID_CA|HOSTNAME_MISMATCH|UNABLE_TO_(GET|VERIFY))/;

const EXPLAINED: readonly (readonly [RegExp, string])[] = [
  [/^ENOTFOUND$/, 'the name does not resolve'],
  [/^EAI_AGAIN$/, 'the name does not resolve now'],
  [/^ECONNREFUSED$/, 'nothing listens there'],
  [/^(ECONNRESET|EPIPE)$/, 'the connection was cut'],
  [/^(ERR_STREAM_PREMATURE_CLOSE|cut-off)$/, 'the answer was cut off'],
  [/^(ETIMEDOUT|TimeoutError)$/, 'no connection in time'],
  [/^AbortError$/, 'no answer in time'],
  [/^EHOSTUNREACH$/, 'no route to it'],
  [/^ENETUNREACH$/, 'no network'],
  [/^HPE_/, 'what answers there does not speak HTTP'],
  [/^(EPROTO$|ERR_SSL_)/, 'what answers there does not speak TLS, or not as we do'],
  [/^Z_/, 'the answer cannot be unpacked'],
  [/^ERR_INVALID_CHAR$/, 'what was to be sent cannot stand in a header'],
  [CERTIFICATE, 'its certificate is not trusted'],
];

/** The code of an error that came in the place of an answer; its type or its name where it has none. */
export function codeOf(error: unknown): string {
  const { code, type, name } = error as { code?: unknown; type?: unknown; name?: unknown };
  const found = code ?? type ?? name;
  return typeof found === 'string' && CODE.test(found) ? found : 'Error';
}

/** Whether a code says that the server's certificate is not trusted. */
export function isOfCertificate(code: string): boolean {
  return CERTIFICATE.test(code);
}

/**
 * Why no answer came, in our own words and by the error's code. What the error says itself is never shown: its text may
 * be a peer's, such as a line of a proxy or the names in a certificate, and may repeat a secret.
 */
export function whyNoAnswer(error: unknown): string {
  const code = codeOf(error);
  const explained = EXPLAINED.find(([codes]) => codes.test(code))?.[1];
  const advice = isOfCertificate(code)
    ? '; behind an inspecting proxy, set NODE_EXTRA_CA_CERTS'
    : '';
  return explained ? `${explained} (${code})${advice}` : code;
}
