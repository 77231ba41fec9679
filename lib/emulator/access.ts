import { callerOf, homeOf } from './caller.ts';
import type { Answer, Cloud, IncomingCall } from './cloud.ts';
import { gatewayError, iamError, serviceError } from './errors.ts';
import { isOfIam } from './routes.ts';
import { bodyOnDelete, parseAuthorization, signatureRefusal } from './signature.ts';

/** The gateway's check of who is calling: undefined lets the request through. */
export function refuseAccess(cloud: Cloud, call: IncomingCall): Answer | undefined {
  const { wire, route } = call;
  const isSigned = wire.headers.authorization !== undefined;
  if (route.operation === 'delete-task' && wire.body.length > 0) {
    if (isSigned) return unauthorised(call, bodyOnDelete(wire));
    return gatewayError(call, 400, '0201', 'Bad request: a body');
  }
  if (!cloud.verify || route.operation === 'token') return undefined;
  const { authentication } = cloud.switches;
  const token = wire.headers['x-auth-token'];
  if (token !== undefined && authentication !== 'signature') {
    return refuseToken(cloud, call, token);
  }
  if (authentication === 'token') return unauthorised(call, 'token is missing');
  return refuseSignature(cloud, call) ?? refuseAccount(cloud, call);
}

function refuseSignature(cloud: Cloud, call: IncomingCall): Answer | undefined {
  const { wire } = call;
  const { accessKey = '' } = parseAuthorization(wire.headers.authorization ?? '') ?? {};
  const temporary = cloud.temporaryKeys.find(accessKey);
  if (temporary && cloud.temporaryKeys.hasExpired(temporary)) {
    return unauthorised(call, 'verify security token fail, it has expired');
  }
  const keys = temporary ? [temporary] : cloud.accessKeys;
  const refusal = signatureRefusal(wire, keys, cloud.now());
  return refusal === undefined ? undefined : unauthorised(call, refusal);
}

/** A key opens only the projects of its own account. */
function refuseAccount(cloud: Cloud, call: IncomingCall): Answer | undefined {
  const project = cloud.projects.find(({ id }) => id === call.route.projectId);
  if (project === undefined) return undefined;
  if ((project.domain ?? homeOf(cloud)) === callerOf(cloud, call).domain) return undefined;
  return serviceError(call, 'project-mismatch');
}

function refuseToken(cloud: Cloud, call: IncomingCall, text: string): Answer | undefined {
  const token = cloud.tokens.find(text);
  if (token === undefined) return unauthorised(call, 'decrypt token fail');
  if (cloud.tokens.hasExpired(token)) {
    switch (call.switches.expiredToken) {
      case 'service':
        if (isOfIam(call.route.operation)) {
          return iamError(401, 'IAM.0066', 'The token has expired.');
        }
        return serviceError(call, 'token-expired');
      case 'decrypt-token-fail':
        return unauthorised(call, 'decrypt token fail');
      case 'token-must-be-updated':
        return gatewayError(call, 401, '0307', 'The token must be updated.');
    }
  }
  const { projectId } = call.route;
  if (projectId !== undefined && token.project?.id !== projectId) {
    return serviceError(call, 'project-mismatch');
  }
  return undefined;
}

function unauthorised(call: IncomingCall, reason: string): Answer {
  return gatewayError(call, 401, '0301', `Incorrect IAM authentication information: ${reason}`);
}
