/** A bound on how much load repeats may add to an endpoint that is in trouble. */

import { OptionChecker } from '../options.ts';

export interface RetryBudgetOptions {
  /** Repeats that may be made in a burst. Default 500. */
  readonly capacity?: number;
  /** Repeats that each successful call pays for. Default 0.2: repeats add at most a fifth to a steady load. */
  readonly perSuccess?: number;
  /** Repeats that are paid for by each second that passes. Default 10. */
  readonly perSecond?: number;
}

const budgetOptions = new OptionChecker('RetryBudget', {
  capacity: { kind: 'number', min: 0, infinity: true },
  perSuccess: { kind: 'number', min: 0 },
  perSecond: { kind: 'number', min: 0 },
});

/**
 * A token bucket, one per endpoint: each repeat takes a token, successful calls and time bring them back. When
 * it is empty, calls end with their last failure instead of adding to the storm.
 *
 * A lone call is never stopped: while no other call of the endpoint is being repeated, there is no storm, and
 * the call gets its documented number of tries.
 */
export class RetryBudget {
  readonly #capacity: number;
  readonly #perSuccess: number;
  readonly #perMs: number;
  #tokens: number;
  #refilledAt: number | undefined;
  #repeating = 0;

  /** @throws ArgumentError for a value out of range. */
  constructor(options: RetryBudgetOptions = {}) {
    budgetOptions.check(options);
    this.#capacity = options.capacity ?? 500;
    this.#perSuccess = options.perSuccess ?? 0.2;
    this.#perMs = (options.perSecond ?? 10) / 1000;
    this.#tokens = this.#capacity;
  }

  /** Repeats that could be made now, apart from what time has paid for since the last one. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Calls that are between a failed try and their end. */
  get repeating(): number {
    return this.#repeating;
  }

  /** A call succeeded. Cheap enough for every call. */
  earn(): void {
    const tokens = this.#tokens + this.#perSuccess;
    this.#tokens = tokens < this.#capacity ? tokens : this.#capacity;
  }

  /** A call's first try failed; `leave` when it is over. */
  enter(): void {
    this.#repeating += 1;
  }

  leave(): void {
    this.#repeating -= 1;
  }

  /** Takes a token for one repeat. False when the call should give up. */
  draw(now: number): boolean {
    const passed = Math.max(0, now - (this.#refilledAt ?? now));
    this.#refilledAt = now;
    this.#tokens = Math.min(this.#capacity, this.#tokens + passed * this.#perMs);
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return true;
    }
    return this.#repeating <= 1;
  }
}
