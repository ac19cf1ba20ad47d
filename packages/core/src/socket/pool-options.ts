/** What a pool is told, and what it tells. */

import type { Timekeeper } from '../deadline.ts';
import type { Failure } from '../errors/failure.ts';
import { checkOption, type OptionRules } from '../options.ts';
import { ArgumentError } from '../errors/kinds.ts';
import type { Ports } from '../ports.ts';

/** What a pool needs to know of what it leases. */
export interface PoolMember {
  /** Open, with nothing pending: fit for the next lease. */
  readonly usable: boolean;
  close(failure: Failure): void;
}

export interface PoolOptions<M extends PoolMember> {
  readonly ports: Ports;
  readonly timekeeper: Timekeeper;
  /** Brings a new member, or says why not; `onClosed` is called when it is lost later. What it throws is a failed dial. */
  readonly open: (onClosed: (member: M, failure: Failure) => void) => Promise<M | Failure>;
  /** Members that are kept open while the pool is in use. Default 0. */
  readonly min?: number;
  /** Members that may be open at once. Default 10. */
  readonly max?: number;
  /** Callers that may wait at once; more are refused with `overloaded`. Default 1 000. */
  readonly maxWaiters?: number;
  /** A member idle for longer is closed. Infinity keeps it. Default 60 000. */
  readonly maxIdleMs?: number;
  /** A member older than this, give or take a tenth, is closed when it comes back. Infinity keeps it. Default Infinity. */
  readonly maxLifetimeMs?: number;
  /**
   * Checks a member that was idle for longer than `validateAfterMs` before it is leased. False, or a rejection, closes
   * it. Must settle: until then the member is out.
   */
  readonly validate?: (member: M) => Promise<boolean>;
  /** Default 30 000; without `validate` it has no meaning. */
  readonly validateAfterMs?: number;
  /** Told of state changes that a status needs: the number of open members. What it throws is warned of. */
  readonly onChange?: (open: number, lastFailure: Failure | undefined) => void;
}

const bounds: OptionRules = {
  min: { kind: 'integer', min: 0 },
  max: { kind: 'integer', min: 1 },
  maxWaiters: { kind: 'integer', min: 1, infinity: true },
  maxIdleMs: { kind: 'number', above: 0, infinity: true, unit: 'ms' },
  maxLifetimeMs: { kind: 'number', above: 0, infinity: true, unit: 'ms' },
  validateAfterMs: { kind: 'number', min: 0, infinity: true, unit: 'ms' },
};

/** @throws ArgumentError for a bound that is none, or a `min` above `max`. */
export function checkPoolOptions<M extends PoolMember>(options: PoolOptions<M>): void {
  for (const [name, rule] of Object.entries(bounds)) {
    const value = options[name as keyof PoolOptions<M>];
    if (value !== undefined) checkOption('Pool', name, value, rule);
  }
  const { min = 0, max = 10 } = options;
  if (min > max) throw new ArgumentError(`Pool: 'min' (${min}) must not be greater than 'max' (${max})`);
}

export interface PoolStats {
  readonly open: number;
  readonly idle: number;
  /** With somebody, or being checked for somebody. */
  readonly leased: number;
  readonly dialing: number;
  readonly waiting: number;
  /** Since the pool was made. */
  readonly opened: number;
  readonly closed: number;
  readonly failedDials: number;
  readonly leases: number;
}

/** A lease that somebody may have forgotten to release. */
export interface Leak<M> {
  readonly member: M;
  /** For how many milliseconds it has been out. */
  readonly ageMs: number;
}
