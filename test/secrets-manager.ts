import { AWS_KEYS } from './environment.ts';
import { serve } from './serve.ts';

/** The value of a secret: a text, bytes, or the service's error in its place. */
export type Kept = string | Uint8Array | { error: string; message?: string; status?: number };

/** A running Secrets Manager, as far as reading one secret goes. */
export interface FakeSecretsManager {
  readonly url: string;
  /** May be changed while running. */
  readonly secrets: Record<string, Kept>;
  /** The secret that each request asked for, and the region that it was signed for. */
  readonly asked: { secretId: string; region: string | undefined }[];
  /** Environment variables that make the AWS SDK ask here. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts an HTTP server that speaks `secretsmanager.GetSecretValue` of AWS JSON 1.1. */
export async function startSecretsManager(
  secrets: Record<string, Kept> = {},
): Promise<FakeSecretsManager> {
  const asked: FakeSecretsManager['asked'] = [];
  const { url, close } = await serve(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const answer = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(value));
    };
    if (request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') {
      return answer(400, { __type: 'UnknownOperationException' });
    }
    const { SecretId: secretId } = JSON.parse(body) as { SecretId: string };
    const [, region] =
      /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
    asked.push({ secretId, region });
    const kept = secrets[secretId] ?? {
      error: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret.",
    };
    if (typeof kept === 'string') return answer(200, { Name: secretId, SecretString: kept });
    if (kept instanceof Uint8Array) {
      return answer(200, { Name: secretId, SecretBinary: Buffer.from(kept).toString('base64') });
    }
    answer(kept.status ?? 400, { __type: kept.error, Message: kept.message ?? '' });
  });
  return {
    url,
    secrets,
    asked,
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'eu-central-1',
      ...AWS_KEYS,
    },
    close,
  };
}
