/**
 * The LensDB protocol on one connection: a handshake where the server is not known yet, then one request at a time.
 *
 * A connection whose server may have lost step with us is closed, never used again: after a request that was given up
 * once its bytes had left, after bytes that nobody asked for, after an answer that says that the request was
 * misread (2.7, rules 4 and 5).
 */

import { type Abandonment, Failure, type Holder, Pending, type Random, type Timekeeper } from '@wirewright/core';
import { InOrderTable, WireError } from '@wirewright/core/kit';
import type { Connection, PoolMember, Wire } from '@wirewright/core/socket';
import { type Operation, pingOperation } from '../operations.ts';
import { type Dialect, OtherDialectError } from '../protocol/dialect.ts';
import { type Fence, randomFenceKey } from '../protocol/ldbd/fence.ts';
import type { LdbdReads } from '../protocol/ldbd/step.ts';
import { type Answer, poisons, readAnswer } from '../server-answer.ts';
import type { Address } from './address.ts';
import { notUsable, otherDialect, poisoned, spent } from './failures.ts';
import type { Greeted } from './greeting.ts';
import { Handshake } from './handshake.ts';
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

/** Whose turn ends, once, when a request is over and its connection can serve another, or is closed. */
export interface Turn {
  release(): void;
}

export class LensDBWire implements Wire, PoolMember, ReceiverHost, Holder {
  readonly address: Address;
  readonly #connection: Connection<LensDBWire>;
  readonly #options: WireOptions;
  readonly #table: InOrderTable;
  readonly #handshake: Handshake | undefined;
  #receiver: Receiver | undefined;
  /** Of the request that is out, or was last. */
  #operation: Operation<unknown> = pingOperation;
  #turn: Turn | undefined;
  /** A request was sent on it. */
  #asked = false;
  #onLost: ((wire: LensDBWire, failure: Failure) => void) | undefined;

  constructor(connection: Connection<LensDBWire>, options: WireOptions) {
    this.#connection = connection;
    this.#options = options;
    this.address = options.address;
    this.#table = new InOrderTable(connection, { capacity: 1, clock: options.timekeeper.clock });
    const { dialect, reads } = options.address;
    if (options.probe) this.#handshake = this.#createHandshake(options.probe);
    else if (dialect) this.#receiver = this.#createReceiver(dialect, reads);
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
   * Sends one request and waits for its answer, until `dueAt` by the client's clock. See `submit`.
   */
  request<T>(
    operation: Operation<T>,
    request: Request,
    dueAt: number,
    signal: AbortSignal | undefined,
    turn: Turn,
    first?: Fence,
  ): Promise<T | Failure | RepeatRead> {
    return new Promise((resolve) => {
      const pending = new Pending<T | RepeatRead>(resolve, dueAt, signal);
      this.submit(pending as Pending, operation, request, turn, first);
    });
  }

  /**
   * Sends one request; its answer settles `pending`. Whatever ends the wait after the bytes have left closes the
   * connection.
   *
   * @param turn - ends with the request: not before everything that came with the answer was looked at, because bytes
   * behind it end the connection.
   */
  submit(pending: Pending, operation: Operation<unknown>, request: Request, turn: Turn, first?: Fence): void {
    if (!this.usable) {
      pending.settle(notUsable(this.endpoint));
      turn.release();
      return;
    }
    this.#operation = operation;
    this.#turn = turn;
    try {
      this.#send(pending, operation, request, first);
    } finally {
      this.#finish();
    }
  }

  async handshake(): Promise<Failure | undefined> {
    return this.#handshake?.run();
  }

  abandon(pending: Pending, why: Abandonment): void {
    if (why === 'deadline') this.#doubt();
    this.#table.abandon(pending, why);
    this.#finish();
  }

  onData(bytes: Uint8Array, length: number): void {
    try {
      if (this.#receiver) this.#receiver.onData(bytes, length);
      else if (!this.#handshake?.over) this.#handshake?.onData(bytes, length);
    } catch (error) {
      if (!(error instanceof OtherDialectError)) throw error;
      const { address } = this.#options;
      address.forget();
      this.close(otherDialect(error, address));
    }
    this.#finish();
  }

  onEnd(): boolean {
    return this.#receiver?.onEnd() ?? this.#handshake?.onEnd() ?? false;
  }

  /** A late answer would meet the next request. */
  onTombstone(): void {
    this.close(spent(this.endpoint));
  }

  onClose(failure: Failure): void {
    this.#handshake?.onClose(failure);
    if (failure.kind === 'connection') this.address.onLost();
    // A server that never answered what was learned of its address may be another one by now.
    if (this.#asked && !this.answered) this.address.doubt();
    this.#receiver?.stop();
    this.#table.clear(this.#judge(failure));
    this.#onLost?.(this, failure);
    this.#finish();
  }

  answer(answer: Answer | RepeatRead): void {
    if (!('status' in answer)) {
      this.#table.answer(answer);
      return;
    }
    const { dialect, endpoint } = this;
    const result = readAnswer(this.#operation, dialect, answer, endpoint);
    if (!(result instanceof Failure)) {
      this.#table.answer(result);
      return;
    }
    this.#table.answer(this.#judge(result));
    if (poisons(dialect, answer)) this.close(poisoned(endpoint));
    else if (result.kind === 'protocol') this.close(result);
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

  #send(pending: Pending, operation: Operation<unknown>, request: Request, first: Fence | undefined): void {
    const { timekeeper } = this.#options;
    timekeeper.add(pending);
    // Aborted already, or its client destroyed: nothing was written, which the receiver would have to forget.
    if (pending.settled) return;
    const { out } = this.#connection;
    pending.from = out.position;
    let last: boolean;
    try {
      last = (this.#receiver as Receiver).write(out, operation, request, first);
    } catch (error) {
      timekeeper.remove(pending);
      throw error;
    }
    pending.to = out.position;
    this.#table.push(pending);
    pending.holder = this;
    this.#asked = true;
    if (last) this.#connection.halfClose();
    else this.#connection.flush();
  }

  /** A request was waited for in vain, which is how what was learned wrongly shows. */
  #doubt(): void {
    const { address } = this;
    if (this.#operation.name === 'setex') address.doubtSetEx();
    // A server that closes behind each answer, as accidents had made it seem, would have.
    if (address.reads?.strategy === 'close') address.forgetReads();
  }

  /** The request is over, if it is: the connection goes back. */
  #finish(): void {
    const turn = this.#turn;
    if (!turn || this.#table.size > 0) return;
    this.#turn = undefined;
    turn.release();
  }

  /** Where an answer cannot be trusted, a write may have been done: only reads are repeated (section 6). */
  #judge(failure: Failure): Failure {
    const sure = failure.kind !== 'protocol' || failure.outcome !== 'unknown' || this.#operation.safety === 'read';
    return sure ? failure : new Failure({ ...failure, retryable: false });
  }

  #onGreeted(greeted: Greeted): Failure | undefined {
    const reads = greeted.dialect === 'ldbd' ? this.#asAsked(greeted.reads) : undefined;
    this.address.learn(greeted.dialect, reads);
    if (reads?.strategy === 'close' && reads.oneRequest) return spent(this.endpoint);
    this.#receiver = this.#createReceiver(greeted.dialect, reads);
    return undefined;
  }

  /** A server whose reads could end by a fence can be asked to end them by closing. */
  #asAsked(reads: LdbdReads): LdbdReads {
    if (this.#options.ldbdReads === 'fence' || reads.strategy === 'close') return reads;
    return { strategy: 'close', pingReply: reads.pingReply, oneRequest: false };
  }

  #createHandshake(probe: Dialect): Handshake {
    const { timekeeper, probeTimeoutMs, random, address } = this.#options;
    return new Handshake({
      timekeeper,
      timeoutMs: probeTimeoutMs,
      probe,
      given: address.dialectIsGiven ? address.dialect : undefined,
      endpoint: this.endpoint,
      randomKey: randomFenceKey(random),
      send: (bytes) => this.send(bytes),
      onGreeted: (greeted) => this.#onGreeted(greeted),
    });
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
