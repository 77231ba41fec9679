// Adds to roles.yml and topic.yml what the params secrets, secretsKey and alarmEmail ask for, always; and reads params
// for the files in the folders beside it.

/** The permission to read the stage's secrets, and to decrypt them if they have a key of their own. */
export async function secretAccess({ resolveVariable }) {
  const secrets = listOf(await resolveVariable('param:secrets'));
  const key = await resolveVariable('param:secretsKey');
  const read = {
    Effect: 'Allow',
    Action: 'secretsmanager:GetSecretValue',
    Resource: secrets.map(arnOf),
  };
  if (!key) return [read];
  // A secret may be in another region than the stack; its ARN says so.
  const viaService = [...new Set(secrets.map(regionOf))].map((region) =>
    region === undefined
      ? { 'Fn::Sub': `secretsmanager.\${AWS::Region}.amazonaws.com` }
      : `secretsmanager.${region}.amazonaws.com`,
  );
  const decrypt = {
    Effect: 'Allow',
    Action: 'kms:Decrypt',
    Resource: key,
    Condition: { StringEquals: { 'kms:ViaService': viaService } },
  };
  return [read, decrypt];
}

/** The e-mail address that the topic notifies. */
export async function subscriptions({ resolveVariable }) {
  const address = await resolveVariable('param:alarmEmail');
  return address ? [{ Protocol: 'email', Endpoint: address }] : [];
}

/** Secrets Manager ends each ARN with a hyphen and six characters of its own, which are not in the name. */
function arnOf(secret) {
  const complete = /-[A-Za-z0-9]{6}$/;
  if (secret.startsWith('arn:')) return complete.test(secret) ? secret : `${secret}-??????`;
  const account = `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}`;
  return { 'Fn::Sub': `${account}:secret:${secret}-??????` };
}

/** The region in an ARN; a secret that is given by name is in the stack's region. */
function regionOf(secret) {
  return /^arn:[^:]+:secretsmanager:([^:]+):/.exec(secret)?.[1];
}

/** Whether a param is `true`; `--param` gives text. */
export async function isOn(param, { resolveVariable }) {
  return String(await resolveVariable(`param:${param}`)) === 'true';
}

/** A list; or, as `--param` gives it, text with commas. */
export function listOf(value) {
  const items = typeof value === 'string' ? value.split(',') : (value ?? []);
  return items.map((item) => String(item).trim()).filter(Boolean);
}
