/** One connection of Synap's native protocol: answers by id in any order, and pushes between them. */

import { type CallLimits, Failure, type Pending, type Timekeeper, waitFor } from '@wirewright/core';
import { ByIdTable, type FrameSink, FrameSplitter } from '@wirewright/core/kit';
import type { Connection, SessionWire } from '@wirewright/core/socket';
import { Decoder, meter } from './decode.ts';
import { writeRequest } from './encode.ts';
import type { Command, Value } from './values.ts';

/** Never asked with; what carries it is a push. */
const pushId = 0xffffffff;

/** The range of ids, shared out among the tables. */
const firstBlockingId = 0xc0000000;
const firstPingId = 0xfffffff0;

export interface SynapWireOptions {
  readonly timekeeper: Timekeeper;
  /** Ordinary calls in flight, blocking ones in flight. Both count against the server's 256. */
  readonly maxCalls: number;
  readonly maxBlocking: number;
  readonly maxQueuedBytes: number;
  readonly maxFrameBytes: number;
  /** With nothing but given-up calls in flight for so long, the connection is of no use any more. */
  readonly stallMs: number;
  readonly handshake: (wire: SynapWire) => Promise<Failure | undefined>;
  /** `bytes`: about how much the push weighs. */
  readonly onPush: (push: Value, bytes: number) => void;
}

const unlimited: CallLimits = { dueAt: Infinity };

/** Calls that block have ids and a waiting room of their own: they hold up no ordinary ones. */
export const Lane = { calls: 0, blocking: 1 } as const;

export class SynapWire implements SessionWire<Command>, FrameSink {
  readonly connection: Connection<SynapWire>;
  readonly calls: ByIdTable;
  readonly blocking: ByIdTable;
  readonly pings: ByIdTable;
  /** Answers that nobody waited for. */
  unknownAnswers = 0;
  readonly #options: SynapWireOptions;
  readonly #splitter: FrameSplitter;
  readonly #decoder = new Decoder();

  constructor(connection: Connection<SynapWire>, options: SynapWireOptions) {
    const { maxFrameBytes, maxCalls, maxBlocking, stallMs } = options;
    this.connection = connection;
    this.#options = options;
    this.calls = new ByIdTable(connection, { capacity: maxCalls, firstId: 0, lastId: firstBlockingId - 1 });
    this.blocking = new ByIdTable(connection, {
      capacity: maxBlocking,
      firstId: firstBlockingId,
      lastId: firstPingId - 1,
    });
    this.pings = new ByIdTable(connection, { capacity: 4, firstId: firstPingId, lastId: pushId - 1 });
    this.#splitter = new FrameSplitter(meter, this, { maxFrameBytes });
    connection.limitStall(this.calls, stallMs);
  }

  isFull(lane: number): boolean {
    return this.#tableOf(lane).full || this.connection.out.queued > this.#options.maxQueuedBytes;
  }

  send(command: Command, pending: Pending, lane: number): void {
    this.#write(this.#tableOf(lane), command, pending);
  }

  /** A call on this very connection, past any waiting room: for the handshake and for subscriptions. */
  call(command: Command, limits: CallLimits = unlimited): Promise<Value | Failure> {
    return waitFor<Value>(this.#options.timekeeper, limits, 'request', (pending) => {
      if (this.calls.full) pending.settle(tooMany());
      else this.#write(this.calls, command, pending as Pending);
    });
  }

  /** Asks for a sign of life, unless several are awaited already. */
  ping(): void {
    if (this.pings.full) return;
    void waitFor(this.#options.timekeeper, unlimited, 'ping', (pending) =>
      this.#write(this.pings, { name: 'PING', args: [] }, pending),
    );
  }

  handshake(): Promise<Failure | undefined> {
    return this.#options.handshake(this);
  }

  onData(bytes: Uint8Array, length: number): void {
    this.#splitter.push(bytes, length);
  }

  onFrame(bytes: Uint8Array, start: number, end: number): void {
    // An empty frame is a keep-alive.
    if (end - start === 4) return;
    const id = this.#decoder.id(bytes, start, end);
    const result = this.#decoder.result();
    if (id === pushId) {
      // A refusal with this id answers a request that used it: none of ours.
      if (result instanceof Failure) this.unknownAnswers += 1;
      else this.#options.onPush(result, end - start);
      return;
    }
    const table = id < firstBlockingId ? this.calls : id < firstPingId ? this.blocking : this.pings;
    if (!table.answer(id, result)) this.unknownAnswers += 1;
  }

  onClose(failure: Failure): void {
    this.#splitter.stop();
    for (const table of [this.calls, this.blocking, this.pings]) table.clear(failure);
  }

  #tableOf(lane: number): ByIdTable {
    return lane === Lane.blocking ? this.blocking : this.calls;
  }

  #write(table: ByIdTable, command: Command, pending: Pending): void {
    const { out } = this.connection;
    const id = table.add(pending);
    pending.from = out.position;
    pending.to = out.position;
    try {
      writeRequest(out, id, command);
    } catch (error) {
      // Nothing was written, so there is nothing to withdraw: the id is free again.
      pending.settle(encoderFailed(error));
      table.abandon(pending, 'closed');
      return;
    }
    pending.to = out.position;
    this.connection.flushSoon();
  }
}

function tooMany(): Failure {
  return new Failure({
    kind: 'overloaded',
    message: 'too many calls are in flight on this connection; try again later',
    outcome: 'not-sent',
    retryable: true,
  });
}

function encoderFailed(cause: unknown): Failure {
  return new Failure({
    kind: 'protocol',
    code: 'ENCODER_FAILED',
    message: 'the request could not be encoded; nothing was sent (the cause tells why)',
    outcome: 'not-sent',
    retryable: false,
    cause,
  });
}
