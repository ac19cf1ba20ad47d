/** The client side of the simulation's protocol, by id, with pushes: what Synap's wire will look like. */

import { Failure, type Pending, waitFor, type Timekeeper } from '@wirewright/core';
import { ByIdTable, FrameSplitter } from '@wirewright/core/kit';
import type { Connection, SessionWire } from '@wirewright/core/socket';
import { resultOf } from './calls.ts';
import { decode, type Frame, Kind, meter, write } from './frames.ts';

export interface ByIdWireOptions {
  readonly timekeeper: Timekeeper;
  /** Of each lane. */
  readonly maxInFlight: number;
  /** Ids of each lane; as many as may be in flight, at least. */
  readonly ids: number;
  /** What is sent first; a refusal is wrong credentials. */
  readonly login: () => Promise<number | Failure>;
  readonly onPush: (push: Frame, wire: ByIdWire) => void;
  /** An answer to no request: the server makes none up. */
  readonly onUnknown: (frame: Frame) => void;
}

/** Reads, logins and subscriptions; and writes, which hold up none of them. */
export const lanes = 2;

/** Where the ids of a lane begin. */
const laneIds = 2 ** 31;

export class ByIdWire implements SessionWire<Frame> {
  /** Of the session: set by its `onUp`. */
  epoch = 0;
  readonly #connection: Connection<ByIdWire>;
  readonly #options: ByIdWireOptions;
  readonly #tables: readonly ByIdTable[];
  readonly #splitter: FrameSplitter;

  constructor(connection: Connection<ByIdWire>, options: ByIdWireOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#tables = Array.from({ length: lanes }, (_, lane) => {
      const firstId = lane * laneIds;
      return new ByIdTable(connection, { capacity: options.maxInFlight, firstId, lastId: firstId + options.ids - 1 });
    });
    for (const table of this.#tables) connection.limitStall(table, 30);
    this.#splitter = new FrameSplitter(meter, this, { maxFrameBytes: 10_000 });
  }

  isFull(lane: number): boolean {
    return this.#tableOf(lane).full;
  }

  /** Of the lane that has most. */
  get inFlight(): number {
    return Math.max(...this.#tables.map(({ size }) => size));
  }

  send(frame: Frame, pending: Pending, lane: number): void {
    const { out } = this.#connection;
    const id = this.#tableOf(lane).add(pending);
    pending.from = out.position;
    write(out, { ...frame, id });
    pending.to = out.position;
    this.#connection.flushSoon();
  }

  call(frame: Frame, dueAt: number = Infinity): Promise<number | Failure> {
    return waitFor<number>(this.#options.timekeeper, { dueAt }, 'request', (pending) =>
      this.send(frame, pending as Pending, 0),
    );
  }

  async handshake(): Promise<Failure | undefined> {
    const login = await this.#options.login();
    if (login instanceof Failure) return login;
    const answer = await this.call({ kind: Kind.Hello, id: 0, operation: login, size: 0 });
    if (!(answer instanceof Failure)) return undefined;
    return answer.kind === 'server' ? new Failure({ ...answer, kind: 'authentication', retryable: true }) : answer;
  }

  onData(bytes: Uint8Array, length: number): void {
    this.#splitter.push(bytes, length);
  }

  onFrame(bytes: Uint8Array, start: number, end: number): void {
    const frame = decode(bytes, start, end);
    if (frame.kind === Kind.Push) this.#options.onPush(frame, this);
    else if (!this.#tableOf(Math.floor(frame.id / laneIds)).answer(frame.id, resultOf(frame.kind, frame.operation)))
      this.#options.onUnknown(frame);
  }

  onClose(failure: Failure): void {
    this.#splitter.stop();
    for (const table of this.#tables) table.clear(failure);
  }

  #tableOf(lane: number): ByIdTable {
    return this.#tables[lane] as ByIdTable;
  }
}
