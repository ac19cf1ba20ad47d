/** A Lance client on core, as small as it can be: batches, fetches, one command, keep-alives. */

import { ArgumentError, Caller, type CallOptions, type Failure, type SocketTarget } from '@wirewright/core';
import { Connection, type ConnectionHooks, nodeRuntime, type Runtime, Session } from '@wirewright/core/socket';
import { createTopicOf, type Fetched, fetchOf, type Reply, type Request } from './messages.ts';
import { Lane, LanceWire } from './wire.ts';

const maxPayloadBytes = 16 * 1024 * 1024;

export interface LanceOptions {
  readonly target: SocketTarget;
  readonly runtime?: Runtime;
  readonly maxBatches?: number;
  readonly maxQueuedBytes?: number;
  readonly maxWaitingBytes?: number;
  readonly maxFrameBytes?: number;
  readonly stallMs?: number;
}

export class LanceClient {
  readonly caller: Caller;
  readonly session: Session<Request, LanceWire>;

  constructor(options: LanceOptions) {
    const { target, runtime = nodeRuntime, maxWaitingBytes = 32 * 1024 * 1024 } = options;
    const caller = new Caller({ system: 'lance', ports: runtime, timeoutMs: 30_000 });
    const common = { ports: runtime, timekeeper: caller.timekeeper };
    const createWire = (connection: Connection<LanceWire>): LanceWire =>
      new LanceWire(connection, {
        timekeeper: caller.timekeeper,
        maxBatches: options.maxBatches ?? 64,
        maxCommands: 64,
        maxQueuedBytes: options.maxQueuedBytes ?? 1024 * 1024,
        maxFrameBytes: options.maxFrameBytes ?? 64 * 1024 * 1024,
        stallMs: options.stallMs ?? 10_000,
      });
    const open = (hooks: ConnectionHooks<LanceWire>): Promise<Connection<LanceWire> | Failure> =>
      Connection.open<LanceWire>({ ...runtime, ...common, ...hooks, target, createWire });
    this.caller = caller;
    this.session = caller.own(
      new Session<Request, LanceWire>({
        ...common,
        open,
        lanes: 2,
        maxWaitingBytes,
        liveness: { idleMs: 10_000, timeoutMs: 20_000, ping: (wire) => void wire.ping() },
      }),
    );
  }

  /** Stores a batch. Resolves when it is on disk. */
  async ingest(topicId: number, payload: Uint8Array, recordCount: number, options?: CallOptions): Promise<bigint> {
    if (topicId === 0) throw new ArgumentError('topic 0 takes batches and never gives them back; use a real topic');
    if (payload.length === 0) throw new ArgumentError('an empty batch is never acknowledged; send one record at least');
    if (payload.length > maxPayloadBytes) throw new ArgumentError(`a batch may have ${maxPayloadBytes} bytes at most`);
    const request: Request = { kind: 'ingest', topicId, recordCount, payload };
    return (await this.#submit(request, options, false)) as bigint;
  }

  async fetch(topicId: number, offset: bigint, maxBytes: number, options?: CallOptions): Promise<Fetched> {
    return (await this.#submit(fetchOf(topicId, offset, maxBytes), options, true)) as Fetched;
  }

  async createTopic(name: string, options?: CallOptions): Promise<{ id: number }> {
    return JSON.parse((await this.#submit(createTopicOf(name), options, false)) as string) as { id: number };
  }

  /** The time that a keep-alive takes, in milliseconds. */
  async ping(options?: CallOptions): Promise<number> {
    const { clock } = this.caller.timekeeper;
    const started = clock.now();
    const { wire } = this.session;
    if (!wire) return clock.now() - started;
    this.caller.unwrap(await this.caller.run(options, true, (limits) => wire.ping(limits)));
    return clock.now() - started;
  }

  close(timeoutMs = 5000): Promise<void> {
    return this.caller.close(timeoutMs);
  }

  async #submit(request: Request, options: CallOptions | undefined, idempotent: boolean): Promise<Reply | bigint> {
    const lane = request.kind === 'ingest' ? Lane.batches : Lane.commands;
    const submitted = this.caller.submit<Reply | bigint>(options, idempotent, (pending) =>
      this.session.submit(request, pending, request.payload.length, lane),
    );
    return this.caller.unwrap(await submitted);
  }
}
