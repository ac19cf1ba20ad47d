import type { Violation } from '@wirewright/core/testing';

/** A share of the work, for one worker. */
export interface Assignment {
  readonly schedules: number;
  readonly seed: number;
  /** Ends the share early. */
  readonly maxViolations: number;
}

export interface Report {
  readonly schedules: number;
  readonly violations: readonly Violation[];
}
