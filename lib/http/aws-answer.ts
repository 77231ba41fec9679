import { JanitorError } from '../model/error.ts';
import { whyNoAnswer } from './no-answer.ts';

/** The part of the answer to a PutObject that says what became of the object. */
export interface PutAnswer {
  readonly $metadata: { readonly httpStatusCode?: number | undefined };
  readonly ETag?: string | undefined;
  /** In base64; not every store gives one. */
  readonly ChecksumSHA256?: string | undefined;
}

/** As S3 and its like give one. Web servers give their pages one too, often a weak one: `W/"…"`. */
const ETAG = /^"[^"]+"$/;

/**
 * Why the answer to a PutObject, although it is no error, does not say that the object is stored; undefined where it
 * does. The SDK takes any status below 300 for a success: whatever stands in the way may have sent it.
 * @param sha256 of what was sent, in base64.
 */
export function doubtAbout(
  { $metadata, ETag, ChecksumSHA256 }: PutAnswer,
  sha256?: string,
): string | undefined {
  const { httpStatusCode: status } = $metadata;
  if (status !== 200) return `HTTP ${status}`;
  if (!ETag) return 'HTTP 200 without an ETag';
  if (!ETAG.test(ETag)) return 'HTTP 200 with an ETag such as web pages have';
  if (sha256 !== undefined && ChecksumSHA256 !== undefined && ChecksumSHA256 !== sha256) {
    return 'the checksum of something else';
  }
  return undefined;
}

/** Characters of an error's name: whatever else a server writes there is no name, and is not repeated. */
const NAME = /^[A-Za-z][\w.]{0,63}$/;

/** What the SDK calls errors whose answer gives them no name, and no text. */
const NAMELESS = /^Unknown(Error)?$/;

/** The name of an error that the SDK throws, mostly the server's own code for it; undefined where it is none. */
export function errorName(error: unknown): string | undefined {
  const { name } = error as { name?: unknown };
  const isName = typeof name === 'string' && NAME.test(name) && !NAMELESS.test(name);
  return isName ? name : undefined;
}

/** Names of errors that Secrets Manager, STS and the sources of AWS keys are known for, and of ours and the SDK's. */
// biome-ignore format: a list of words
const FAMILIAR: ReadonlySet<unknown> = new Set([
  'AccessDenied', 'AccessDeniedException', 'AnswerTooLarge', 'CredentialsProviderError', 'DecryptionFailure',
  'EncryptionFailure', 'Error', 'ExpiredToken', 'ExpiredTokenException', 'ForbiddenException', 'IDPCommunicationError',
  'IDPRejectedClaim', 'IncompleteSignature', 'IncompleteSignatureException', 'InternalFailure', 'InternalServerError',
  'InternalServerException', 'InternalServiceError', 'InvalidAction', 'InvalidClientTokenId', 'InvalidGrantException',
  'InvalidIdentityToken', 'InvalidParameterException', 'InvalidRequestException', 'InvalidSignatureException',
  'LimitExceededException', 'MalformedPolicyDocument', 'MissingAuthenticationToken',
  'MissingAuthenticationTokenException', 'NotAuthorized', 'OptInRequired', 'PackedPolicyTooLarge', 'ProviderError',
  'RegionDisabledException', 'RequestExpired', 'RequestLimitExceeded', 'ResourceNotFoundException',
  'ServiceUnavailable', 'ServiceUnavailableException', 'SignatureDoesNotMatch', 'SyntaxError', 'Throttling',
  'ThrottlingException', 'TimeoutError', 'TokenProviderError', 'TooManyRequestsException', 'TypeError',
  'UnauthorizedException', 'UnexpectedBodyError', 'UnknownOperationException', 'UnrecognizedClientException',
  'ValidationError', 'ValidationException',
]);

/** The name of an error, where it is a known one: an answer may have a secret there that nobody has read yet. */
export function familiarName(error: unknown): string | undefined {
  const name = errorName(error);
  return FAMILIAR.has(name) ? name : undefined;
}

/** The name of an error, unless there is a secret in it. */
export function harmlessName(
  error: unknown,
  revealsSecret: (text: string) => boolean,
): string | undefined {
  const name = errorName(error);
  return name !== undefined && revealsSecret(name) ? undefined : name;
}

/** Advice where another server may have answered than the one that was asked. */
export const ELSEWHERE = 'see where AWS_ENDPOINT_URL and HTTPS_PROXY lead to';

/** Instead of what the SDK says, which quotes the URL with the password that may stand in it. */
const NO_ENDPOINT =
  'AWS_ENDPOINT_URL is neither http://host nor https://host, or AWS_REGION is no region';

/**
 * Name and message of an error of the SDK where an answer came, and of an error of ours. Where no answer came, why that
 * is.
 * @param conceal takes secrets out of each of the two, so that the name stays where the message is left out.
 * @param name what is shown instead of its own name, or of its status where it has none.
 */
export function saidBy(
  error: unknown,
  conceal: (text: string) => string,
  name = errorName(error) ?? '',
): string {
  const { name: own, message, code } = error as NodeJS.ErrnoException;
  if (own === 'EndpointError' || code === 'ERR_INVALID_URL') return NO_ENDPOINT;
  if (message === 'Region is missing') return 'there is no AWS region: set AWS_REGION';
  const status = statusOf(error);
  if (!(error instanceof JanitorError) && status === undefined) return conceal(whyNoAnswer(error));
  // The SDK adds how to look into its error in a debugger.
  const said = message.includes('{error}.$response') ? 'its answer cannot be read' : message;
  return [name || (status ? `HTTP ${status}` : ''), NAMELESS.test(said) ? '' : said]
    .filter(Boolean)
    .map(conceal)
    .join(': ');
}

/** How many times a write is repeated that met another one of the same key. */
const CONFLICTS = 5;

/**
 * Repeats a write to S3 that meets another one of the same key at the same moment: S3 tells it to try again. The other
 * one may be an attempt of ours whose answer was lost.
 * @param pause is awaited before each repetition.
 * @throws whatever else the write fails with; the conflict, if it stays.
 */
export async function repeatConflicts<T>(
  write: () => Promise<T>,
  pause = async (): Promise<void> => {},
): Promise<T> {
  for (let conflicts = 0; ; conflicts += 1) {
    try {
      return await write();
    } catch (error) {
      const isConflict =
        statusOf(error) === 409 || errorName(error) === 'ConditionalRequestConflict';
      if (!isConflict || conflicts >= CONFLICTS) throw error;
    }
    await pause();
  }
}

/** Status of the answer that an error of the SDK stands for; undefined where no answer came. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
