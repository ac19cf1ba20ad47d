/** What state a client is in, for whoever wants to watch. */

import { Ring } from './kit/ring.ts';

/**
 * `idle`: nothing is open and nothing is wanted. `connecting`: the first connection is on its way. `up`: calls are
 * served. `degraded`: some are, or slower. `down`: none is, and the client tries to change that. `closing`: no new
 * calls, the running ones end. `closed`: for good.
 */
export type ClientState = 'idle' | 'connecting' | 'up' | 'degraded' | 'down' | 'closing' | 'closed';

export interface StatusRecord {
  readonly state: ClientState;
  /** Where to, printable, without credentials. */
  readonly endpoint?: string;
  /** Number of the connection, counted from 1. */
  readonly epoch?: number;
  /** Why, where there is a reason to give. */
  readonly cause?: Error;
  /** Changes before this one that this reader was too slow for. */
  readonly dropped?: number;
}

/** Changes that wait for a reader; beyond that the oldest are dropped. */
const buffered = 64;

type Result = IteratorResult<StatusRecord, undefined>;

const done: Result = Object.freeze({ done: true, value: undefined });

/** The state of one client, and those who watch it. Nothing that a reader does or leaves undone reaches the client. */
export class StatusBoard {
  #current: StatusRecord = Object.freeze({ state: 'idle' });
  readonly #readers = new Set<StatusReader>();

  get current(): StatusRecord {
    return this.#current;
  }

  /** Readers that have begun and not ended. */
  get readers(): number {
    return this.#readers.size;
  }

  /** A change. What says nothing new is not told; nothing is told after `closed`. */
  set(record: Omit<StatusRecord, 'dropped'>): void {
    const { state, endpoint, epoch, cause } = this.#current;
    if (state === 'closed') return;
    if (record.state === state && record.endpoint === endpoint && record.epoch === epoch && record.cause === cause)
      return;
    this.#current = Object.freeze({ ...record });
    for (const reader of this.#readers) reader.add(this.#current);
    if (record.state !== 'closed') return;
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }

  /**
   * The current state, then every change until `closed`, which ends the iteration. Watching begins with the first
   * `next()` and ends with `return()`, or a `break` out of the loop.
   */
  status(): AsyncIterableIterator<StatusRecord> {
    const reader: StatusReader = new StatusReader(
      () => {
        if (this.#current.state !== 'closed') this.#readers.add(reader);
        return this.#current;
      },
      () => this.#readers.delete(reader),
    );
    return reader;
  }
}

class StatusReader implements AsyncIterableIterator<StatusRecord> {
  readonly #attach: () => StatusRecord;
  readonly #detach: () => void;
  readonly #records = new Ring<StatusRecord>(4);
  readonly #waiting = new Ring<(result: Result) => void>(4);
  #dropped = 0;
  #begun = false;
  #ended = false;

  constructor(attach: () => StatusRecord, detach: () => void) {
    this.#attach = attach;
    this.#detach = detach;
  }

  add(record: StatusRecord): void {
    const resolve = this.#waiting.shift();
    if (resolve) {
      resolve({ done: false, value: record });
      return;
    }
    if (this.#records.size === buffered) {
      this.#records.shift();
      this.#dropped += 1;
    }
    this.#records.push(record);
  }

  end(): void {
    this.#ended = true;
    for (let resolve = this.#waiting.shift(); resolve; resolve = this.#waiting.shift()) resolve(done);
  }

  next(): Promise<Result> {
    if (!this.#begun && !this.#ended) {
      this.#begun = true;
      const record = this.#attach();
      if (record.state === 'closed') this.#ended = true;
      return Promise.resolve({ done: false, value: record });
    }
    const record = this.#records.shift();
    if (record) return Promise.resolve({ done: false, value: this.#withDropped(record) });
    if (this.#ended) return Promise.resolve(done);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<Result> {
    this.#detach();
    this.#records.clear();
    this.end();
    return Promise.resolve(done);
  }

  async throw(error?: unknown): Promise<Result> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #withDropped(record: StatusRecord): StatusRecord {
    if (this.#dropped === 0) return record;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return Object.freeze({ ...record, dropped });
  }
}
