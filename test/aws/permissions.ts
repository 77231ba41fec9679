import { runSimulation } from '@cloud-copilot/iam-simulate';
import { ACCOUNT } from './account.ts';
import type { Call } from './calls.ts';
import type { Statement } from './stack.ts';

/** One permission: what a statement of a role has, with one action and one resource. */
interface Permission extends Statement {
  readonly Action: string;
  readonly Resource: string;
}

/**
 * Whether IAM allows a call, as an interpreter of its policies has it.
 * @param resourcePolicy that of the called resource, where it has one.
 * @throws where the policies are none, or action, resource and context do not fit each other.
 */
export async function isAllowed(
  statements: readonly Statement[],
  { action, resource, context }: Call,
  resourcePolicy?: object,
): Promise<boolean> {
  const answer = await runSimulation(
    {
      request: {
        principal: `arn:aws:sts::${ACCOUNT}:assumed-role/role/session`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: { 'aws:SecureTransport': 'true', ...context },
      },
      identityPolicies: [
        { name: 'role', policy: { Version: '2012-10-17', Statement: statements } },
      ],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy,
    },
    {},
  );
  if (answer.resultType === 'error') {
    throw new Error(`${action} on ${resource}: ${JSON.stringify(answer.errors)}`);
  }
  return answer.overallResult === 'Allowed';
}

/** The permissions that a role has, each by itself. */
function permissionsOf(statements: readonly Statement[]): Permission[] {
  return statements.flatMap((statement) =>
    [statement.Action]
      .flat()
      .flatMap((Action) =>
        [statement.Resource].flat().map((Resource) => ({ ...statement, Action, Resource })),
      ),
  );
}

/** The permissions of which any could be taken away, and all calls would still be allowed. */
export async function superfluous(
  statements: readonly Statement[],
  calls: readonly Call[],
  resourcePolicy: (call: Call) => object | undefined,
): Promise<string[]> {
  const permissions = permissionsOf(statements);
  const found: string[] = [];
  for (const one of permissions) {
    const others = permissions.filter((other) => other !== one);
    // Only calls of this action can depend on it.
    const concerned = calls.filter(({ action }) => action === one.Action);
    const allowed = await Promise.all(
      concerned.map((call) => isAllowed(others, call, resourcePolicy(call))),
    );
    if (allowed.every(Boolean)) found.push(`${one.Action} on ${one.Resource}`);
  }
  return found;
}
