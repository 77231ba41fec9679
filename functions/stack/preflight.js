// Adds nothing: a serverless plugin that refuses to package or deploy what would fail at night: a policy
// that is wrong, a secret that may not be read or is not there, a setting that nobody understands.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { build } from 'esbuild';
import { listOf } from './from-params.js';

const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'];
/** An alarm looks back seven days at most, and one of them looks at three periods. */
const MAX_PERIOD = 172_800;
/** Seconds that a run needs beside those in which it may delete nothing. */
const LEAST_WORK = 5;
/** The most days that a rule of S3 takes. */
const MAX_DAYS = 2_147_483_647;
/** Days for which Step Functions redrives an execution. */
const REDRIVE_DAYS = 14;
const SECONDS = { minute: 60, hour: 3_600, day: 86_400 };

export default class Preflight {
  constructor(serverless, _options, { log } = {}) {
    this.serverless = serverless;
    this.log = log;
    this.hooks = {
      'before:package:initialize': () => this.checkSettings(),
      'before:deploy:deploy': () => this.checkSecretsExist(),
    };
  }

  get #settings() {
    return this.serverless.service.custom.preflight;
  }

  async checkSettings() {
    const { loadPolicy, readSettings, readTextFile } = await programOf(this.serverless.serviceDir);
    const settings = this.#settings;
    const { environment } = this.serverless.service.provider;
    const problems = findProblems(settings);
    problems.push(
      ...problemsOf(() => {
        // Values that CloudFormation fills in are not known yet.
        const known = (value) => (typeof value === 'object' ? '' : String(value ?? ''));
        const text = (name) => [name, known(environment[name])];
        const read = readSettings(Object.fromEntries(Object.keys(environment).map(text)));
        problems.push(...findShortTimeout(settings, read.stopBeforeEnd));
      }),
    );
    const file = join(this.serverless.serviceDir, settings.policy);
    const { text, problem } = await readTextFile(file).then(
      (text) => ({ text }),
      (error) => ({ problem: describeReadError(error, settings.policy) }),
    );
    if (problem) problems.push(problem);
    else {
      problems.push(
        ...problemsOf(() => {
          const policy = loadPolicy(text, settings.policy);
          problems.push(
            ...findMissingSecrets(policy, listOf(settings.secrets), settings.policy),
            ...findArchiveProblems(policy, String(settings.archive) === 'true', settings.policy),
          );
        }),
      );
    }
    this.#refuse(problems);
  }

  /** Looks whether the secrets are there; reads none of them. */
  async checkSecretsExist() {
    const provider = this.serverless.getProvider('aws');
    const client = new SecretsManagerClient({
      region: provider.getRegion(),
      credentials: provider.getAwsSdkV3CredentialsProvider(),
      maxAttempts: 2,
    });
    const problems = [];
    for (const secret of listOf(this.#settings.secrets)) {
      try {
        const { DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId: secret }));
        if (DeletedDate) problems.push(`secrets: ${secret} is scheduled for deletion`);
      } catch (error) {
        if (error.name === 'ResourceNotFoundException') {
          problems.push(
            `secrets: ${secret} does not exist in ${provider.getRegion()}; create it first`,
          );
        } else {
          this.log?.warning(
            `preflight: could not check whether ${secret} exists: ${error.message}`,
          );
        }
      }
    }
    client.destroy();
    this.#refuse(problems);
  }

  #refuse(problems) {
    if (problems.length === 0) return;
    const stage = this.serverless.getProvider('aws').getStage();
    const list = problems.map((problem) => `  - ${problem}`).join('\n');
    throw new this.serverless.classes.Error(
      `Stage ${stage} is not deployed, since it could not run (see params in serverless.yml):\n${list}`,
      'PREFLIGHT',
    );
  }
}

/** Checks each value on its own. */
export function findProblems({
  secretsKey,
  schedule,
  timezone,
  period,
  alarmEmail,
  reportEmail,
  logLevel,
  timeout,
  archive,
  archiveDays,
  fleet,
}) {
  const problems = [];
  const expect = (fine, problem) => fine || problems.push(problem);
  expect(
    secretsKey === '' || /^arn:[^:]+:kms:[^:]+:\d{12}:key\/\S+$/.test(secretsKey),
    `secretsKey: expected the ARN of a KMS key (not of an alias) or '', found ${secretsKey}`,
  );
  expect(isTimezone(timezone), `timezone: ${timezone} is not an IANA name such as Europe/Berlin`);
  expect(
    Number.isInteger(Number(period)) && period % 60 === 0 && period >= 60 && period <= MAX_PERIOD,
    `period: expected whole minutes in seconds, ${MAX_PERIOD} at most, found ${period}`,
  );
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule) ?? [];
  expect(
    !unit || count * SECONDS[unit] <= period,
    `period: ${schedule} runs every ${count * SECONDS[unit]} seconds, but period says ${period}`,
  );
  for (const [name, address] of Object.entries({ alarmEmail, reportEmail })) {
    expect(
      address === '' || /^[^\s@]+@[^\s@]+$/.test(address),
      `${name}: expected an address or '', found ${address}`,
    );
  }
  expect(
    LOG_LEVELS.includes(logLevel),
    `logLevel: expected ${LOG_LEVELS.join(', ')}, found ${logLevel}`,
  );
  expect(timeout >= 10 && timeout <= 900, `timeout: expected 10 to 900 seconds, found ${timeout}`);
  expect(/^(true|false)$/.test(archive), `archive: expected true or false, found ${archive}`);
  const isRedriven = String(fleet) === 'true' && String(archive) === 'true';
  const leastDays = isRedriven ? REDRIVE_DAYS + 1 : 1;
  expect(
    isWhole(archiveDays, leastDays, MAX_DAYS),
    `archiveDays: expected a whole number from ${leastDays} to ${MAX_DAYS}, found ${archiveDays}${
      isRedriven
        ? `; a run of the fleet can be redriven for ${REDRIVE_DAYS} days, and does not archive again what it archived before`
        : ''
    }`,
  );
  expect(/^(true|false)$/.test(fleet), `fleet: expected true or false, found ${fleet}`);
  return problems;
}

/** Without time to delete, a run deletes nothing, and nobody notices. */
function findShortTimeout({ timeout, stopBeforeEnd: text }, stopBeforeEnd) {
  if (stopBeforeEnd === undefined || stopBeforeEnd / 1_000 + LEAST_WORK <= timeout) return [];
  return [
    `stopBeforeEnd: ${text} of a timeout of ${timeout} seconds leaves no time to delete; make it at least ${LEAST_WORK} seconds shorter than the timeout`,
  ];
}

/** Secrets that the policy names and the function may not read, and targets that name none. */
export function findMissingSecrets({ targets }, secrets, file) {
  const problems = [];
  for (const { name, credentials } of targets) {
    const secret = credentials?.secret;
    if (secret === undefined) {
      problems.push(
        `${file}: target ${name} names no secret, but on AWS there are no credentials in the environment; write credentials: { secret: … }`,
      );
    } else if (!secrets.some((listed) => isSame(listed, secret))) {
      problems.push(
        `secrets: ${file} names ${secret} for target ${name}; add it to params.secrets`,
      );
    }
  }
  return [...new Set(problems)];
}

/** An archive that the functions could not write to: a folder of theirs is gone after a run. */
export function findArchiveProblems({ archive }, hasOwn, file) {
  if (!archive) return [];
  if ('folder' in archive) {
    return [
      `${file}: archive is a folder, but a function loses its folders after a run; set params.archive to true, and leave archive out of the policy`,
    ];
  }
  if (hasOwn) return [];
  return [
    `${file}: archive is s3://${archive.bucket}, where the functions' role may not write; set params.archive to true for a bucket of the stage's own`,
  ];
}

/** A name and the ARN of that name are the same secret. */
function isSame(one, other) {
  const nameOf = (secret) => /^arn:[^:]+:secretsmanager:[^:]*:\d*:secret:(.+)$/.exec(secret)?.[1];
  if (one === other) return true;
  const [arn, name] = nameOf(one) ? [one, other] : [other, one];
  return nameOf(arn)?.replace(/-[A-Za-z0-9]{6}$/, '') === name;
}

/** A number, or its digits as `--param` gives them. */
function isWhole(value, min, max) {
  return /^\d+$/.test(value) && value >= min && value <= max;
}

function isTimezone(name) {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function problemsOf(check) {
  try {
    check();
    return [];
  } catch (error) {
    return error.message.split('\n');
  }
}

/** Why the policy cannot be read, and what to do. */
function describeReadError({ name, code, message }, policy) {
  if (name === 'TextFileError') return message;
  if (code === 'ENOENT') {
    return `policy: there is no file ${policy} in this folder; let "task-janitor init --output ${policy}" write it, or correct params.policy`;
  }
  return `policy: ${policy} cannot be read (${code}); correct params.policy`;
}

/** The functions' own code that is needed here, bundled, since not every Node reads TypeScript. */
async function programOf(serviceDir) {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { loadPolicy } from './lib/policy/load.ts';
        export { readTextFile } from './lib/files/text-file.ts';
        export { readSettings } from './lib/run/settings.ts';`,
      resolveDir: serviceDir,
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    logLevel: 'silent',
  });
  const module = { exports: {} };
  const require = createRequire(join(serviceDir, 'package.json'));
  new Function('module', 'exports', 'require', outputFiles[0].text)(
    module,
    module.exports,
    require,
  );
  return module.exports;
}
