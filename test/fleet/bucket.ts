import type { ObjectStore } from '../../lib/fleet/object-store.ts';
import type { FakeClock } from '../fake-clock.ts';

/** Things that can happen to a request to S3, once the SDK has tried it as often as it does. */
export const BUCKET_TROUBLES = [
  'error before',
  'error after',
  'hang before',
  'hang after',
] as const;
export type BucketTrouble = (typeof BUCKET_TROUBLES)[number];

/** Milliseconds after which the SDK is out of patience. */
const PATIENCE_MS = 15_000;

/** A bucket in memory, with the conditions of S3 and its troubles. */
export class Bucket implements ObjectStore {
  readonly objects = new Map<string, string>();
  /** Asked before each request. */
  trouble: (operation: keyof ObjectStore, key: string) => BucketTrouble | undefined = () =>
    undefined;
  /** Milliseconds that a request takes. */
  latency = 0;
  requests = 0;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  create(key: string, value: unknown): Promise<boolean> {
    const text = JSON.stringify(value);
    return this.#ask('create', key, () => {
      const there = this.objects.get(key);
      if (there === undefined) this.objects.set(key, text);
      return there === undefined || there === text;
    });
  }

  read(key: string): Promise<unknown> {
    return this.#ask('read', key, () => {
      const text = this.objects.get(key);
      if (text === undefined) throw new Error(`${key} could not be read: NoSuchKey`);
      return JSON.parse(text);
    });
  }

  list(prefix: string): Promise<string[]> {
    return this.#ask('list', prefix, () =>
      [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
    );
  }

  /** The documents under a prefix, in the order of their keys. */
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what is in there.
  under(prefix: string): any[] {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    return keys.map((key) => JSON.parse(this.objects.get(key) as string));
  }

  async #ask<T>(operation: keyof ObjectStore, key: string, work: () => T): Promise<T> {
    this.requests += 1;
    const trouble = this.trouble(operation, key);
    if (this.latency > 0) await this.#clock.sleep(this.latency);
    const answer = trouble?.endsWith('before') ? undefined : work();
    if (trouble?.startsWith('hang')) await this.#clock.sleep(PATIENCE_MS);
    if (trouble) throw new Error(`${key}: InternalError: ${trouble}`);
    return answer as T;
  }
}
