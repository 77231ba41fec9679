import pLimit from 'p-limit';

/** Bytes from which on a body is long: a page of a service has half as many. */
export const LONG_BODY = 1024 * 1024;

/** Long bodies that are held at once, from whichever endpoints: the longest take 64 MB together, outside of the heap. */
const places = pLimit(4);

/** Where one body may become long. */
export interface BodyPlace {
  /** Resolves once there is a place for it. */
  take(): Promise<void>;
  /** The body is not held any more, whether it has got a place or still waits for one. */
  leave(): void;
}

export function openPlace(): BodyPlace {
  let leave = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  return {
    take: () =>
      new Promise((resolve) => {
        void places(async () => {
          resolve();
          await left;
        });
      }),
    leave: () => leave(),
  };
}
