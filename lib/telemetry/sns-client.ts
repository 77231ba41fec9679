// As lib/archive/s3-client.ts: the part of the SDK's module that is used.
export { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
