import { serve } from '../serve.ts';
import { Dice, type Story } from './estate.ts';
import { lieAboutValue, nastyText, write } from './lies.ts';

/** A Secrets Manager that lies. */
export interface SecretKeeper {
  /** From now on it answers as the story has it; true where that is no lie. */
  lieFor(story: Story, credentials: object): boolean;
  close(): Promise<void>;
}

/** Codes of errors: some that the AWS SDK knows, some that it does not. */
const TYPES = [
  'ResourceNotFoundException',
  'AccessDeniedException',
  'InvalidRequestException',
  'ExpiredTokenException',
  'ThrottlingException',
  '\u001b[2JException',
  '',
  17,
];

/** Serves on a free port, and tells the AWS SDK of this process to ask there. */
export async function startSecretKeeper(): Promise<SecretKeeper> {
  let status = 200;
  let body = '';
  const { url, close } = await serve((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(body);
    });
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIALIAR',
    AWS_SECRET_ACCESS_KEY: 'liar',
    // It waits in real time between attempts.
    AWS_MAX_ATTEMPTS: '1',
  });
  return {
    close,
    lieFor: (story, credentials) => {
      const dice = new Dice(story.seed + 1);
      status = dice.chance(0.7) ? 200 : dice.pick([202, 204, 302, 400, 403, 404, 500]);
      const kept = JSON.stringify(credentials);
      // Nobody knows a secret that has not been read yet: what is said of it holds none.
      const said = () => nastyText(dice).replace(/^see .* there$/s, 'no\u001b[2J');
      const lied = () => lieAboutValue({ ...credentials }, dice);
      body = dice.pick<() => string>([
        () => JSON.stringify({ SecretString: kept }),
        () => JSON.stringify({ SecretString: kept }),
        () => JSON.stringify({ SecretString: JSON.stringify(lied()) }),
        () => write(lieAboutValue({ SecretString: kept }, dice)),
        () => JSON.stringify({ SecretString: kept.slice(0, dice.below(kept.length)) }),
        () => JSON.stringify({ SecretString: `${kept}${kept}` }),
        () => JSON.stringify({ SecretString: `[${kept}]` }),
        () => JSON.stringify({ SecretBinary: Buffer.from(kept).toString('base64') }),
        () => JSON.stringify({ __type: dice.pick(TYPES), Message: said() }),
        () => JSON.stringify({ __type: dice.pick(TYPES), message: said() }),
        () => dice.pick(['', '{', 'null', '[]', '<html>', '['.repeat(200_000)]),
      ])();
      return status === 200 && body === JSON.stringify({ SecretString: kept });
    },
  };
}
