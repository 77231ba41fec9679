/** An access key that signs requests. */
export interface AccessKey {
  accessKey: string;
  secretKey: string;
  /** Temporary keys are valid only together with this, sent as `X-Security-Token`. */
  securityToken?: string;
  /** Name of its account; that of the first user when absent. */
  domain?: string;
  /** False: its user may assume no agency. */
  mayAssume?: boolean;
}

/** A user who can get tokens. */
export interface User {
  username: string;
  password: string;
  /** Name of the account (IAM says domain). */
  domain: string;
  /** False: it may assume no agency. */
  mayAssume?: boolean;
}

/** A project: one region's share of an account, named after the region. */
export interface Project {
  id: string;
  name: string;
  /** Name of its account; that of the first user when absent. */
  domain?: string;
  /** False: it is listed so, and opens nothing. True when absent. */
  enabled?: boolean;
}

/** The right to act in the account that gave it. */
export interface Agency {
  /** Name of that account. */
  domain: string;
  name: string;
  /** Name of the account that it is delegated to; every one when absent. */
  trusts?: string;
}

/** The key that a fresh emulator accepts. It opens nothing else. */
export const DEMO_ACCESS_KEY: Readonly<AccessKey> = {
  accessKey: 'HCDEMOACCESSKEY00001',
  secretKey: 'demoSecretKeyThatOpensNothing00000000001',
};

/** The user whom a fresh emulator knows. */
export const DEMO_USER: Readonly<User> = {
  username: 'demo-janitor',
  password: 'demo-password-that-opens-nothing',
  domain: 'demo-account',
};

/** The project of every instance that is made without one. */
export const DEMO_PROJECT_ID = '0b01fbb53600d4671fa8c00673c71260';

/** The project of the estate's older instances: v1.0 and v2 of one project list the same ones. */
export const DEMO_LEGACY_PROJECT_ID = '0b01fbb53600d4671fa8c00673c71261';

/** The region that the demo project is named after. */
export const DEMO_REGION = 'eu-west-101';
