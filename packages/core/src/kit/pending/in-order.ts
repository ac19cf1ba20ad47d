/** Unanswered requests of a protocol that answers in order. */

import type { Abandonment, Holder, Pending } from '../../deadline.ts';
import type { Failure } from '../../errors/failure.ts';
import type { Clock } from '../../ports.ts';
import { Ring } from '../ring.ts';
import { settleAbandoned, settleLost, type TableHost } from './host.ts';

export interface InOrderOptions {
  /** Requests that may be unanswered at once, tombstones included. */
  readonly capacity: number;
  readonly clock: Clock;
}

/**
 * A first-in first-out table. A request that is given up after it left stays as a tombstone, so that the
 * answers behind it still meet their own requests; its late answer is swallowed.
 *
 * A data structure: it closes nothing and owns no timer. `stalledMs` tells for how long a tombstone has been
 * what everybody waits for.
 */
export class InOrderTable implements Holder {
  readonly capacity: number;
  readonly #ring: Ring<Pending>;
  readonly #host: TableHost;
  readonly #clock: Clock;
  #tombstones = 0;
  /** Since when the head is a tombstone. */
  #stalledSince = 0;
  /** Why the connection is over, when it is. */
  #over: Failure | undefined;

  constructor(host: TableHost, options: InOrderOptions) {
    this.#host = host;
    this.#clock = options.clock;
    this.capacity = options.capacity;
    this.#ring = new Ring<Pending>(Math.min(options.capacity, 1024));
  }

  /** Requests and tombstones that wait for an answer. */
  get size(): number {
    return this.#ring.size;
  }

  get tombstones(): number {
    return this.#tombstones;
  }

  get full(): boolean {
    return this.#ring.size >= this.capacity;
  }

  /**
   * Adds a request whose bytes are being written. The caller has looked at `full`. After `clear` nothing leaves any
   * more: the request ends `not-sent` at once.
   */
  push(pending: Pending): void {
    if (this.#over) return pending.settle(this.#over.as('not-sent'));
    pending.holder = this;
    this.#ring.push(pending);
  }

  /** Whose the next answer is. Settled already, if that one was given up. */
  head(): Pending | undefined {
    return this.#ring.peek();
  }

  /**
   * Gives the next answer to its request.
   *
   * @returns false when nothing was asked, or nothing of it has left yet: what was received answers no request.
   */
  answer(result: unknown): boolean {
    const pending = this.#ring.peek();
    if (!pending || !this.#host.hasLeft(pending)) return false;
    this.#ring.shift();
    if (pending.settled) this.#tombstones -= 1;
    if (this.#tombstones > 0 && this.#ring.peek()?.settled) this.#stalledSince = this.#clock.now();
    pending.settle(result);
    return true;
  }

  abandon(pending: Pending, why: Abandonment): void {
    if (this.#host.withdraw(pending)) {
      this.#ring.remove(pending);
      settleAbandoned(pending, why, 'not-sent', this.#host);
      return;
    }
    this.#tombstones += 1;
    if (this.#ring.peek() === pending) this.#stalledSince = this.#clock.now();
    settleAbandoned(pending, why, 'unknown', this.#host);
    this.#host.onTombstone();
  }

  /** For how many milliseconds an abandoned request has held up the others; 0 when none does. */
  stalledMs(now: number): number {
    return this.#tombstones > 0 && this.#ring.peek()?.settled ? now - this.#stalledSince : 0;
  }

  /** The connection is over: ends everything. What had not left ends `not-sent`. */
  clear(failure: Failure): void {
    this.#over = failure;
    for (let pending = this.#ring.shift(); pending; pending = this.#ring.shift()) {
      settleLost(pending, failure, this.#host);
    }
    this.#tombstones = 0;
  }
}
