import type { Clock } from './clock.ts';
import { parseHttpDate } from './http-date.ts';
import type { Transport } from './transport.ts';

/** A transport that also notes how far the servers' clocks are from ours. */
export interface NotingTransport extends Transport {
  /**
   * Milliseconds that the clock of a server (by its origin) is ahead of ours, to the second, as its last
   * answer says; undefined when none has come, or none that says it.
   */
  clockDifference(origin: string): number | undefined;
}

/** Reads the `Date` header of every answer that passes. */
export function noteClocks(transport: Transport, clock: Clock): NotingTransport {
  const differences = new Map<string, number>();
  return {
    send: async (request, timeoutMs, ...more) => {
      const sentAt = clock.now();
      const response = await transport.send(request, timeoutMs, ...more);
      const theirs = parseHttpDate(response.header('date'));
      // The header is cut to the second: half of one is the best guess at the rest.
      const ours = (sentAt + clock.now()) / 2;
      if (theirs !== undefined) {
        differences.set(new URL(request.url).origin, theirs + 500 - ours);
      }
      return response;
    },
    close: () => transport.close(),
    clockDifference: (origin) => differences.get(origin),
  };
}
