import type { Account } from './account.ts';

/** A statement of an IAM policy, as it is deployed. */
export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

/** The stack that is deployed, as the AWS CLI shows it. */
export interface Stack {
  /** The names of its resources on AWS, by those in the template. */
  readonly names: ReadonlyMap<string, string>;
  /** What each role allows, by the role's name in the template. */
  readonly roles: ReadonlyMap<string, readonly Statement[]>;
}

interface RoleDetail {
  readonly RoleName: string;
  readonly RolePolicyList: readonly { PolicyDocument: string | { Statement: Statement[] } }[];
  readonly AttachedManagedPolicies: readonly unknown[];
}

/** @throws where a role has a managed policy, which nothing here would look into. */
export async function readStack({ aws }: Account, name: string): Promise<Stack> {
  const { StackResourceSummaries: resources } = await aws<{
    StackResourceSummaries: { LogicalResourceId: string; PhysicalResourceId: string }[];
  }>('cloudformation', 'list-stack-resources', '--stack-name', name);
  const names = new Map(
    resources.map((one) => [one.LogicalResourceId, one.PhysicalResourceId] as const),
  );
  const { RoleDetailList: details } = await aws<{ RoleDetailList: RoleDetail[] }>(
    'iam',
    'get-account-authorization-details',
    '--filter',
    'Role',
  );
  const roles = new Map<string, Statement[]>();
  for (const [id, physical] of names) {
    const found = details.find(({ RoleName }) => RoleName === physical);
    if (!found) continue;
    if (found.AttachedManagedPolicies.length > 0) throw new Error(`${id} has a managed policy`);
    const statements = found.RolePolicyList.flatMap(({ PolicyDocument: document }) => {
      const policy = typeof document === 'string' ? JSON.parse(document) : document;
      return policy.Statement as Statement[];
    });
    roles.set(id, statements);
  }
  return { names, roles };
}
