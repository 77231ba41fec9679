/** An event that strikes a request instead of the ordinary answer, or besides it. */
export interface Interception {
  /** Answers with this status. Unless `afterwards` is set, the service does not do what was asked. */
  status?: number;
  /** Sent besides, lower-case names. */
  headers?: Record<string, string>;
  /** Replaces the body: a string as it is, anything else as JSON. */
  body?: unknown;
  /** Changes the body that the service would send. */
  rewrite?: (body: unknown) => unknown;
  /** Closes the connection with a TCP reset, without an answer. */
  reset?: boolean;
  /** Never answers; the client's own time-out ends it. */
  hang?: boolean;
  /** Sends the header and half of the body, then closes the connection. */
  cutOff?: boolean;
  /** Waits before anything is done, in milliseconds. */
  delayMs?: number;
  /**
   * With `status`, `reset` or `hang`: the service first does what was asked, so that the client
   * cannot know whether it did.
   */
  afterwards?: boolean;
}
