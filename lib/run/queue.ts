/** First in, first out. Each step takes the same time; `shift` of an array moves all the others. */
export class Queue<T> {
  /** The first ones may be taken already. */
  readonly #items: T[];
  #taken = 0;

  constructor(items: readonly T[] = []) {
    this.#items = [...items];
  }

  /** How many wait. */
  get length(): number {
    return this.#items.length - this.#taken;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The one that has waited longest; `undefined` where none waits. */
  take(): T | undefined {
    if (this.length === 0) return undefined;
    this.#taken += 1;
    return this.#items[this.#taken - 1];
  }
}
