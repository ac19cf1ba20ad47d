/** A bounded number of permits. */

import type { Pending, Timekeeper } from '../deadline.ts';
import { Failure } from '../errors/failure.ts';
import { OptionChecker } from '../options.ts';
import { type CallLimits, waitFor } from '../waiting.ts';
import { Waiters } from './waiters.ts';

export interface SemaphoreOptions {
  /** Permits that may be out at once. */
  readonly permits: number;
  /** Calls that may wait at once; more are refused with `overloaded`. Default 1000. */
  readonly maxWaiters?: number;
  /** What a call waits for, as told in `details.phase` of one that gives up. Default `permit`. */
  readonly phase?: string;
}

const semaphoreOptions = new OptionChecker('Semaphore', {
  permits: { kind: 'integer', min: 1, infinity: true },
  maxWaiters: { kind: 'integer', min: 0, infinity: true },
  phase: { kind: 'string' },
});

/** Permits are handed out first come, first served: nobody overtakes those that wait. */
export class Semaphore {
  readonly permits: number;
  readonly #maxWaiters: number;
  readonly #phase: string;
  readonly #waiters: Waiters<undefined>;
  #taken = 0;
  #closed: Failure | undefined;

  /** @throws ArgumentError for a value out of range. */
  constructor(options: SemaphoreOptions) {
    semaphoreOptions.check(options);
    this.permits = options.permits;
    this.#maxWaiters = options.maxWaiters ?? 1000;
    this.#phase = options.phase ?? 'permit';
    this.#waiters = new Waiters<undefined>(this.#phase);
  }

  /** Permits that are out. */
  get taken(): number {
    return this.#taken;
  }

  /** Calls that wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Takes a permit if one is free now; otherwise, or once closed, false sends the caller to `acquire`. */
  tryAcquire(): boolean {
    if (this.#taken >= this.permits || this.#closed) return false;
    this.#taken += 1;
    return true;
  }

  /**
   * Settles `pending`, which is registered with a timekeeper, with undefined when it has a permit, or with a
   * failure: `overloaded` when too many wait, that of `close` afterwards.
   */
  acquire(pending: Pending<undefined>): void {
    if (this.#closed) pending.settle(this.#closed);
    else if (this.tryAcquire()) pending.settle(undefined);
    else if (this.#waiters.size >= this.#maxWaiters) pending.settle(this.#full());
    else this.#waiters.push(pending);
  }

  /** `acquire` for one that is not pending yet. After undefined, the caller owes a `release`. */
  wait(timekeeper: Timekeeper, limits: CallLimits): Promise<Failure | undefined> {
    return waitFor<undefined>(timekeeper, limits, this.#phase, (pending) => this.acquire(pending));
  }

  /** Gives a permit back: to the call that has waited longest, if one waits. */
  release(): void {
    if (this.#taken === 0) throw new RangeError('a semaphore got back more permits than it gave out');
    const next = this.#waiters.shift();
    if (next) next.settle(undefined);
    else this.#taken -= 1;
  }

  /** Ends those that wait, and all that come later, with `failure`. Permits that are out may still come back. */
  close(failure: Failure): void {
    this.#closed ??= failure;
    this.#waiters.fail(this.#closed);
  }

  #full(): Failure {
    return new Failure({
      kind: 'overloaded',
      message: `too many calls wait for a ${this.#phase} (${this.#maxWaiters}); try again later, or make fewer at once`,
      outcome: 'not-sent',
      retryable: true,
      details: { phase: this.#phase, maxWaiters: this.#maxWaiters },
    });
  }
}
