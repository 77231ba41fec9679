import { afterEach, beforeEach } from '@jest/globals';

/**
 * Starts something before each test of the file or block, and closes it afterwards.
 * @returns the present test's: the object stays, so that a constant can hold it, and its members
 * change from test to test.
 */
export function eachTest<Thing extends object>(
  start: () => Promise<Thing>,
  close: (thing: Thing) => Promise<void>,
): Thing {
  let current: Thing;
  beforeEach(async () => {
    current = await start();
  });
  afterEach(() => close(current));
  return new Proxy({} as Thing, { get: (_, name) => Reflect.get(current, name) });
}
