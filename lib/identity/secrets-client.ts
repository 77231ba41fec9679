// As lib/archive/s3-client.ts: the part of the SDK's module that is used.
export { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
