// Adds nothing: a serverless plugin that empties the fleet's bucket, since CloudFormation deletes no bucket
// with objects in it. It does so before the stack is removed, and before a deployment with the fleet off.
// While a run is under way, both are refused: the objects say what that run has done.

import { DeleteObjectsCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';

/** Its name in functions/stack/fleet/resources.yml. */
const LOGICAL_ID = 'FleetBucket';
/**
 * Milliseconds. A run that is under way writes at least at both ends of each call, and waits 20 minutes at most for a
 * call that was killed.
 */
const LONGEST_SILENCE = 40 * 60_000;

export default class FleetBucket {
  constructor(serverless, _options, { log } = {}) {
    this.serverless = serverless;
    this.log = log;
    this.hooks = {
      'before:remove:remove': () => this.empty(),
      'before:deploy:deploy': async () => {
        if (!this.serverless.service.resources?.Resources?.[LOGICAL_ID]) await this.empty();
      },
    };
  }

  async empty() {
    const bucket = await this.#find();
    if (bucket === undefined) return;
    const provider = this.serverless.getProvider('aws');
    const client = new S3Client({
      region: provider.getRegion(),
      credentials: provider.getAwsSdkV3CredentialsProvider(),
    });
    try {
      const running = await findRunning(client, bucket);
      if (running) {
        throw new Error(
          `run ${running} is under way, or was until a moment ago; wait for its end, or stop it and try again in 40 minutes`,
        );
      }
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
        const Objects = Contents.map(({ Key }) => ({ Key }));
        if (Objects.length === 0) continue;
        const request = { Bucket: bucket, Delete: { Objects, Quiet: true } };
        const { Errors = [] } = await client.send(new DeleteObjectsCommand(request));
        const [first] = Errors;
        if (first) throw new Error(`${first.Key}: ${first.Message}`);
      }
    } catch (error) {
      throw new this.serverless.classes.Error(
        `The fleet's bucket ${bucket} could not be emptied, and CloudFormation deletes no bucket with objects: ${error.message}. It can be emptied by hand: aws s3 rm s3://${bucket} --recursive`,
        'FLEET_BUCKET_NOT_EMPTY',
      );
    } finally {
      client.destroy();
    }
    this.log?.notice(`Emptied ${bucket}, where the fleet kept what its runs did`);
  }

  /** The bucket's name; nothing, where the stack has none or is not there. */
  async #find() {
    try {
      const resources = await this.serverless.getProvider('aws').getStackResources();
      const found = resources.find(
        ({ LogicalResourceId, ResourceStatus }) =>
          LogicalResourceId === LOGICAL_ID && ResourceStatus !== 'DELETE_COMPLETE',
      );
      return found?.PhysicalResourceId;
    } catch (error) {
      if (!/does not exist/.test(error.message)) {
        this.log?.warning(
          `could not look for the fleet's bucket: ${error.message}; if there is one, empty it by hand`,
        );
      }
      return undefined;
    }
  }
}

/** A run that has written something lately, and has not been reported since. */
async function findRunning(client, bucket) {
  const newest = new Map();
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    for (const { Key, LastModified } of Contents) {
      const [, run, file] = /^runs\/([^/]+)\/(.+)$/.exec(Key) ?? [];
      const at = LastModified?.getTime() ?? 0;
      if (run !== undefined && at >= (newest.get(run)?.at ?? 0)) newest.set(run, { at, file });
    }
  }
  const found = [...newest].find(
    ([, { at, file }]) => !/^(summary|reported)-/.test(file) && Date.now() - at < LONGEST_SILENCE,
  );
  return found?.[0];
}
