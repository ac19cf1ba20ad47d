/** How the testing server of the dialect `lens` can be made to behave. */

import { commonDefaults, type CommonSwitches } from './switches.ts';

export interface LensSwitches extends CommonSwitches {
  /** `silent`: SETEX is accepted and its handler dies, as in server 0.1.0.0. */
  readonly setEx: 'routed' | 'silent';
  readonly maxEntries: number;
  /** Sum over all values; keys do not count. */
  readonly maxTotalValueBytes: number;
  /** A write into a full store waits for room (`block`), or is answered with status 3 (`error`). */
  readonly whenFull: 'block' | 'error';
}

export const documented: LensSwitches = Object.freeze({
  ...commonDefaults,
  setEx: 'routed',
  maxEntries: Infinity,
  maxTotalValueBytes: Infinity,
  whenFull: 'error',
});

/** The published server, as it was measured. */
export const asMeasured: LensSwitches = Object.freeze({
  ...documented,
  reading: 'per-read',
  setEx: 'silent',
  idleTimeoutMs: 300_000,
  maxTotalValueBytes: 1024 ** 3,
  whenFull: 'block',
});
