import { DEMO_ACCESS_KEY } from '../../lib/emulator/demo-identity.ts';
import type { ServiceName } from '../../lib/emulator/index.ts';

/** The ways to clean up that are compared. */
export const CONTESTANTS = {
  ours: 'task-janitor',
  fleet: 'the steps of the fleet, called as its state machine does, with the bucket in memory',
  official: '@huaweicloud/huaweicloud-sdk-kafka with p-limit',
  'hand-written': 'a hand-written node-fetch loop, Promise.all over everything',
  'node-fetch': 'node-fetch alone: an agent that keeps connections, signing, nothing else',
  floor: 'bare node:http with keep-alive and signing',
} as const;
export type ContestantName = keyof typeof CONTESTANTS;

/** Where this program finds the emulator's access key. */
export const ENV = {
  HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
  HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
};

/** What a contestant has to clean: the emulator at `url`. */
export interface CleanRequest {
  readonly url: string;
  readonly service: ServiceName;
  /** Requests in flight at once. */
  readonly concurrency: number;
}

/** How one round went. */
export interface CleanReport {
  readonly deleted: number;
  readonly failed: number;
  /** Milliseconds of the whole round. */
  readonly wallMs: number;
  /** Milliseconds from the first DELETE to the last answer. */
  readonly deletingMs: number;
  /** Milliseconds of processor time, user and system, of the whole round. */
  readonly processorMs: number;
}

/** Tells what a contestant did, and when its first DELETE was about to begin. */
export interface Cleaned {
  readonly deleted: number;
  readonly failed: number;
  /** By `performance.now()`. */
  readonly deletingSince: number;
}

export type Clean = (request: CleanRequest) => Promise<Cleaned>;
