import type { Answer } from './answer.ts';
import type { Cloud, IncomingCall } from './cloud.ts';
import { gatewayError, iamError, serviceError } from './errors.ts';
import { isOfIam } from './routes.ts';
import { bodyOnDelete, verifySignature } from './signature.ts';

/** The gateway's check of who is calling: undefined lets the request through. */
export function refuseAccess(cloud: Cloud, call: IncomingCall): Answer | undefined {
  const { wire, route } = call;
  const isSigned = wire.headers.authorization !== undefined;
  if (route.operation === 'delete-task' && wire.body.length > 0) {
    if (isSigned) return unauthorised(cloud, call, bodyOnDelete(wire));
    return gatewayError(400, '0201', 'Bad request: a body', cloud.switches, call.requestId);
  }
  if (!cloud.verify || route.operation === 'token') return undefined;
  const { authentication } = cloud.switches;
  const token = wire.headers['x-auth-token'];
  if (token !== undefined && authentication !== 'signature') {
    return refuseToken(cloud, call, token);
  }
  if (authentication === 'token') return unauthorised(cloud, call, 'token is missing');
  const verdict = verifySignature(wire, cloud.accessKeys, cloud.now());
  return verdict.ok ? undefined : unauthorised(cloud, call, verdict.reason);
}

function refuseToken(cloud: Cloud, call: IncomingCall, text: string): Answer | undefined {
  const { switches } = cloud;
  const seen = cloud.tokens.look(text);
  if (seen.state === 'unknown') return unauthorised(cloud, call, 'decrypt token fail');
  if (seen.state === 'expired') {
    switch (switches.expiredToken) {
      case 'service':
        if (isOfIam(call.route.operation)) {
          return iamError(401, 'IAM.0066', 'The token has expired.');
        }
        return serviceError(call.family, 'token-expired', switches);
      case 'decrypt-token-fail':
        return unauthorised(cloud, call, 'decrypt token fail');
      case 'token-must-be-updated':
        return gatewayError(401, '0307', 'The token must be updated.', switches, call.requestId);
    }
  }
  const { projectId } = call.route;
  if (projectId !== undefined && seen.token.project?.id !== projectId) {
    return serviceError(call.family, 'project-mismatch', switches);
  }
  return undefined;
}

function unauthorised(cloud: Cloud, call: IncomingCall, reason: string): Answer {
  const text = `Incorrect IAM authentication information: ${reason}`;
  return gatewayError(401, '0301', text, cloud.switches, call.requestId);
}
