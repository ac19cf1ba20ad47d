/**
 * One Lance connection with everything on it: batches, whose acknowledgements come in an order of their own,
 * commands, whose replies overtake those, and keep-alives.
 *
 * An error names neither its batch nor its command. Behind each command goes a keep-alive, whose echo comes right
 * behind the command's reply: what came last before the echo answers the command, other errors are of batches.
 */

import { type CallLimits, Failure, Pending, type Timekeeper, waitFor } from '@wirewright/core';
import { type FrameSink, FrameSplitter, InOrderTable, WireError } from '@wirewright/core/kit';
import type { Connection, SessionWire } from '@wirewright/core/socket';
import { Acknowledgements } from './acknowledgements.ts';
import { Code, Flag, headerBytes, meter, readFrame, writeFrame } from './frame.ts';
import { type Control, type Ingest, isQuorumLost, kindOf, type Reply, replyOf, type Request } from './messages.ts';

export interface LanceWireOptions {
  readonly timekeeper: Timekeeper;
  readonly maxBatches: number;
  readonly maxCommands: number;
  readonly maxQueuedBytes: number;
  readonly maxFrameBytes: number;
  readonly stallMs: number;
}

/** Batches hold up no command, which may be what makes room for them. */
export const Lane = { commands: 0, batches: 1 } as const;

export class LanceWire implements SessionWire<Request>, FrameSink {
  readonly connection: Connection<LanceWire>;
  readonly batches: Acknowledgements;
  readonly commands: InOrderTable;
  readonly keepalives: InOrderTable;
  /** Times that the server asked for less. */
  backpressure = 0;
  readonly #options: LanceWireOptions;
  readonly #splitter: FrameSplitter;
  /** The echo that ends what answers a command. */
  readonly #fences = new Map<Pending, Pending>();
  /** Errors since the last fence: of batches, but for the last, which may be the command's. */
  #held: Failure[] = [];
  #commandIsAnswered = false;

  constructor(connection: Connection<LanceWire>, options: LanceWireOptions) {
    const { maxBatches, maxCommands, maxFrameBytes, stallMs, timekeeper } = options;
    const { clock } = timekeeper;
    this.connection = connection;
    this.#options = options;
    this.batches = new Acknowledgements(connection, { capacity: maxBatches, clock });
    this.keepalives = new InOrderTable(connection, { capacity: 1000, clock });
    const host = {
      withdraw: (pending: Pending) => this.#withdrawCommand(pending),
      hasLeft: (pending: Pending) => connection.hasLeft(pending),
      onTombstone: () => {},
    };
    this.commands = new InOrderTable(host, { capacity: maxCommands, clock });
    this.#splitter = new FrameSplitter(meter, this, { maxFrameBytes });
    for (const table of [this.batches.table, this.commands, this.keepalives]) connection.limitStall(table, stallMs);
  }

  isFull(lane: number): boolean {
    const table = lane === Lane.batches ? this.batches.table : this.commands;
    return table.full || this.connection.out.queued > this.#options.maxQueuedBytes;
  }

  send(request: Request, pending: Pending): void {
    if (request.kind === 'control') this.#sendCommand(request, pending);
    else this.#sendBatch(request, pending);
  }

  /** A keep-alive and its echo. */
  ping(limits: CallLimits = { dueAt: Infinity }): Promise<undefined | Failure> {
    return waitFor<undefined>(this.#options.timekeeper, limits, 'ping', (pending) =>
      this.#sendKeepalive(pending as Pending),
    );
  }

  onData(bytes: Uint8Array, length: number): void {
    this.#splitter.push(bytes, length);
  }

  onFrame(bytes: Uint8Array, start: number, end: number, owned: boolean): void {
    const frame = readFrame(bytes, start, end, owned);
    switch (kindOf(frame.flags, end - start - headerBytes)) {
      case 'ack':
        return this.batches.acknowledge(frame.batchId);
      case 'keepalive':
        return this.#onEcho();
      case 'backpressure':
        this.backpressure += 1;
        return;
      case 'control':
        if (frame.batchId === BigInt(Code.error)) return this.#onError(replyOf(frame) as Failure);
        return this.#onReply(replyOf(frame));
      default:
        throw new WireError('a frame came that servers do not send');
    }
  }

  onClose(failure: Failure): void {
    this.#splitter.stop();
    for (const table of [this.batches.table, this.commands, this.keepalives]) table.clear(failure);
    this.#fences.clear();
  }

  #sendBatch({ topicId, recordCount, payload }: Ingest, pending: Pending): void {
    pending.id = this.batches.nextId();
    const header = { flags: Flag.batch, batchId: BigInt(pending.id), recordCount, topicId };
    this.#write(pending, () => writeFrame(this.connection.out, header, payload));
    this.batches.table.push(pending);
    this.connection.flushSoon();
  }

  #sendCommand({ code, payload }: Control, pending: Pending): void {
    const fence = new Pending<unknown>(() => {}, Infinity);
    this.#write(pending, () => {
      writeFrame(this.connection.out, { flags: Flag.control, batchId: BigInt(code) }, payload);
      this.#writeKeepalive(fence);
    });
    this.commands.push(pending);
    this.#fences.set(fence, pending);
    this.connection.flushSoon();
  }

  #sendKeepalive(pending: Pending): void {
    this.#writeKeepalive(pending);
    this.connection.flushSoon();
  }

  #writeKeepalive(pending: Pending): void {
    this.#write(pending, () => writeFrame(this.connection.out, { flags: Flag.keepalive }));
    this.keepalives.push(pending);
  }

  #write(pending: Pending, write: () => void): void {
    const { out } = this.connection;
    pending.from = out.position;
    write();
    pending.to = out.position;
  }

  /** A command takes its keep-alive along. */
  #withdrawCommand(pending: Pending): boolean {
    if (!this.connection.withdraw(pending)) return false;
    for (const [fence, command] of this.#fences) {
      if (command !== pending) continue;
      this.#fences.delete(fence);
      this.keepalives.abandon(fence, 'closed');
    }
    return true;
  }

  #onReply(reply: Reply | Failure): void {
    this.#answerCommand(reply);
    this.#commandIsAnswered = true;
  }

  #onError(error: Failure): void {
    if (isQuorumLost(error)) {
      // This batch and all that were read with it have failed, or will be done later: nobody will say.
      this.connection.close(new Failure({ ...error, outcome: 'unknown' }));
      return;
    }
    if (this.#fences.size > 0) this.#held.push(error);
    else this.batches.refuse(error);
  }

  #onEcho(): void {
    const echoed = this.keepalives.head();
    if (!echoed || !this.keepalives.answer(undefined)) throw new WireError('a keep-alive came that nobody asked for');
    if (!this.#fences.delete(echoed)) return;
    if (!this.#commandIsAnswered) {
      const error = this.#held.pop();
      if (!error) throw new WireError('a command was not answered in its turn');
      this.#answerCommand(error);
    }
    this.#commandIsAnswered = false;
    for (const error of this.#held.splice(0)) this.batches.refuse(error);
  }

  #answerCommand(reply: Reply | Failure): void {
    if (!this.commands.answer(reply)) throw new WireError('a reply came that answers no command');
  }
}
