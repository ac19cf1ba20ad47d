/** When a failed try is repeated, and how the pauses add up. */

import type { Failure } from '../errors/failure.ts';
import { OptionChecker } from '../options.ts';
import type { Backoff } from './backoff.ts';
import type { RetryBudget } from './budget.ts';

export interface RetryPolicy {
  /** Tries altogether, the first included; 1 repeats nothing, Infinity goes on until the deadline. */
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  /** No pause that `backoff` asks for is longer, in ms. A server's own hint may be. Default: no limit. */
  readonly capMs?: number;
  /** Default: none, every call gets all its tries. */
  readonly budget?: RetryBudget;
  /**
   * Whether a repeat may help after this failure. Default: the failure's `retryable`. Whether a repeat would be
   * *safe* is not for a policy to say.
   */
  readonly isRetryable?: (failure: Failure) => boolean;
  /** Refusals that belong to normal work, such as the first touch of a shard: they do not draw on the budget. */
  readonly isExpected?: (failure: Failure) => boolean;
}

const policyOptions = new OptionChecker('retry policy', {
  maxAttempts: { kind: 'integer', min: 1, infinity: true },
  backoff: { kind: 'function' },
  capMs: { kind: 'number', min: 0, infinity: true, unit: 'ms' },
  budget: { kind: 'object' },
  isRetryable: { kind: 'function' },
  isExpected: { kind: 'function' },
});

/**
 * A policy that was checked.
 *
 * @throws ArgumentError for an unknown field or a value out of range.
 */
export function retryPolicy(policy: RetryPolicy): RetryPolicy {
  policyOptions.check(policy);
  return Object.freeze({ ...policy });
}

/** What decides, beside the failure, whether a try may be repeated. */
export interface RepeatRule {
  /** Doing it twice does no harm: by nature, by a key that the server knows it by, or by the caller's word. */
  readonly idempotent: boolean;
  readonly isRetryable?: ((failure: Failure) => boolean) | undefined;
}

/**
 * The one rule: a try is repeated when that may help and its request was not sent, was answered by a refusal, or
 * may be done twice. What the caller ended is never repeated.
 */
export function mayRepeat(failure: Failure, rule: RepeatRule): boolean {
  if (failure.kind === 'aborted' || failure.kind === 'closed') return false;
  if (failure.outcome === 'unknown' && !rule.idempotent) return false;
  return rule.isRetryable ? rule.isRetryable(failure) : failure.retryable;
}

/** Pauses beyond this many are taken to be as long as the last one looked at. */
const pausesLookedAt = 1000;

/**
 * The sum of all pauses of a call, each as long as it can be, in ms: what a default `timeoutMs` must leave room
 * for, beside `maxAttempts` tries.
 */
export function longestPausesMs(policy: Pick<RetryPolicy, 'maxAttempts' | 'backoff' | 'capMs'>): number {
  const pauses = policy.maxAttempts - 1;
  const most = { next: (): number => 1 };
  let total = 0;
  let longest = 0;
  for (let attempt = 1; attempt <= Math.min(pauses, pausesLookedAt); attempt += 1) {
    longest = Math.min(policy.backoff(attempt, most), policy.capMs ?? Infinity);
    total += longest;
  }
  return pauses > pausesLookedAt ? total + longest * (pauses - pausesLookedAt) : total;
}
