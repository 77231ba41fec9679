/**
 * Answers that nobody could settle without an account on the real clouds. Each is a switch, so that
 * a client can be tested against every possible answer.
 */
export interface Switches {
  /** DELETE on DCS v2 is documented with 200 `{"message":""}` and with 204; both are seen. */
  dcsDeleteAnswer: 200 | 204;
  /**
   * DELETE of a task that still runs. `task-running`: 400 DCS.4957 / DMS.00400017;
   * `instance-busy`: 400 DCS.4017 / DMS.00400026; `ignored`: 204, the record stays;
   * `deleted`: 204, the record goes, although it runs.
   */
  runningDelete: 'task-running' | 'instance-busy' | 'ignored' | 'deleted';
  /**
   * DELETE (or show) of a well-formed id that is not there. With 404 and 400 the code is the
   * emulator's own, since no page documents one and no client may rely on it.
   */
  taskNotFound: 404 | 400 | 204;
  /** `start=0` on a list that counts from 1: an empty page, or 400 (DMS.00400062 / DCS.4800). */
  startZero: 'empty-page' | 400;
  /** Tasks asked for past the last one, on `start` lists: an empty page, or 400 (DMS.40050010 / DCS.4800). */
  pastTheEnd: 'empty-page' | 400;
  /** Names of DCS v2's lower time bound: tables say `start_time`, sample URLs say `begin_time`. */
  dcsTimeNames: 'both' | 'start_time' | 'begin_time';
  /** Form of throttling: the gateway's 429 APIGW.0308, or the queues' own 404 DMS.10240407. */
  throttleAnswer: 'gateway-429' | 'dms-404';
  /** Deleted records disappear, or stay in the list with status DELETED. */
  deletedRows: 'disappear' | 'stay';
  /** DCS has two parallel spaces of codes: `DCS.4061`, and the older `111400061`. */
  dcsCodes: 'named' | 'numeric';
  /** Shared gateways say `APIGW.`, dedicated ones `APIG.`, with the same numbers. */
  gatewayPrefix: 'APIGW' | 'APIG';
  /** Which authentication the gateway accepts. */
  authentication: 'any' | 'signature' | 'token';
  /** 401 for an expired token: 0307, 0301 `decrypt token fail`, or the service's DCS.1002 / DMS.10240102. */
  expiredToken: 'token-must-be-updated' | 'decrypt-token-fail' | 'service';
}

/** The defaults. */
export const DEFAULT_SWITCHES: Readonly<Switches> = {
  dcsDeleteAnswer: 200,
  runningDelete: 'task-running',
  taskNotFound: 404,
  startZero: 'empty-page',
  pastTheEnd: 'empty-page',
  dcsTimeNames: 'both',
  throttleAnswer: 'gateway-429',
  deletedRows: 'disappear',
  dcsCodes: 'named',
  gatewayPrefix: 'APIGW',
  authentication: 'any',
  expiredToken: 'token-must-be-updated',
};
