import pLimit from 'p-limit';
import { addRequests, type RequestCounts, type Summary } from '../model/summary.ts';
import type { InstanceResult } from './clean-fleet-instance.ts';
import type { ObjectStore } from './object-store.ts';
import type { FleetSummary } from './summarise.ts';
import type { FleetItem, Worklist } from './worklist.ts';

/** Objects that are read at once. */
const READS = 64;

/** An instance of a target. */
type Place = Pick<FleetItem, 'target' | 'id'>;

/**
 * The objects that one run of a fleet keeps: its worklist, the instances of each round, what became of each of them,
 * and what ended a target. A round is one pass of the state machine over instances: the first is 0,
 * and each redrive of a failed run is another one.
 */
export class RunObjects {
  readonly #store: ObjectStore;
  readonly #base: string;

  constructor(store: ObjectStore, runId: string) {
    this.#store = store;
    this.#base = `runs/${runId}`;
  }

  writeWorklist(worklist: Worklist): Promise<void> {
    return this.#store.write(`${this.#base}/worklist.json`, worklist);
  }

  /** @throws {Error} when there is none, which the state machine rules out. */
  async worklist(): Promise<Worklist> {
    const worklist = await this.#store.read(`${this.#base}/worklist.json`);
    if (worklist === undefined) throw new Error(`${this.#base} holds no worklist; start a new run`);
    return worklist as Worklist;
  }

  /** @returns the key under which the state machine finds them. */
  async writeItems(round: number, lane: number, items: readonly FleetItem[]): Promise<string> {
    const key = `${this.#base}/items/${round}-${lane}.json`;
    await this.#store.write(key, items);
    return key;
  }

  async result(place: Place): Promise<InstanceResult | undefined> {
    return (await this.#store.read(this.#resultKey(place))) as InstanceResult | undefined;
  }

  /** @param places whose results are wanted, in this order. */
  results(places: readonly Place[]): Promise<(InstanceResult | undefined)[]> {
    const limit = pLimit(READS);
    return Promise.all(places.map((place) => limit(() => this.result(place))));
  }

  writeResult(place: Place, result: InstanceResult): Promise<void> {
    return this.#store.write(this.#resultKey(place), result);
  }

  /** The failure that ended a target in this round, if any. */
  async failure(round: number, target: string): Promise<InstanceResult['failure']> {
    const found = await this.#store.read(this.#failureKey(round, target));
    return found as InstanceResult['failure'];
  }

  writeFailure(
    round: number,
    target: string,
    failure: NonNullable<InstanceResult['failure']>,
  ): Promise<void> {
    return this.#store.write(this.#failureKey(round, target), failure);
  }

  /** The summary of a round, where it was written before. */
  async summary(round: number): Promise<FleetSummary | undefined> {
    const summary = (await this.#store.read(this.#summaryKey(round))) as Summary | undefined;
    if (!summary) return undefined;
    const requests = (await this.#store.read(this.#requestsKey(round))) as RequestCounts[];
    const countsOf = (index: number) => requests[index] ?? addRequests([]);
    return {
      summary,
      requests: new Map(summary.targets.map((target, index) => [target, countsOf(index)])),
    };
  }

  /** @returns the key under which it is kept. */
  async writeSummary(round: number, { summary, requests }: FleetSummary): Promise<string> {
    const key = this.#summaryKey(round);
    await this.#store.write(this.#requestsKey(round), [...requests.values()]);
    await this.#store.write(key, summary);
    return key;
  }

  #summaryKey(round: number): string {
    return `${this.#base}/summary-${round}.json`;
  }

  /** Those of each target, in the order of the summary. */
  #requestsKey(round: number): string {
    return `${this.#base}/requests-${round}.json`;
  }

  #resultKey({ target, id }: Place): string {
    return `${this.#base}/results/${encodeURIComponent(target)}/${encodeURIComponent(id)}.json`;
  }

  #failureKey(round: number, target: string): string {
    return `${this.#base}/failures/${round}/${encodeURIComponent(target)}.json`;
  }
}
