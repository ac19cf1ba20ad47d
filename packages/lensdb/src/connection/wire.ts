/**
 * The LensDB protocol on one connection: a handshake where the server is not known yet, then one request at a time.
 *
 * A connection whose server may have lost step with us is closed, never used again: after a request that was given up
 * once its bytes had left, after bytes that nobody asked for, after an answer that says that the request was
 * misread (2.7, rules 4 and 5).
 */

import {
  abandonedFailure,
  type Abandonment,
  Failure,
  type Holder,
  type Pending,
  type Random,
  type Timekeeper,
  waitFor,
} from '@wirewright/core';
import { InOrderTable, WireError } from '@wirewright/core/kit';
import type { Connection, PoolMember, Wire } from '@wirewright/core/socket';
import type { Operation } from '../operations.ts';
import { type Dialect, OtherDialectError } from '../protocol/dialect.ts';
import { type Fence, randomFenceKey } from '../protocol/ldbd/fence.ts';
import type { LdbdReads } from '../protocol/ldbd/step.ts';
import { type Answer, poisons } from '../server-answer.ts';
import type { Address } from './address.ts';
import { noAnswer, notUsable, otherDialect, poisoned, spent } from './failures.ts';
import { type Greeted, Greeting } from './greeting.ts';
import { LdbdReceiver } from './ldbd-receiver.ts';
import { LensReceiver } from './lens-receiver.ts';
import type { Receiver, ReceiverHost, RepeatRead, Request } from './receiver.ts';

export interface WireOptions {
  readonly timekeeper: Timekeeper;
  readonly random: Random;
  readonly address: Address;
  readonly maxFrameBytes: number;
  /** The PING to begin with where the server is not known: this dialect's. Undefined where it is known. */
  readonly probe: Dialect | undefined;
  /** For the answer to the probe. */
  readonly probeTimeoutMs: number;
  /** The option: how reads of the dialect `ldbd` are to end. */
  readonly ldbdReads: 'fence' | 'close';
}

/** How a request ended: an answer, a demand to repeat it, or a failure. */
export type RequestResult = Answer | RepeatRead | Failure;

export class LensDBWire implements Wire, PoolMember, ReceiverHost, Holder {
  readonly address: Address;
  readonly #connection: Connection<LensDBWire>;
  readonly #options: WireOptions;
  readonly #table: InOrderTable;
  #greeting: Greeting | undefined;
  #greeted: Pending<undefined> | undefined;
  #receiver: Receiver | undefined;
  /** A request was sent on it. */
  #asked = false;
  #onLost: ((wire: LensDBWire, failure: Failure) => void) | undefined;

  constructor(connection: Connection<LensDBWire>, options: WireOptions) {
    this.#connection = connection;
    this.#options = options;
    this.address = options.address;
    this.#table = new InOrderTable(connection, { capacity: 1, clock: options.timekeeper.clock });
    const { dialect, reads } = options.address;
    if (options.probe === undefined && dialect) this.#receiver = this.#createReceiver(dialect, reads);
  }

  /** Known once the connection is up. */
  get dialect(): Dialect {
    return (this.#receiver as Receiver).dialect;
  }

  get endpoint(): string {
    return this.#connection.endpoint;
  }

  /** Up, with no request out. */
  get usable(): boolean {
    return this.#connection.up && this.#table.size === 0;
  }

  /** The server has said something on this connection. */
  get answered(): boolean {
    return this.#connection.bytesReceived > 0;
  }

  /** Tells the pool when this connection, which was up, is over. */
  onLost(listener: (wire: LensDBWire, failure: Failure) => void): void {
    this.#onLost = listener;
  }

  close(failure: Failure): void {
    this.#connection.close(failure);
  }

  ref(): void {
    this.#connection.ref();
  }

  unref(): void {
    this.#connection.unref();
  }

  /**
   * Sends one request and waits for its answer, until `dueAt` by the client's clock. Whatever ends the wait after
   * the bytes have left closes the connection.
   */
  request(
    operation: Operation<unknown>,
    request: Request,
    dueAt: number,
    signal: AbortSignal | undefined,
    first?: Fence,
  ): Promise<RequestResult> {
    return waitFor<Answer | RepeatRead>(this.#options.timekeeper, { dueAt, signal }, 'request', (pending) => {
      if (!this.usable) return pending.settle(notUsable(this.endpoint));
      const { out } = this.#connection;
      pending.from = out.position;
      const last = (this.#receiver as Receiver).write(out, operation, request, first);
      pending.to = out.position;
      this.#table.push(pending as Pending);
      this.#asked = true;
      if (last) this.#connection.halfClose();
      else this.#connection.flush();
    });
  }

  async handshake(): Promise<Failure | undefined> {
    const { timekeeper, probe, probeTimeoutMs, random, address } = this.#options;
    if (probe === undefined) return undefined;
    this.#greeting = new Greeting({
      probe,
      given: address.dialectIsGiven ? address.dialect : undefined,
      endpoint: this.endpoint,
      randomKey: randomFenceKey(random),
      send: (bytes) => this.send(bytes),
    });
    const limits = { dueAt: timekeeper.clock.now() + probeTimeoutMs };
    return waitFor<undefined>(timekeeper, limits, 'probe', (pending) => {
      this.#greeted = pending;
      pending.holder = this;
      this.#greeting?.start();
    });
  }

  /** The answer to the probe is not waited for any longer. */
  abandon(pending: Pending, why: Abandonment): void {
    pending.settle(why === 'deadline' ? noAnswer(this.endpoint) : abandonedFailure(pending, why, 'not-sent', 'probe'));
  }

  onData(bytes: Uint8Array, length: number): void {
    try {
      if (this.#greeting) this.#onGreeted(this.#greeting.onData(bytes, length));
      else if (this.#receiver) this.#receiver.onData(bytes, length);
    } catch (error) {
      if (!(error instanceof OtherDialectError)) throw error;
      const { address } = this.#options;
      address.forget();
      this.close(otherDialect(error, address));
    }
  }

  onEnd(): boolean {
    if (!this.#greeting) return this.#receiver?.onEnd() ?? false;
    const greeted = this.#greeting.onEnd();
    this.#onGreeted(greeted);
    return greeted !== undefined;
  }

  /** A late answer would meet the next request. */
  onTombstone(): void {
    this.close(spent(this.endpoint));
  }

  onClose(failure: Failure): void {
    if (failure.kind === 'connection') {
      if (this.#greeting) this.#onGreeted(this.#greeting.onEnd());
      this.address.onLost();
    }
    // A server that never answered what was learned of its address may be another one by now.
    if (this.#asked && !this.answered) this.address.forget();
    this.#greeted?.settle(failure);
    this.#receiver?.stop();
    this.#table.clear(failure);
    this.#onLost?.(this, failure);
  }

  answer(answer: Answer | RepeatRead): boolean {
    const answered = this.#table.answer(answer);
    if ('status' in answer && poisons(this.dialect, answer)) this.close(poisoned(this.endpoint));
    return answered;
  }

  send(bytes: Uint8Array): void {
    const { out } = this.#connection;
    const offset = out.reserve(bytes.length);
    out.bytes.set(bytes, offset);
    out.commit(bytes.length);
    this.#connection.flush();
  }

  finish(): void {
    this.close(spent(this.endpoint));
  }

  #onGreeted(greeted: Greeted | Failure | undefined): void {
    if (!greeted) return;
    this.#greeting = undefined;
    if (greeted instanceof Failure) {
      this.#greeted?.settle(greeted);
      return;
    }
    const reads = greeted.dialect === 'ldbd' ? this.#asAsked(greeted.reads) : undefined;
    this.address.learn(greeted.dialect, reads);
    if (reads?.strategy === 'close' && reads.oneRequest) {
      this.#greeted?.settle(spent(this.endpoint));
      return;
    }
    this.#receiver = this.#createReceiver(greeted.dialect, reads);
    this.#greeted?.settle(undefined);
  }

  /** A server whose reads could end by a fence can be asked to end them by closing. */
  #asAsked(reads: LdbdReads): LdbdReads {
    if (this.#options.ldbdReads === 'fence' || reads.strategy === 'close') return reads;
    return { strategy: 'close', pingReply: reads.pingReply, oneRequest: false };
  }

  #createReceiver(dialect: Dialect, reads: LdbdReads | undefined): Receiver {
    const { maxFrameBytes, random, address } = this.#options;
    if (dialect === 'lens') return new LensReceiver(this, maxFrameBytes);
    if (!reads) throw new WireError("reads of the dialect 'ldbd' were not learned");
    return new LdbdReceiver({
      host: this,
      reads,
      randomKey: () => randomFenceKey(random),
      maxFrameBytes,
      onRelearn: () => address.forgetReads(),
    });
  }
}
