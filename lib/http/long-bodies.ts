import pLimit, { type LimitFunction } from 'p-limit';

/** Bytes from which on a body is long: a page of a service has half as many. */
export const LONG_BODY = 1024 * 1024;

/** Long bodies of one server that are in memory at once, outside of the heap. With one alone, a body that hangs would stop all others. */
const MOST = 2;

/** The places for the long bodies of one server. */
export class LongBodies {
  readonly #places = pLimit(MOST);

  open(): BodyPlace {
    return new BodyPlace(this.#places);
  }
}

/** Where one body may become long. Most never do, so it holds nothing until then. */
export class BodyPlace {
  readonly #places: LimitFunction;
  #free: (() => void) | undefined;
  #isLeft = false;

  constructor(places: LimitFunction) {
    this.#places = places;
  }

  /** Resolves once there is a place for it. */
  take(): Promise<void> {
    return new Promise((taken) => {
      void this.#places(
        () =>
          new Promise<void>((free) => {
            if (this.#isLeft) free();
            else this.#free = free;
            taken();
          }),
      );
    });
  }

  /** The body is not held any more, whether it has got a place or still waits for one. */
  leave(): void {
    this.#isLeft = true;
    this.#free?.();
  }
}
