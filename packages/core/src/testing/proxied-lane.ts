/** One direction of a proxied connection: reads, applies faults, and writes, in order. */

import type { Socket } from 'node:net';
import { turnOfEventLoop } from './event-loop.ts';
import type { ChunkFault, Direction, PassingChunk } from './fault.ts';
import { applyChunkFault, type Passage, type Piece, type Wait } from './fault-pieces.ts';
import { FrameGatherer } from './frame-gatherer.ts';
import type { FrameMeter } from '../kit/framing/meter.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What a lane asks and tells the connection that it is a direction of. */
export interface LaneOwner {
  readonly random: SeededRandom;
  phase(): string;
  /** A chunk is about to be passed on; faults of connections may strike now. */
  arriving(chunk: PassingChunk): void;
  /** Faults of chunks that apply to this one. */
  faultsFor(chunk: PassingChunk): readonly ChunkFault[];
  /** The next byte count after `offset` at which something begins; Infinity when there is none. */
  nextMark(direction: Direction, offset: number): number;
  /** So many bytes of the direction have been dealt with; `endsChunk` unless the rest of the chunk follows. */
  passed(direction: Direction, offset: number, endsChunk: boolean): void;
  /** Whether something may strike now that the rest of this chunk does not follow. */
  mayStrike(direction: Direction): boolean;
  /** A truncated chunk was the last. */
  finish(direction: Direction, how: 'fin' | 'reset'): void;
  /** A predicate or a meter of the test has thrown. */
  failed(error: unknown): void;
  /** Waits so long, or until the connection is over. */
  pause(ms: number): Promise<void>;
  /** Settles when the connection is over. */
  readonly over: Promise<void>;
}

/** More than this waiting in the proxy, and the source is not read for a while. */
const maxQueuedBytes = 1 << 20;

export class ProxiedLane {
  readonly direction: Direction;
  readonly #number: number;
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #owner: LaneOwner;
  readonly #gatherer: FrameGatherer | undefined;
  #state: 'open' | 'swallowing' | 'ended' = 'open';
  #queue: (Uint8Array | 'end')[] = [];
  #queuedBytes = 0;
  #working = false;
  #chunks = 0;
  #offset = 0;

  constructor(
    number: number,
    direction: Direction,
    source: Socket,
    sink: Socket,
    meter: FrameMeter | undefined,
    owner: LaneOwner,
  ) {
    this.#number = number;
    this.direction = direction;
    this.#source = source;
    this.#sink = sink;
    this.#owner = owner;
    this.#gatherer = meter && new FrameGatherer(meter);
    source.on('data', (chunk: Uint8Array) => this.#push(chunk));
    source.on('end', () => this.#pushEnd());
  }

  /** Bytes of this direction that were dealt with. */
  get offset(): number {
    return this.#offset;
  }

  /** Chunks of this direction that have come. */
  get chunks(): number {
    return this.#chunks;
  }

  /** Nothing passes any more, and nobody is told. */
  get swallows(): boolean {
    return this.#state === 'swallowing';
  }

  swallow(): void {
    this.#state = 'swallowing';
  }

  /** The receiver sees the end; what comes later is dropped. */
  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#sink.end();
  }

  #push(chunk: Uint8Array): void {
    const chunks = this.#gatherer ? this.#gatherer.push(chunk) : [chunk];
    for (const each of chunks) this.#enqueue(each);
    void this.#work();
  }

  #pushEnd(): void {
    const rest = this.#gatherer?.rest();
    if (rest && rest.length > 0) this.#enqueue(rest);
    this.#queue.push('end');
    void this.#work();
  }

  #enqueue(chunk: Uint8Array): void {
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes > maxQueuedBytes) this.#source.pause();
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let item = this.#queue.shift(); item; item = this.#queue.shift()) {
      if (item === 'end') {
        this.end();
        continue;
      }
      this.#queuedBytes -= item.length;
      this.#chunks += 1;
      try {
        await this.#passChunk(item);
      } catch (error) {
        this.#state = 'ended';
        this.#owner.failed(error);
      }
      if (this.#queuedBytes <= maxQueuedBytes && this.#source.isPaused()) this.#source.resume();
    }
    this.#working = false;
  }

  /** In parts, where something begins in the middle of it. */
  async #passChunk(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.length;) {
      const mark = this.#owner.nextMark(this.direction, this.#offset) - this.#offset;
      const until = Math.min(chunk.length, from + mark);
      await this.#pass(from === 0 && until === chunk.length ? chunk : chunk.subarray(from, until));
      this.#offset += until - from;
      // What begins here may cut the connection: what came before has to be there by then.
      const endsChunk = until === chunk.length;
      if (until - from === mark || (endsChunk && this.#owner.mayStrike(this.direction))) await this.#flushed();
      this.#owner.passed(this.direction, this.#offset, endsChunk);
      from = until;
    }
  }

  async #pass(bytes: Uint8Array): Promise<void> {
    const { direction } = this;
    const place = { connection: this.#number, direction, bytes, index: this.#chunks, offset: this.#offset };
    this.#owner.arriving({ ...place, phase: this.#owner.phase() });
    if (this.#state !== 'open') return;
    const faults = this.#owner.faultsFor({ ...place, phase: this.#owner.phase() });
    if (faults.length === 0) {
      await this.#write(bytes);
      return;
    }
    let passage: Passage = { pieces: [{ bytes, waits: [] }], afterwards: 'continue' };
    for (const fault of faults) passage = applyChunkFault(passage, fault, this.#owner.random);
    for (const piece of passage.pieces) await this.#passPiece(piece);
    if (passage.afterwards === 'continue' || this.#state !== 'open') return;
    await this.#flushed();
    this.#owner.finish(direction, passage.afterwards);
  }

  async #passPiece({ bytes, waits }: Piece): Promise<void> {
    for (const wait of waits) await this.#wait(wait);
    if (this.#state === 'open') await this.#write(bytes);
  }

  #wait(wait: Wait): Promise<unknown> {
    if (wait === 'turn') return this.#flushed();
    if ('ms' in wait) return this.#owner.pause(wait.ms);
    return Promise.race([wait.until.catch(() => {}), this.#owner.over]);
  }

  /** Everything written has left, and a receiver in this process has had the time to read it. */
  async #flushed(): Promise<void> {
    if (this.#sink.writableLength > 0) await new Promise<void>((resolve) => this.#sink.write('', () => resolve()));
    await turnOfEventLoop();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const sink = this.#sink;
    if (sink.destroyed || sink.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        sink.off('drain', done);
        sink.off('close', done);
        resolve();
      };
      sink.on('drain', done);
      sink.on('close', done);
    });
  }
}
