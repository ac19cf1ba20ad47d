/** Items on their way from a connection to a reader that may be slower. */

import { abandonedFailure, type Abandonment, type Holder, type Pending, type Timekeeper } from '../deadline.ts';
import { Failure } from '../errors/failure.ts';
import type { Notice } from '../notices.ts';
import { type CallLimits, waitFor } from '../waiting.ts';
import { QueueBuffer } from './queue-buffer.ts';
import { behindFailure, closedFailure, producersFailure } from './queue-failures.ts';
import { queueOptions, type QueueOptions } from './queue-options.ts';
import { Ring } from './ring.ts';

interface Produced<T> {
  readonly item: T;
  readonly bytes: number;
}

type Result<T> = IteratorResult<T | Notice, undefined>;

const done: Result<never> = Object.freeze({ done: true, value: undefined });

/**
 * A queue that is bounded by count and by bytes, and read as an async iterator. Notices travel in order with the
 * items and are never dropped; those of one kind that stand side by side are merged.
 *
 * An item larger than `maxBytes` is taken when nothing else is there: refused, it would stop the stream for good.
 */
export class Queue<T> implements AsyncIterableIterator<T | Notice>, Holder {
  readonly #options: QueueOptions;
  readonly #buffer = new QueueBuffer<T>();
  readonly #readers = new Ring<(result: Result<T> | Failure | Error) => void>();
  /** In the order in which they came. */
  readonly #producers = new Map<Pending, Produced<T>>();
  #ended = false;
  #failure: Failure | Error | undefined;
  #returned = false;
  #high = false;
  #droppedCount = 0;

  /** @throws ArgumentError for a value out of range. */
  constructor(options: QueueOptions) {
    queueOptions.check(options);
    this.#options = options;
  }

  /** Items that wait to be read; notices are not counted. */
  get size(): number {
    return this.#buffer.items;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#buffer.bytes;
  }

  /** Items dropped in the queue's life. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Nothing more can be pushed; what is there can still be read, unless the reader has returned. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Adds an item, or does what `whenFull` says.
   *
   * @param bytes - what the item counts for against `maxBytes`
   * @returns whether the item was taken. False means: not now (`wait`), dropped (`drop-newest`), or never again
   * (`ended`).
   */
  push(item: T, bytes = 0): boolean {
    if (this.#ended) return false;
    const hasRoom = this.#hasRoom(bytes) && this.#producers.size === 0;
    if (!hasRoom && !this.#makeRoom(bytes)) return false;
    this.#add(item, bytes);
    return true;
  }

  /** Adds an item as soon as there is room, first come, first served. Undefined, or why it was not taken. */
  pushWhenRoom(item: T, bytes: number, timekeeper: Timekeeper, limits: CallLimits): Promise<Failure | undefined> {
    return waitFor<undefined>(timekeeper, limits, 'queue', (pending) => {
      if (this.#ended) return pending.settle(closedFailure());
      if (this.#hasRoom(bytes) && this.#producers.size === 0) {
        this.#add(item, bytes);
        return pending.settle(undefined);
      }
      const { maxProducers = 1000 } = this.#options;
      if (this.#producers.size >= maxProducers) return pending.settle(producersFailure(maxProducers));
      pending.holder = this;
      this.#producers.set(pending as Pending, { item, bytes });
    });
  }

  /** Adds a notice, which takes no room. False from an ended queue. */
  notify(notice: Notice): boolean {
    if (this.#ended) return false;
    const reader = this.#readers.shift();
    if (reader) reader({ done: false, value: notice });
    else this.#buffer.addNotice(notice);
    return true;
  }

  /** Nothing more will come. What is there can still be read. */
  end(): void {
    this.#end(undefined);
  }

  /** Nothing more will come, because of `failure`, which the reader gets after what is there. */
  fail(failure: Failure | Error): void {
    this.#end(failure);
  }

  /**
   * The next item or notice, if one is there now.
   *
   * @throws the error that the queue has failed with, once, after everything else was read
   */
  take(): T | Notice | undefined {
    const entry = this.#buffer.take();
    if (entry === undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      if (failure) throw this.#toError(failure);
      return undefined;
    }
    this.#admitProducers();
    this.#lower();
    return entry;
  }

  next(): Promise<Result<T>> {
    try {
      const value = this.take();
      if (value !== undefined) return Promise.resolve({ done: false, value });
      return this.#ended ? Promise.resolve(done) : this.#park();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Ends the reading: what was not read is thrown away, and the stream is told to stop. */
  async return(): Promise<Result<T>> {
    if (this.#returned) return done;
    this.#returned = true;
    this.#buffer.clear();
    this.#end(undefined);
    this.#failure = undefined;
    await this.#options.onReturn?.();
    return done;
  }

  /** As `return()`; rejects with `error`. */
  async throw(error?: unknown): Promise<Result<T>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** A producer gives up. */
  abandon(pending: Pending, why: Abandonment): void {
    this.#producers.delete(pending);
    pending.settle(abandonedFailure(pending, why, 'not-sent', 'queue'));
  }

  async #park(): Promise<Result<T>> {
    const result = await new Promise<Result<T> | Failure | Error>((resolve) => this.#readers.push(resolve));
    if (result instanceof Failure || result instanceof Error) throw this.#toError(result);
    return result;
  }

  #hasRoom(bytes: number): boolean {
    const { items } = this.#buffer;
    if (items === 0) return true;
    return items < this.#options.maxItems && this.#buffer.bytes + bytes <= this.#options.maxBytes;
  }

  /** What the policy does for an item that finds no room. Whether there is room now. */
  #makeRoom(bytes: number): boolean {
    switch (this.#options.whenFull) {
      case 'wait':
        return false;
      case 'drop-oldest':
        while (!this.#hasRoom(bytes)) {
          this.#buffer.dropFirst();
          this.#droppedCount += 1;
        }
        return true;
      case 'drop-newest':
        this.#buffer.dropLast();
        this.#droppedCount += 1;
        return false;
      case 'close':
        this.#end(behindFailure(this.#buffer.items, this.#buffer.bytes));
        return false;
    }
  }

  #add(item: T, bytes: number): void {
    const reader = this.#readers.shift();
    if (reader) {
      reader({ done: false, value: item });
      return;
    }
    this.#buffer.add(item, bytes);
    if (this.#high) return;
    const { maxItems, maxBytes } = this.#options;
    this.#high = this.#buffer.items >= maxItems * 0.75 || this.#buffer.bytes >= maxBytes * 0.75;
    if (this.#high) this.#options.onHigh?.();
  }

  #admitProducers(): void {
    for (const [pending, { item, bytes }] of this.#producers) {
      if (!this.#hasRoom(bytes)) return;
      this.#producers.delete(pending);
      this.#add(item, bytes);
      pending.settle(undefined);
    }
  }

  #lower(): void {
    if (!this.#high) return;
    const { maxItems, maxBytes } = this.#options;
    const low = this.#buffer.items <= maxItems * 0.25 && this.#buffer.bytes <= maxBytes * 0.25;
    if (!low && !this.#ended) return;
    this.#high = false;
    this.#options.onLow?.();
  }

  #end(failure: Failure | Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    for (const pending of this.#producers.keys()) pending.settle(closedFailure());
    this.#producers.clear();
    for (let reader = this.#readers.shift(); reader; reader = this.#readers.shift()) {
      reader(this.#failure ?? done);
      this.#failure = undefined;
    }
    this.#lower();
  }

  #toError(failure: Failure | Error): Error {
    return failure instanceof Failure
      ? failure.toError({ system: this.#options.system ?? 'core', attempts: 0 })
      : failure;
  }
}
