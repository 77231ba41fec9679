import type { Result } from '../result.ts';

/** What a measurement takes from the run it is part of. */
export interface Bench {
  /** A quick run is smaller everywhere, and its results are rough. */
  readonly quick: boolean;
  /** Tells a person who waits what is being done. */
  readonly say: (text: string) => void;
}

/** Measures one or several figures. */
export type Measure = (bench: Bench) => Promise<Result[]>;
