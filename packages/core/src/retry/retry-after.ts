/** The slow path of a call: what happens after its first try has failed. */

import type { ClientError, Outcome } from '../errors/client-error.ts';
import { Failure } from '../errors/failure.ts';
import { ArgumentError } from '../errors/kinds.ts';
import type { Timekeeper } from '../deadline.ts';
import type { Random } from '../ports.ts';
import type { CallLimits } from '../waiting.ts';
import { pause } from './pause.ts';
import { mayRepeat, type RetryPolicy } from './policy.ts';

/** A call that may be repeated. `dueAt` is the deadline of the whole call. */
export interface RetryCall extends CallLimits {
  readonly policy: RetryPolicy;
  readonly timekeeper: Timekeeper;
  readonly random: Random;
  /** See `RepeatRule`. */
  readonly idempotent: boolean;
}

/**
 * Why a call was not tried again: a repeat would not be safe or would not help, the tries are used up, no time is
 * left, the retry budget is empty, or the caller ended it during a pause.
 */
export type GiveUpReason = 'not-repeatable' | 'attempts' | 'deadline' | 'budget' | 'ended';

/** Codes of earlier tries that are kept for the error; of an endless retry, the latest. */
const codesKept = 32;

/** The end of a call that failed for good. */
export class GaveUp {
  /**
   * The last failure, with the outcome of the whole call (`unknown` if that of any try was), and `retryable` only
   * where a repeat by the caller would be safe.
   */
  readonly failure: Failure;
  /** Tries made, the first included. */
  readonly attempts: number;
  /** Codes of the tries before the last failure, oldest first. */
  readonly earlier: readonly string[];
  readonly reason: GiveUpReason;

  constructor(failure: Failure, attempts: number, earlier: readonly string[], reason: GiveUpReason) {
    this.failure = failure;
    this.attempts = attempts;
    this.earlier = earlier;
    this.reason = reason;
  }

  /** The error to throw, in the public method, after the await. */
  toError(system: string): ClientError {
    const details: Record<string, unknown> = {};
    if (this.earlier.length > 0) details['earlier'] = this.earlier;
    if (this.reason === 'deadline' || this.reason === 'budget') details['gaveUp'] = this.reason;
    return this.failure.toError({ system, attempts: this.attempts, details });
  }
}

/** What a server asked for: `details.retryAfterMs` of its answer. */
function hintMs(failure: Failure): number {
  const hint = failure.details?.['retryAfterMs'];
  return typeof hint === 'number' && hint > 0 ? hint : 0;
}

function pauseMs(policy: RetryPolicy, attempt: number, random: Random, failure: Failure): number {
  const asked = policy.backoff(attempt, random);
  if (typeof asked !== 'number' || Number.isNaN(asked) || asked < 0) {
    throw new ArgumentError(`the retry policy's backoff() must give a pause of 0 ms or more; got ${String(asked)}`);
  }
  return Math.max(Math.min(asked, policy.capMs ?? Infinity), hintMs(failure));
}

/** One call's tries so far. */
class Tries {
  readonly #call: RetryCall;
  failure: Failure;
  attempts = 1;
  #earlier: string[] = [];
  #outcome: Outcome;

  constructor(call: RetryCall, first: Failure) {
    this.#call = call;
    this.failure = first;
    this.#outcome = first.outcome;
  }

  /** What is known of the call as a whole: a try that may have been done is not undone by a later one. */
  add(failure: Failure): void {
    if (this.#earlier.length === codesKept) this.#earlier.shift();
    this.#earlier.push(this.failure.code);
    this.failure = failure;
    if (this.#outcome !== 'unknown') this.#outcome = failure.outcome;
  }

  /** A pause was cut short: no further try was made, so what is known stays as it is. */
  end(failure: Failure): GaveUp {
    this.add(failure.as(this.#outcome));
    return this.giveUp('ended');
  }

  giveUp(reason: GiveUpReason): GaveUp {
    const { idempotent, policy } = this.#call;
    const whole = this.failure.as(this.#outcome);
    const retryable = mayRepeat(whole, { idempotent, isRetryable: policy.isRetryable });
    const failure = retryable === whole.retryable ? whole : new Failure({ ...whole, retryable });
    return new GaveUp(failure, this.attempts, this.#earlier, reason);
  }

  /** Waits for the turn of the next try; tells, when there is none. */
  async next(): Promise<GaveUp | undefined> {
    const { idempotent, policy, timekeeper, random, dueAt } = this.#call;
    if (!mayRepeat(this.failure, { idempotent, isRetryable: policy.isRetryable })) return this.giveUp('not-repeatable');
    if (this.attempts >= policy.maxAttempts) return this.giveUp('attempts');
    const now = timekeeper.clock.now();
    const ms = pauseMs(policy, this.attempts, random, this.failure);
    if (now + ms >= dueAt) return this.giveUp('deadline');
    const draws = policy.budget && !policy.isExpected?.(this.failure);
    if (draws && !policy.budget.draw(now)) return this.giveUp('budget');
    const interruption = await pause(ms, timekeeper, this.#call);
    if (interruption) return this.end(interruption);
    return timekeeper.clock.now() >= dueAt ? this.giveUp('deadline') : undefined;
  }
}

/**
 * Repeats a call whose first try ended with `first`, by the call's policy and until its deadline.
 *
 * A client enters here only when the first try has failed, so that a call which succeeds pays nothing for its
 * policy. The last failure is given back, not a new one about the retries.
 *
 * @param attempt - makes the try of this number (2 and up).
 * @throws ArgumentError when the policy's `backoff` gives nonsense; otherwise only what `attempt` and the policy's
 * functions throw.
 */
export async function retryAfter<T>(
  first: Failure,
  call: RetryCall,
  attempt: (number: number) => Promise<T | Failure>,
): Promise<T | GaveUp> {
  const tries = new Tries(call, first);
  const { budget } = call.policy;
  budget?.enter();
  try {
    for (;;) {
      const gaveUp = await tries.next();
      if (gaveUp) return gaveUp;
      tries.attempts += 1;
      const result = await attempt(tries.attempts);
      if (!(result instanceof Failure)) return result;
      tries.add(result);
    }
  } finally {
    budget?.leave();
  }
}
