/** Requests that wait until they can be sent: bounded by count and by bytes. */

import type { Abandonment, Holder, Pending } from '../deadline.ts';
import type { Failure } from '../errors/failure.ts';
import { Ring } from './ring.ts';

export interface WaitingRequest<Request> {
  readonly request: Request;
  readonly pending: Pending;
  readonly bytes: number;
}

/** Those that gave up stay in the ring until they are this many and the majority: taking one out is O(n). */
const sweepAt = 32;

/** First in, first out. */
export class WaitingRoom<Request> implements Holder {
  readonly #ring = new Ring<WaitingRequest<Request>>();
  readonly #maxCount: number;
  readonly #maxBytes: number;
  readonly #gaveUp: (pending: Pending, why: Abandonment) => Failure;
  #bytes = 0;
  #gone = 0;

  /** @param gaveUp - what a request is told that ends while it waits here */
  constructor(maxCount: number, maxBytes: number, gaveUp: (pending: Pending, why: Abandonment) => Failure) {
    this.#maxCount = maxCount;
    this.#maxBytes = maxBytes;
    this.#gaveUp = gaveUp;
  }

  /** Those that still wait. One that is settled by somebody else than its holder counts until its turn. */
  get size(): number {
    return this.#ring.size - this.#gone;
  }

  /** Their bytes, and those of some that gave up. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * False when there is no room. One request may enter an empty room whatever its size. One that is settled already
   * does not wait.
   */
  enter(request: Request, pending: Pending, bytes: number): boolean {
    if (pending.settled) return true;
    // A size that is none would switch the bound off for good.
    if (!(bytes >= 0)) return this.enter(request, pending, 0);
    if (this.#bytes + bytes > this.#maxBytes && this.#gone > 0) this.#sweep();
    if (this.size >= this.#maxCount || (this.size > 0 && this.#bytes + bytes > this.#maxBytes)) return false;
    pending.holder = this;
    this.#ring.push({ request, pending, bytes });
    this.#bytes += bytes;
    return true;
  }

  /** The first that still waits, taken out; its next holder is the caller's business. */
  leave(): WaitingRequest<Request> | undefined {
    for (let waiting = this.#ring.shift(); waiting; waiting = this.#ring.shift()) {
      this.#bytes -= waiting.bytes;
      if (!waiting.pending.settled) return waiting;
      this.#forgetOne();
    }
    return undefined;
  }

  abandon(pending: Pending, why: Abandonment): void {
    this.#gone += 1;
    pending.settle(this.#gaveUp(pending, why));
    if (this.#gone > sweepAt && this.#gone > this.size) this.#sweep();
  }

  /** Places that are taken, by those that wait or have given up: what `fail` clears. */
  get taken(): number {
    return this.#ring.size;
  }

  /**
   * Ends all that wait now; who comes while they are told waits anew.
   *
   * @param places - as many as were taken, for a caller that counted before something else happened
   */
  fail(failure: Failure, places: number = this.taken): void {
    for (let left = places; left > 0; left -= 1) {
      const waiting = this.#ring.shift();
      if (!waiting) return;
      this.#bytes -= waiting.bytes;
      if (waiting.pending.settled) this.#forgetOne();
      else waiting.pending.settle(failure);
    }
  }

  /** One that somebody else settled was never counted as gone. */
  #forgetOne(): void {
    if (this.#gone > 0) this.#gone -= 1;
  }

  #sweep(): void {
    this.#ring.retain(({ pending, bytes }) => {
      if (pending.settled) this.#bytes -= bytes;
      return !pending.settled;
    });
    this.#gone = 0;
  }
}
