/** One connection through a fault proxy: a client's socket, a server's, and a lane each way between them. */

import type { Socket } from 'node:net';
import type { FrameMeter } from '../kit/framing/meter.ts';
import type { Clock, Timer } from '../ports.ts';
import { resetSocket } from './event-loop.ts';
import {
  type ChunkFault,
  type ConnectionFault,
  covers,
  type Direction,
  type Fault,
  type PassingChunk,
} from './fault.ts';
import type { ActiveRule } from './fault-rules.ts';
import { type LaneOwner, ProxiedLane } from './proxied-lane.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What a connection asks and tells its proxy. */
export interface ConnectionOwner {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly lingerMs: number;
  rules(): readonly ActiveRule[];
  phaseOf(chunk: PassingChunk): string | undefined;
  struck(fault: Fault): void;
  failed(error: unknown): void;
  closed(connection: ProxiedConnection): void;
}

interface ConnectionSockets {
  readonly client: Socket;
  readonly server: Socket;
  readonly requestMeter: FrameMeter | undefined;
  readonly answerMeter: FrameMeter | undefined;
}

const directions = ['request', 'answer'] as const;

export class ProxiedConnection {
  /** Counts the connections of its proxy, from 1. */
  readonly number: number;
  readonly #owner: ConnectionOwner;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #lanes: Readonly<Record<Direction, ProxiedLane>>;
  readonly #over: Promise<void>;
  #settleOver: () => void = () => {};
  readonly #pauses = new Map<Timer, () => void>();
  /** Rules that have struck this connection. */
  readonly #struck = new Set<ActiveRule>();
  #phase = 'open';
  #linger: Timer | undefined;
  /** Whose next bytes are answered with a reset, because the other side is gone. */
  #resetOnBytes: Direction | undefined;
  /** The sockets end by our doing: how they do tells nothing. */
  #cut = false;
  #isOver = false;

  /** Made by `FaultProxy`. */
  constructor(number: number, sockets: object, owner: ConnectionOwner) {
    const { client, server, requestMeter, answerMeter } = sockets as ConnectionSockets;
    this.number = number;
    this.#owner = owner;
    this.#client = client;
    this.#server = server;
    this.#over = new Promise((resolve) => (this.#settleOver = resolve));
    const lanes = this.#laneOwner();
    this.#lanes = {
      request: new ProxiedLane(number, 'request', client, server, requestMeter, lanes),
      answer: new ProxiedLane(number, 'answer', server, client, answerMeter, lanes),
    };
    this.#watch(client, server, 'request');
    this.#watch(server, client, 'answer');
  }

  /**
   * `open` at first; then `request` or `answer`, as the last chunk was, or what the proxy's `phaseOf` calls it; `idle`
   * after an answer when there have been as many chunks of answers as of requests; or what `enter` says, until then.
   */
  get phase(): string {
    return this.#phase;
  }

  /** Bytes that were dealt with, by direction. */
  get bytes(): Readonly<Record<Direction, number>> {
    return { request: this.#lanes.request.offset, answer: this.#lanes.answer.offset };
  }

  get closed(): boolean {
    return this.#isOver;
  }

  /** Waits until both sides are closed. */
  untilClosed(): Promise<void> {
    return this.#over;
  }

  /** Enters a phase by hand: what waits for it strikes. */
  enter(phase: string): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    for (const rule of this.#owner.rules()) if (rule.phase === phase) this.#strike(rule);
  }

  /** Does this to the connection, now. `direction` (default both) is for faults that have one. */
  apply(fault: Exclude<ConnectionFault, { type: 'refuse' }>, direction: Direction | 'both' = 'both'): void {
    if (this.#isOver) return;
    this.#owner.struck(fault);
    switch (fault.type) {
      case 'reset':
        this.#reset(fault.seenBy ?? 'both');
        break;
      case 'fin':
        for (const each of directions) if (covers(direction, each)) this.#lanes[each].end();
        break;
      case 'black-hole':
        for (const each of directions) if (covers(direction, each)) this.#lanes[each].swallow();
        break;
      case 'half-open':
        this.#lose(fault.gone ?? 'server', fault.afterwards ?? 'silence');
        break;
    }
  }

  /** For the proxy: a rule is new, or this connection is. */
  consider(rule: ActiveRule): void {
    const {
      afterBytes,
      rule: { when },
    } = rule;
    const isTime =
      when === undefined ||
      rule.phase === this.#phase ||
      (afterBytes !== undefined && directions.some((each) => this.#hasPassed(rule, each, afterBytes)));
    if (isTime) this.#strike(rule);
  }

  /** Ends both sides, in order. */
  destroy(): void {
    this.#cut = true;
    this.#client.destroy();
    this.#server.destroy();
  }

  #hasPassed(rule: ActiveRule, direction: Direction, bytes: number): boolean {
    return rule.watches(this.number, direction) && this.#lanes[direction].offset >= bytes;
  }

  #strike(rule: ActiveRule): void {
    const fault = rule.connectionFault;
    if (!fault || fault.type === 'refuse' || this.#isOver || this.#cut) return;
    if (this.#struck.has(rule) || !rule.concerns(this.number) || !rule.strikes()) return;
    this.#struck.add(rule);
    this.apply(fault, rule.rule.direction);
  }

  #reset(seenBy: 'client' | 'server' | 'both'): void {
    this.#cut = true;
    for (const [side, socket] of [
      ['client', this.#client],
      ['server', this.#server],
    ] as const) {
      if (seenBy === 'both' || seenBy === side) resetSocket(socket);
      else socket.destroy();
    }
  }

  #lose(gone: 'client' | 'server', afterwards: 'silence' | 'reset'): void {
    this.#cut = true;
    for (const each of directions) this.#lanes[each].swallow();
    const remains: Direction = gone === 'server' ? 'request' : 'answer';
    if (afterwards === 'reset') this.#resetOnBytes = remains;
    (gone === 'server' ? this.#server : this.#client).destroy();
  }

  #laneOwner(): LaneOwner {
    return {
      random: this.#owner.random,
      phase: () => this.#phase,
      over: this.#over,
      arriving: (chunk) => this.#arriving(chunk),
      faultsFor: (chunk) => this.#faultsFor(chunk),
      nextMark: (direction, offset) => this.#nextMark(direction, offset),
      passed: (direction, offset, endsChunk) => this.#passed(direction, offset, endsChunk),
      mayStrike: (direction) => direction === 'answer' && this.#owner.rules().some((rule) => rule.phase === 'idle'),
      finish: (direction, how) => (how === 'fin' ? this.#lanes[direction].end() : this.#reset('both')),
      failed: (error) => {
        this.#owner.failed(error);
        this.destroy();
      },
      pause: (ms) => this.#pause(ms),
    };
  }

  #arriving(chunk: PassingChunk): void {
    const { direction } = chunk;
    if (this.#resetOnBytes === direction) resetSocket(direction === 'request' ? this.#client : this.#server);
    if (this.#lanes[direction].swallows) return;
    this.enter(this.#owner.phaseOf(chunk) ?? direction);
    const now = { ...chunk, phase: this.#phase };
    for (const rule of this.#owner.rules()) {
      const { when } = rule.rule;
      if (!rule.connectionFault || !when || 'phase' in when || 'afterBytes' in when) continue;
      if (rule.watches(this.number, direction) && rule.isTime(now)) this.#strike(rule);
    }
  }

  #faultsFor(chunk: PassingChunk): ChunkFault[] {
    const faults: ChunkFault[] = [];
    for (const rule of this.#owner.rules()) {
      const fault = rule.chunkFault;
      if (!fault || !rule.watches(this.number, chunk.direction) || !rule.isTime(chunk) || !rule.strikes()) continue;
      this.#owner.struck(fault);
      faults.push(fault);
    }
    return faults;
  }

  #nextMark(direction: Direction, offset: number): number {
    let mark = Infinity;
    for (const rule of this.#owner.rules()) {
      const { afterBytes = Infinity } = rule;
      if (afterBytes > offset && afterBytes < mark && rule.watches(this.number, direction)) mark = afterBytes;
    }
    return mark;
  }

  #passed(direction: Direction, offset: number, endsChunk: boolean): void {
    for (const rule of this.#owner.rules()) {
      if (rule.afterBytes === offset && rule.watches(this.number, direction)) this.#strike(rule);
    }
    const { request, answer } = this.#lanes;
    if (!this.#cut && endsChunk && direction === 'answer' && answer.chunks >= request.chunks) this.enter('idle');
  }

  #pause(ms: number): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#owner.clock.setTimer(() => {
        this.#pauses.delete(timer);
        resolve();
      }, ms);
      this.#pauses.set(timer, resolve);
    });
  }

  #watch(socket: Socket, peer: Socket, from: Direction): void {
    const lane = this.#lanes[from];
    let failed = false;
    socket.on('error', () => (failed = true));
    socket.on('end', () => {
      if (lane.swallows) this.#startLinger(from);
    });
    socket.on('close', () => {
      if (peer.closed) this.#finish();
      else if (this.#cut) return;
      else if (lane.swallows) this.#startLinger(from);
      else if (failed) resetSocket(peer);
      else if (!socket.readableEnded) peer.destroy();
    });
  }

  /**
   * One side has left, and the other is not to know. A client that has left is waited for no longer than this; a
   * server that has leaves a client that may find out for itself, however long it takes.
   */
  #startLinger(left: Direction): void {
    if (this.#isOver || (left === 'answer' && !this.#client.destroyed)) return;
    this.#linger ??= this.#owner.clock.setTimer(() => this.destroy(), this.#owner.lingerMs);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#linger?.cancel();
    for (const [timer, resolve] of this.#pauses) {
      timer.cancel();
      resolve();
    }
    this.#pauses.clear();
    this.#settleOver();
    this.#owner.closed(this);
  }
}
