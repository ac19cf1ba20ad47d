/** Calls that wait in line for something: a lease, a permit, a connection. */

import { abandonedFailure, type Abandonment, type Holder, type Pending } from '../deadline.ts';
import type { Failure } from '../errors/failure.ts';
import { Ring } from './ring.ts';

/** Given-up waiters stay in the ring until they are this many and the majority: taking one out is O(n). */
const sweepAt = 32;

/** First in, first out. A waiter that gives up leaves `not-sent`; nothing is handed to it afterwards. */
export class Waiters<T> implements Holder {
  readonly #ring = new Ring<Pending<T>>();
  readonly #phase: string;
  #gone = 0;

  /** @param phase - what they wait for, as told in `details.phase` of those that give up. */
  constructor(phase: string) {
    this.#phase = phase;
  }

  /** Those that still wait. */
  get size(): number {
    return this.#ring.size - this.#gone;
  }

  /** One that is settled already does not wait. */
  push(pending: Pending<T>): void {
    if (pending.settled) return;
    pending.holder = this;
    this.#ring.push(pending);
  }

  /** The first that still waits, taken out; its next holder or its result is the caller's business. */
  shift(): Pending<T> | undefined {
    for (let pending = this.#ring.shift(); pending; pending = this.#ring.shift()) {
      if (!pending.settled) return pending;
      this.#forgetOne();
    }
    return undefined;
  }

  abandon(pending: Pending, why: Abandonment): void {
    this.#gone += 1;
    pending.settle(abandonedFailure(pending, why, 'not-sent', this.#phase));
    if (this.#gone > sweepAt && this.#gone > this.size) {
      this.#ring.retain((waiter) => !waiter.settled);
      this.#gone = 0;
    }
  }

  /** Ends all that wait now; who comes while they are told waits anew. */
  fail(failure: Failure): void {
    for (let left = this.#ring.size; left > 0; left -= 1) {
      const pending = this.#ring.shift() as Pending<T>;
      if (pending.settled) this.#forgetOne();
      else pending.settle(failure);
    }
  }

  /** One that somebody else settled was never counted as gone. */
  #forgetOne(): void {
    if (this.#gone > 0) this.#gone -= 1;
  }
}
