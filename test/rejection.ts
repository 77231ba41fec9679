import { expect } from '@jest/globals';

/** The error that a promise rejects with; the test fails where it resolves, or where the error is of another class. */
export async function rejectionOf<Kind extends Error>(
  promise: Promise<unknown>,
  kind: abstract new (...args: never[]) => Kind,
): Promise<Kind> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(kind);
  return error as Kind;
}
