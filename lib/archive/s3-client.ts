// A module that is loaded late is bundled whole, so that the zip of the function would have all of the SDK's.
export { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
