import type { Answer } from './answer.ts';
import { callerOf } from './caller.ts';
import type { Cloud, IncomingCall } from './cloud.ts';
import { iamError } from './errors.ts';
import { accountId } from './ids.ts';

interface AssumeRequest {
  auth?: {
    identity?: {
      methods?: unknown;
      assume_role?: {
        agency_name?: unknown;
        domain_name?: unknown;
        domain_id?: unknown;
        duration_seconds?: unknown;
      };
    };
  };
}

/** `POST /v3.0/OS-CREDENTIAL/securitytokens` with method `assume_role`: temporary keys of another account. */
export function assumeAgency(cloud: Cloud, call: IncomingCall): Answer {
  const identity = readRequest(call.body)?.auth?.identity;
  const asked = identity?.assume_role;
  const { duration_seconds: seconds = 900 } = asked ?? {};
  if (
    !Array.isArray(identity?.methods) ||
    !identity.methods.includes('assume_role') ||
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
  const key = cloud.temporaryKeys.issue(agency.domain, Number(seconds) * 1_000);
  const credential = {
    access: key.accessKey,
    secret: key.secretKey,
    securitytoken: key.securityToken,
    expires_at: new Date(key.expiresAt).toISOString().replace('Z', '000Z'),
  };
  return { status: 201, body: { credential } };
}

function readRequest(body: string): AssumeRequest | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}
