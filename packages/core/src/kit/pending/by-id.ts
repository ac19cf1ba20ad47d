/** Unanswered requests of a protocol that answers by id, in any order. */

import type { Abandonment, Holder, Pending } from '../../deadline.ts';
import type { Failure } from '../../errors/failure.ts';
import { settleAbandoned, settleLost, type TableHost } from './host.ts';

export interface ByIdOptions {
  /** Requests that may be unanswered at once, tombstones included. */
  readonly capacity: number;
  /** Ids from `firstId` to `lastId` are used, both included. Several tables of one connection share out a range. */
  readonly firstId: number;
  readonly lastId: number;
}

/**
 * Ids are a slot and a turn: `firstId + turn × capacity + slot`. Finding a request is an array access, and an
 * id comes again only after every turn of its slot, so that a repeated or invented answer does not meet
 * another request. A request that is given up after it left keeps its slot as a tombstone until it is
 * answered: its id cannot be given to another one before.
 */
export class ByIdTable implements Holder {
  readonly capacity: number;
  readonly #host: TableHost;
  readonly #firstId: number;
  readonly #turns: number;
  readonly #slots: (Pending | undefined)[];
  /** The id that each slot holds, or held last. */
  readonly #ids: Float64Array;
  /** Slots that are free: a stack over a circular array would hand out the coldest; the oldest free is wanted. */
  readonly #free: Uint32Array;
  #freeHead = 0;
  #size = 0;
  #tombstones = 0;
  /** Since when nothing but tombstones was seen in the table. */
  #jammedSince: number | undefined;
  /** Why the connection is over, when it is. */
  #over: Failure | undefined;

  /** @throws RangeError when the range of ids is smaller than the capacity, or one of the three is no integer. */
  constructor(host: TableHost, options: ByIdOptions) {
    const { capacity, firstId, lastId } = options;
    const areIntegers = [capacity, firstId, lastId].every((number) => Number.isSafeInteger(number));
    if (!areIntegers || capacity < 1 || lastId - firstId + 1 < capacity) {
      throw new RangeError(
        `ids ${firstId} to ${lastId} cannot serve ${capacity} requests at once; take a smaller capacity`,
      );
    }
    this.#host = host;
    this.capacity = capacity;
    this.#firstId = firstId;
    this.#turns = Math.floor((lastId - firstId + 1) / capacity);
    this.#slots = new Array<Pending | undefined>(capacity).fill(undefined);
    this.#ids = Float64Array.from({ length: capacity }, (_, slot) => firstId + slot - capacity);
    this.#free = Uint32Array.from({ length: capacity }, (_, slot) => slot);
  }

  /** Requests and tombstones that wait for an answer. */
  get size(): number {
    return this.#size;
  }

  get tombstones(): number {
    return this.#tombstones;
  }

  get full(): boolean {
    return this.#size >= this.capacity;
  }

  /**
   * Adds a request and gives it its id. After `clear` nothing leaves any more: the request ends `not-sent` at once.
   *
   * @throws RangeError when the table is full: the caller has not looked at `full`
   */
  add(pending: Pending): number {
    if (this.#over) {
      pending.settle(this.#over.as('not-sent'));
      return this.#firstId;
    }
    if (this.full)
      throw new RangeError(`${this.capacity} requests are unanswered already; look at 'full' before adding one`);
    const slot = this.#free[this.#freeHead] as number;
    this.#freeHead = this.#freeHead + 1 === this.capacity ? 0 : this.#freeHead + 1;
    this.#size += 1;
    const next = (this.#ids[slot] as number) + this.capacity;
    const id = next < this.#firstId + this.#turns * this.capacity ? next : this.#firstId + slot;
    this.#ids[slot] = id;
    this.#slots[slot] = pending;
    pending.holder = this;
    pending.id = id;
    return id;
  }

  /** The request with this id; undefined for ids that nobody waits for. Settled already, if it was given up. */
  get(id: number): Pending | undefined {
    const slot = this.#slotOf(id);
    return this.#ids[slot] === id ? this.#slots[slot] : undefined;
  }

  /**
   * Gives an answer to its request.
   *
   * @returns false when nobody waits under this id, or nothing of the request has left yet: the protocol decides what
   * that means.
   */
  answer(id: number, result: unknown): boolean {
    const pending = this.get(id);
    if (!pending || !this.#host.hasLeft(pending)) return false;
    this.#take(id);
    if (pending.settled) {
      this.#tombstones -= 1;
      this.#jammedSince = undefined;
    }
    pending.settle(result);
    return true;
  }

  /** Takes out a request that could not be written after all: its id is free, and what becomes of it is the caller's business. */
  forget(pending: Pending): void {
    if (this.get(pending.id) === pending && !pending.settled) this.#take(pending.id);
  }

  abandon(pending: Pending, why: Abandonment): void {
    if (this.#host.withdraw(pending)) {
      this.#take(pending.id);
      settleAbandoned(pending, why, 'not-sent', this.#host);
      return;
    }
    this.#tombstones += 1;
    settleAbandoned(pending, why, 'unknown', this.#host);
    this.#host.onTombstone();
  }

  /**
   * For how many milliseconds abandoned requests have been seen to hold every id, so that nothing can be sent; 0 while
   * one is free, or a request that somebody waits for has one.
   */
  stalledMs(now: number): number {
    if (this.#tombstones < this.capacity) this.#jammedSince = undefined;
    else this.#jammedSince ??= now;
    return this.#jammedSince === undefined ? 0 : now - this.#jammedSince;
  }

  /** The connection is over: ends everything. What had not left ends `not-sent`. */
  clear(failure: Failure): void {
    this.#over = failure;
    for (const pending of this.#slots) {
      if (!pending) continue;
      this.#take(pending.id);
      settleLost(pending, failure, this.#host);
    }
    this.#tombstones = 0;
  }

  #slotOf(id: number): number {
    return (id - this.#firstId) % this.capacity;
  }

  #take(id: number): Pending | undefined {
    const slot = this.#slotOf(id);
    const pending = this.#slots[slot];
    if (!pending || this.#ids[slot] !== id) return undefined;
    this.#slots[slot] = undefined;
    const tail = this.#freeHead - this.#size;
    this.#free[tail < 0 ? tail + this.capacity : tail] = slot;
    this.#size -= 1;
    return pending;
  }
}
