import { AWS_KEYS } from '../environment.ts';
import { serve } from '../serve.ts';

/** A trouble of one request, instead of its work or after it. */
export type S3Trouble =
  | '500'
  | 'no ETag'
  | '202'
  | 'no list'
  | 'web page'
  | 'same token'
  | 'no token'
  | 'repeats what it was asked with'
  | 'stored, then 500'
  | 'hang'
  | 'stalled'
  | 'cut short'
  | 'conflict'
  | 'in Latin-1';

/** A running S3, as far as listing keys, and reading and creating whole objects goes. */
export interface FakeS3 {
  /** Texts by `bucket/key`. */
  readonly objects: Map<string, string>;
  /** Bucket whose every request is refused. */
  forbidden: string | undefined;
  /** Troubles of the next requests, one for each. */
  readonly troubles: S3Trouble[];
  /** Called when a request is left without an answer, or without the rest of it. */
  onHang: () => void;
  readonly url: string;
  /** Environment variables that make the AWS SDK ask here. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts an HTTP server that speaks `GetObject`, `PutObject` and `ListObjectsV2`, path-style. */
export async function startFakeS3(pageSize = 1_000): Promise<FakeS3> {
  const objects = new Map<string, string>();
  const { url, close } = await serve(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const xml = (status: number, text: string) => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(text);
    };
    const fail = (status: number, code: string) =>
      xml(status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://s3');
    const place = decodeURIComponent(pathname.slice(1));
    if (!/^AWS4-HMAC-SHA256 /.test(request.headers.authorization ?? '')) {
      return fail(403, 'AccessDenied');
    }
    const [bucket = ''] = place.split('/');
    if (bucket === fake.forbidden) return fail(403, 'AccessDenied');
    if (request.headers['content-encoding']?.includes('aws-chunked')) {
      return fail(501, 'NotImplemented');
    }
    const trouble = fake.troubles.shift();
    if (trouble === 'hang') return fake.onHang();
    if (trouble === 'repeats what it was asked with') {
      return fail(400, `Odd${request.headers['x-amz-security-token']}`);
    }
    if (trouble === '500') return fail(500, 'InternalError');
    if (trouble === 'conflict') return fail(409, 'ConditionalRequestConflict');
    if (request.method === 'PUT') {
      if (request.headers['if-none-match'] !== '*') return fail(501, 'NotImplemented');
      if (objects.has(place)) return fail(412, 'PreconditionFailed');
      objects.set(place, Buffer.concat(chunks).toString());
      if (trouble === 'stored, then 500') return fail(500, 'InternalError');
      if (trouble !== 'no ETag') response.setHeader('etag', '"1"');
      response.writeHead(trouble === '202' ? 202 : 200);
      return response.end();
    }
    if (request.method !== 'GET') return fail(405, 'MethodNotAllowed');
    if (searchParams.has('list-type')) {
      const prefix = `${bucket}/${searchParams.get('prefix')}`;
      const after = searchParams.get('continuation-token') ?? '';
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
      const page = keys.filter((key) => key > after).slice(0, pageSize);
      const more = page.at(-1) !== keys.at(-1);
      if (trouble === 'web page') return xml(200, '<!DOCTYPE>'.repeat(100_000));
      if (trouble === 'no list') return xml(200, '<html><body>please log in</body></html>');
      if (trouble === 'no token' || trouble === 'same token') {
        const token =
          trouble === 'no token' ? '' : '<NextContinuationToken>t</NextContinuationToken>';
        return xml(
          200,
          `<ListBucketResult><IsTruncated>true</IsTruncated>${token}</ListBucketResult>`,
        );
      }
      const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
      const contents = page.map(
        (key) => `<Contents><Key>${key.slice(bucket.length + 1)}</Key></Contents>`,
      );
      return xml(
        200,
        `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
      );
    }
    const text = objects.get(place);
    if (text === undefined) return fail(404, 'NoSuchKey');
    response.writeHead(200, { 'content-type': 'application/json' });
    if (trouble === 'in Latin-1') return response.end(Buffer.from(text, 'latin1'));
    if (trouble !== 'cut short' && trouble !== 'stalled') return response.end(text);
    response.write(text.slice(0, text.length / 2), () => {
      if (trouble === 'cut short') response.destroy();
      else fake.onHang();
    });
    return undefined;
  });
  const fake: FakeS3 = {
    objects,
    forbidden: undefined,
    troubles: [],
    onHang: () => {},
    url,
    env: {
      AWS_ENDPOINT_URL_S3: url,
      AWS_REGION: 'eu-central-1',
      ...AWS_KEYS,
    },
    close,
  };
  return fake;
}
