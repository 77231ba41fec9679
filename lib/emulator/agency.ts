import { randomBytes } from 'node:crypto';
import { accountId, callerOf } from './caller.ts';
import type { Answer, Cloud, IncomingCall } from './cloud.ts';
import { iamError } from './errors.ts';
import { microseconds, readAuth } from './iam.ts';

/** `POST /v3.0/OS-CREDENTIAL/securitytokens` with method `assume_role`: temporary keys of another account. */
export function assumeAgency(cloud: Cloud, call: IncomingCall): Answer {
  const asked = readAuth(call.body, 'assume_role')?.identity.assume_role;
  const { duration_seconds: seconds = 900 } = asked ?? {};
  if (
    typeof asked?.agency_name !== 'string' ||
    (asked.domain_name === undefined && asked.domain_id === undefined) ||
    !(Number.isInteger(seconds) && Number(seconds) >= 900 && Number(seconds) <= 86_400)
  ) {
    return iamError(400, 'IAM.0011', 'The request body is invalid.');
  }
  const caller = callerOf(cloud, call);
  if (!caller.mayAssume) {
    const text = "Policy doesn't allow iam:tokens:assume to be performed.";
    return iamError(403, 'IAM.0003', text);
  }
  const agency = cloud.agencies.find(
    ({ domain, name }) =>
      name === asked.agency_name &&
      (asked.domain_name === undefined
        ? asked.domain_id === accountId(domain)
        : asked.domain_name === domain),
  );
  if (agency === undefined) {
    return iamError(404, 'IAM.0004', `Could not find agency: ${asked.agency_name}.`);
  }
  if (agency.trusts !== undefined && agency.trusts !== caller.domain) {
    const text = `The agency ${agency.name} is not delegated to account ${caller.domain}.`;
    return iamError(403, 'IAM.0003', text);
  }
  const key = {
    accessKey: `HST${randomBytes(9).toString('hex').toUpperCase().slice(0, 17)}`,
    secretKey: randomBytes(20).toString('hex'),
    securityToken: `ggp${randomBytes(48).toString('base64url')}`,
    domain: agency.domain,
    expiresAt: cloud.now() + Number(seconds) * 1_000,
  };
  cloud.temporaryKeys.add(key.accessKey, key);
  const credential = {
    access: key.accessKey,
    secret: key.secretKey,
    securitytoken: key.securityToken,
    expires_at: microseconds(key.expiresAt),
  };
  return { status: 201, body: { credential } };
}
