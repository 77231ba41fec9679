import pLimit from 'p-limit';

/** Bytes from which on a body is long: a page of a service has half as many. */
export const LONG_BODY = 1024 * 1024;

/** Long bodies that one server may have in memory at once, outside of the heap: one that hangs keeps no other from it. */
const MOST = 2;

/** Where one body may become long. */
export interface BodyPlace {
  /** Resolves once there is a place for it. */
  take(): Promise<void>;
  /** The body is not held any more, whether it has got a place or still waits for one. */
  leave(): void;
}

/** The places for the long bodies of one server. */
export class LongBodies {
  readonly #places = pLimit(MOST);

  open(): BodyPlace {
    let leave = () => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    return {
      take: () =>
        new Promise((resolve) => {
          void this.#places(async () => {
            resolve();
            await left;
          });
        }),
      leave: () => leave(),
    };
  }
}
