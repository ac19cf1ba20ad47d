/** A ready-made wire for protocols that answer in order, with any number of requests in flight. */

import type { Pending, Timekeeper } from '../deadline.ts';
import { Failure } from '../errors/failure.ts';
import type { FrameMeter } from '../kit/framing/meter.ts';
import type { SlabWriter } from '../kit/framing/slab.ts';
import { type FrameSink, FrameSplitter } from '../kit/framing/splitter.ts';
import { WireError } from '../kit/framing/wire-error.ts';
import { InOrderTable } from '../kit/pending/in-order.ts';
import { OptionChecker } from '../options.ts';
import { type CallLimits, waitFor } from '../waiting.ts';
import type { Connection } from './connection.ts';
import { brokenWire, encoderFailed } from './connection-failures.ts';
import type { PoolMember } from './pool-options.ts';
import type { SessionWire } from './session-options.ts';

/** A protocol as bytes. One for each connection: its meter remembers how far it read. */
export interface PipelineCodec<Request, Answer> {
  readonly meter: FrameMeter;
  /** Writes a request: `out.reserve`, then `out.commit`. */
  write(out: SlabWriter, request: Request): void;
  /**
   * Reads one frame. A refusal of the server is a `Failure`. What it returns must share no memory with `bytes`, unless
   * the frame is `owned`.
   *
   * @throws WireError when it is none
   */
  read(bytes: Uint8Array, start: number, end: number, owned: boolean): Answer | Failure;
  /** Whether a frame answers no request. Default: none does. */
  isPush?(bytes: Uint8Array, start: number): boolean;
}

export interface PipelinedWireOptions<Request, Answer> {
  readonly timekeeper: Timekeeper;
  readonly codec: PipelineCodec<Request, Answer>;
  /** Unanswered requests, abandoned ones included. Default 1 024. */
  readonly maxInFlight?: number;
  /** Bytes that may wait for the socket to take them. Default 1 MiB. */
  readonly maxQueuedBytes?: number;
  /** No answer may be longer. Default 64 MiB. */
  readonly maxFrameBytes?: number;
  /** The connection ends when an abandoned request holds up the others for longer. Default 10 000. */
  readonly stallMs?: number;
  /** What comes before the first request, by way of `call`. */
  readonly handshake?: (wire: PipelinedWire<Request, Answer>) => Promise<Failure | undefined>;
  /** Without it, pushes are dropped. What it throws ends the connection, as what the codec throws does. */
  readonly onPush?: (push: Answer | Failure, bytes: number, wire: PipelinedWire<Request, Answer>) => void;
}

const wireOptions = new OptionChecker('PipelinedWire', {
  maxInFlight: { kind: 'integer', min: 1, infinity: true },
  maxQueuedBytes: { kind: 'number', min: 0, infinity: true, unit: 'bytes' },
  maxFrameBytes: { kind: 'number', min: 1, infinity: true, unit: 'bytes' },
  stallMs: { kind: 'number', above: 0, infinity: true, unit: 'ms' },
  handshake: { kind: 'function' },
  onPush: { kind: 'function' },
});

const unlimited: CallLimits = Object.freeze({ dueAt: Infinity });

export class PipelinedWire<Request, Answer> implements SessionWire<Request>, PoolMember, FrameSink {
  readonly connection: Connection<PipelinedWire<Request, Answer>>;
  readonly #options: PipelinedWireOptions<Request, Answer>;
  readonly #codec: PipelineCodec<Request, Answer>;
  readonly #maxQueuedBytes: number;
  readonly #table: InOrderTable;
  readonly #splitter: FrameSplitter;

  /** @throws ArgumentError for an option that is none */
  constructor(connection: Connection<PipelinedWire<Request, Answer>>, options: PipelinedWireOptions<Request, Answer>) {
    wireOptions.checkKnown(options);
    this.connection = connection;
    this.#options = options;
    this.#codec = options.codec;
    this.#maxQueuedBytes = options.maxQueuedBytes ?? 1024 * 1024;
    const { codec, timekeeper, maxInFlight = 1024, maxFrameBytes = 64 * 1024 * 1024, stallMs = 10_000 } = options;
    this.#table = new InOrderTable(connection, { capacity: maxInFlight, clock: timekeeper.clock });
    this.#splitter = new FrameSplitter(codec.meter, this, { maxFrameBytes });
    connection.limitStall(this.#table, stallMs);
  }

  /** As many requests as may be are unanswered, or too many bytes wait for the socket. It has one lane. */
  isFull(): boolean {
    return this.#table.full || this.connection.out.queued > this.#maxQueuedBytes;
  }

  /** Up, with nothing unanswered: fit for a lease. */
  get usable(): boolean {
    return this.connection.up && this.#table.size === 0;
  }

  /** Requests without an answer, abandoned ones included. */
  get inFlight(): number {
    return this.#table.size;
  }

  send(request: Request, pending: Pending): void {
    const { out } = this.connection;
    if (this.#table.tombstones > 0) this.connection.closeIfStalled();
    pending.from = out.position;
    try {
      this.#codec.write(out, request);
    } catch (error) {
      // Half a request would take the next one for its other half.
      out.withdraw(pending.from, out.position);
      throw error;
    }
    pending.to = out.position;
    this.#table.push(pending);
    this.connection.flushSoon();
  }

  /**
   * Sends a request on this very connection, past any waiting room: for handshakes, subscriptions, leases. Ends
   * `overloaded` while the wire is full. Does not reject.
   */
  call(request: Request, limits: CallLimits = unlimited): Promise<Answer | Failure> {
    return waitFor<Answer>(this.#options.timekeeper, limits, 'request', (pending) => {
      if (this.isFull()) return pending.settle(this.#overloaded());
      try {
        this.send(request, pending as Pending);
      } catch (error) {
        pending.settle(encoderFailed(error));
      }
    });
  }

  async handshake(): Promise<Failure | undefined> {
    return this.#options.handshake?.(this);
  }

  onData(bytes: Uint8Array, length: number): void {
    this.#splitter.push(bytes, length);
  }

  onFrame(bytes: Uint8Array, start: number, end: number, owned: boolean): void {
    const answer = this.#codec.read(bytes, start, end, owned);
    if (this.#codec.isPush?.(bytes, start)) this.#push(answer, end - start);
    else if (!this.#table.answer(answer)) throw new WireError('an answer came that no request waits for');
  }

  onClose(failure: Failure): void {
    this.#splitter.stop();
    this.#table.clear(failure);
  }

  close(failure: Failure): void {
    this.connection.close(failure);
  }

  #push(push: Answer | Failure, bytes: number): void {
    const told: unknown = this.#options.onPush?.(push, bytes, this);
    if (told instanceof Promise)
      told.catch((error: unknown) => this.close(brokenWire(this.connection.endpoint, error)));
  }

  #overloaded(): Failure {
    return new Failure({
      kind: 'overloaded',
      message: `${this.#table.size} requests and ${this.connection.out.queued} bytes wait on this connection already; wait for some of them first`,
      outcome: 'not-sent',
      retryable: true,
      endpoint: this.connection.endpoint,
      details: { phase: 'request' },
    });
  }
}
