import type { Account } from './account.ts';

/** A statement of an IAM policy, as it is deployed. */
export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: object;
}

/** A function as it is deployed. */
export interface DeployedFunction {
  /** Its role's name in the template. */
  readonly role: string;
  readonly handler: string;
  /** Seconds. */
  readonly timeout: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly logGroup: string;
  /** Bucket and key of its package. */
  readonly code: readonly [bucket: string, key: string];
}

/** The stack that is deployed, as the AWS CLI shows it. */
export interface Stack {
  /** The names of its resources on AWS, by those in the template. */
  readonly names: ReadonlyMap<string, string>;
  /** Policy statements of each role, by the role's name in the template. */
  readonly roles: ReadonlyMap<string, readonly Statement[]>;
  /** By their names on AWS. */
  readonly functions: ReadonlyMap<string, DeployedFunction>;
}

interface RoleDetail {
  readonly RoleName: string;
  readonly RolePolicyList: readonly { PolicyDocument: string | { Statement: Statement[] } }[];
  readonly AttachedManagedPolicies: readonly unknown[];
}

export async function readStack(account: Account, name: string): Promise<Stack> {
  const { StackResourceSummaries: resources } = await account.aws<{
    StackResourceSummaries: { LogicalResourceId: string; PhysicalResourceId: string }[];
  }>('cloudformation', 'list-stack-resources', '--stack-name', name);
  const names = new Map(
    resources.map((one) => [one.LogicalResourceId, one.PhysicalResourceId] as const),
  );
  const [roles, functions] = await Promise.all([
    readRoles(account, names),
    readFunctions(account, name, names),
  ]);
  return { names, roles, functions };
}

/** @throws where a role has a managed policy, which nothing here would look into. */
async function readRoles({ aws }: Account, names: Stack['names']): Promise<Stack['roles']> {
  const { RoleDetailList: details } = await aws<{ RoleDetailList: RoleDetail[] }>(
    ...['iam', 'get-account-authorization-details', '--filter', 'Role'],
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
  return roles;
}

interface FunctionConfiguration {
  readonly FunctionName: string;
  readonly Role: string;
  readonly Handler: string;
  readonly Timeout: number;
  readonly Environment: { readonly Variables: Record<string, string> };
}

/** moto shows neither the log of a function nor where its package is: the template has both. */
interface FunctionTemplate {
  readonly Code: { readonly S3Key: string };
  readonly LoggingConfig?: { readonly LogGroup: string };
}

async function readFunctions(
  { aws }: Account,
  stack: string,
  names: Stack['names'],
): Promise<Stack['functions']> {
  const [list, resources] = await Promise.all([
    aws<FunctionConfiguration[]>('lambda', 'list-functions', '--query', 'Functions[]'),
    aws<Record<string, { Type: string; Properties: FunctionTemplate }>>(
      ...['cloudformation', 'get-template', '--stack-name', stack],
      ...['--query', 'TemplateBody.Resources'],
    ),
  ]);
  const functions = new Map<string, DeployedFunction>();
  for (const [id, { Type, Properties }] of Object.entries(resources)) {
    if (Type !== 'AWS::Lambda::Function') continue;
    const found = list.find(({ FunctionName }) => FunctionName === names.get(id));
    if (!found) throw new Error(`${id} is in the template, but was not deployed`);
    const { FunctionName: name, Role, Handler: handler, Timeout: timeout, Environment } = found;
    const [role] = [...names].find(([, physical]) => Role.endsWith(`/${physical}`)) ?? [];
    if (!role) throw new Error(`${id} has a role that is not of the stack`);
    functions.set(name, {
      role,
      handler,
      timeout,
      variables: Environment.Variables,
      logGroup: Properties.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
      code: [names.get('ServerlessDeploymentBucket') as string, Properties.Code.S3Key],
    });
  }
  return functions;
}
