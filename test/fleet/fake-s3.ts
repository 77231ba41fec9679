import { serve } from '../serve.ts';

/** A running S3, as far as reading and writing whole objects goes. */
export interface FakeS3 {
  /** Texts by `bucket/key`. */
  readonly objects: Map<string, string>;
  /** Bucket whose every request is refused. */
  forbidden: string | undefined;
  /** What the AWS SDK reads from the environment to ask here. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts an HTTP server that speaks `GetObject` and `PutObject`, path-style. */
export async function startFakeS3(): Promise<FakeS3> {
  const objects = new Map<string, string>();
  const { url, close } = await serve(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const fail = (status: number, code: string) => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
    };
    const { pathname } = new URL(request.url ?? '', 'http://s3');
    const place = decodeURIComponent(pathname.slice(1));
    if (!/^AWS4-HMAC-SHA256 /.test(request.headers.authorization ?? '')) {
      return fail(403, 'AccessDenied');
    }
    if (place.split('/')[0] === fake.forbidden) return fail(403, 'AccessDenied');
    if (request.headers['content-encoding']?.includes('aws-chunked')) {
      return fail(501, 'NotImplemented');
    }
    if (request.method === 'PUT') {
      objects.set(place, Buffer.concat(chunks).toString());
      response.writeHead(200, { etag: '"1"' });
      return response.end();
    }
    const text = objects.get(place);
    if (request.method !== 'GET') return fail(405, 'MethodNotAllowed');
    if (text === undefined) return fail(404, 'NoSuchKey');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(text);
  });
  const fake: FakeS3 = {
    objects,
    forbidden: undefined,
    env: {
      AWS_ENDPOINT_URL_S3: url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIAFAKE',
      AWS_SECRET_ACCESS_KEY: 'fake',
    },
    close,
  };
  return fake;
}
