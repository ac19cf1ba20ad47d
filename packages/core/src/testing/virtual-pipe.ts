/** One direction of a virtual connection: a byte stream with latency, bounds and an end. */

import type { Agenda, AgendaEntry } from './agenda.ts';
import type { FakeClock } from './fake-clock.ts';
import { poisonByte } from './poison.ts';
import type { SeededRandom } from './seeded-random.ts';
import { Transit } from './transit.ts';
import { mergeConditions, type PipeConditions, readBufferBytes } from './virtual-conditions.ts';

/** What the pipes of one network share. */
export interface PipeContext {
  readonly clock: FakeClock;
  readonly random: SeededRandom;
  /** Everything is delivered in this memory, as from a socket that reads into a static buffer. */
  readonly readBuffer: Uint8Array;
  /** Memory of pipes that are no more, to be used again. */
  readonly spareBuffers: Uint8Array[];
}

/** Who stands at an end of a pipe. */
export interface PipeEnd {
  /** Whether what arrives is read at all; if not, bytes are answered with a reset. */
  readonly listens: boolean;
  readonly paused: boolean;
  received(buffer: Uint8Array, length: number): void;
  drained(): void;
  peerEnded(): void;
  peerReset(): void;
  /** The last byte and the end itself have been handed to the system. */
  endTaken(): void;
}

/** A packet without bytes: a reset, or the news that there is room. */
class Signal implements AgendaEntry {
  at = 0;
  order = 0;
  place = -1;
  readonly #arrive: () => void;

  constructor(arrive: () => void) {
    this.#arrive = arrive;
  }

  run(): void {
    this.#arrive();
  }
}

export class VirtualPipe implements AgendaEntry {
  at = 0;
  order = 0;
  place = -1;
  readonly #context: PipeContext;
  readonly #agenda: Agenda;
  readonly #sender: PipeEnd;
  readonly #receiver: PipeEnd;
  readonly #sendReset: () => void;
  #conditions: PipeConditions;
  #blackHole = false;
  readonly #transit: Transit;
  #delivered = 0;
  #lastTime = 0;
  /** What the system had no room for. Read when there is: the writer must leave it alone until `onDrain`. */
  #waiting: Uint8Array[] = [];
  #waitingFrom = 0;
  #end: 'open' | 'wanted' | 'sent' | 'delivered' = 'open';
  #endTime = 0;
  #drain: Signal | undefined;
  #reset: Signal | undefined;
  #watchAt = Infinity;
  #watch: (() => void) | undefined;

  /** `sendReset` answers bytes that nobody reads. */
  constructor(
    context: PipeContext,
    conditions: PipeConditions,
    sender: PipeEnd,
    receiver: PipeEnd,
    sendReset: () => void,
  ) {
    this.#context = context;
    this.#agenda = context.clock.agenda;
    this.#conditions = conditions;
    this.#sender = sender;
    this.#receiver = receiver;
    this.#sendReset = sendReset;
    this.#transit = new Transit(context.spareBuffers);
  }

  get conditions(): PipeConditions {
    return this.#conditions;
  }

  /** Bytes that the receiver was given. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Bytes that the system has taken and the receiver has not been given. */
  get inFlight(): number {
    return this.#transit.length;
  }

  /** Bytes that the writer still has to keep. */
  get waiting(): number {
    let count = 0;
    for (const chunk of this.#waiting) count += chunk.length;
    return count - this.#waitingFrom;
  }

  /** Changes what happens to bytes from now on. @throws ArgumentError for what cannot be */
  change(conditions: Partial<PipeConditions>): void {
    this.#conditions = mergeConditions(this.#conditions, conditions);
    this.#refill();
    this.schedule();
  }

  /** Calls `action` once, when `bytes` bytes in all have been delivered and before any further one is. */
  after(bytes: number, action: () => void): void {
    this.#watchAt = bytes;
    this.#watch = action;
  }

  /** Nothing arrives any more, neither bytes nor an end nor a reset, until `heal`. The sender is not told. */
  blackHole(): void {
    this.#blackHole = true;
    this.#agenda.remove(this);
  }

  /** What was held in a black hole arrives after all, as when a network is joined again. */
  heal(): void {
    if (!this.#blackHole) return;
    this.#blackHole = false;
    if (this.#reset && this.#reset.place < 0) this.#arriveLater(this.#reset);
    this.schedule();
  }

  /** @returns whether the system has taken all of it */
  write(chunk: Uint8Array): boolean {
    if (this.#waiting.length > 0) {
      this.#waiting.push(chunk);
      return false;
    }
    const count = Math.min(chunk.length, this.#room());
    this.#take(chunk, 0, count);
    this.schedule();
    if (count === chunk.length) return true;
    this.#waiting.push(chunk);
    this.#waitingFrom = count;
    return false;
  }

  /** Finishes the stream after what was written. */
  end(): void {
    if (this.#end === 'sent' || this.#end === 'delivered') return;
    this.#end = 'wanted';
    this.#refill();
  }

  /** The sender is gone: what the system has taken still arrives, the rest does not. */
  abandon(): void {
    this.#waiting.length = 0;
    this.#waitingFrom = 0;
    if (this.#drain) this.#agenda.remove(this.#drain);
  }

  /** A reset is on its way to the receiver; what has not arrived before it is lost. */
  reset(delayMs: number = this.#latency()): void {
    this.#reset ??= new Signal(() => this.#arriveReset());
    if (this.#reset.place < 0) this.#agenda.add(this.#reset, this.#context.clock.now() + delayMs);
  }

  /** Whether bytes have arrived that the receiver has not been given. */
  get hasUnread(): boolean {
    return this.#transit.arrived(this.#context.clock.now()) > 0;
  }

  /** Loses what is under way, and gives the memory back. */
  discard(): void {
    this.abandon();
    this.#agenda.remove(this);
    if (this.#reset) this.#agenda.remove(this.#reset);
    this.#transit.clear();
    if (this.#end === 'sent') this.#end = 'delivered';
  }

  /** Puts the next arrival on the agenda; to be called when the receiver starts to read again, too. */
  schedule(earliest: number = 0): void {
    if (this.#blackHole || (this.#receiver.paused && this.#receiver.listens)) {
      this.#agenda.remove(this);
      return;
    }
    const time = this.#transit.nextTime ?? (this.#end === 'sent' ? this.#endTime : undefined);
    // What comes first keeps its time: later writes arrive after it.
    if (time === undefined || this.place >= 0) return;
    this.#agenda.add(this, Math.max(time, earliest, this.#context.clock.now()));
  }

  /** An arrival. */
  run(): void {
    const arrived = this.#transit.arrived(this.#context.clock.now());
    if (!this.#receiver.listens) this.#refuse(arrived > 0);
    else if (this.#delivered >= this.#watchAt) this.#fireWatch();
    else if (arrived > 0) this.#deliver(arrived);
    else if (this.#end === 'sent') {
      this.#end = 'delivered';
      this.#receiver.peerEnded();
    }
  }

  #latency(): number {
    const { latencyMs, delayChance, delayMs } = this.#conditions;
    const { random } = this.#context;
    const base = random.between(latencyMs[0], latencyMs[1]);
    return random.chance(delayChance) ? base + random.between(delayMs[0], delayMs[1]) : base;
  }

  #arrivalTime(): number {
    this.#lastTime = Math.max(this.#lastTime, this.#context.clock.now() + this.#latency());
    return this.#lastTime;
  }

  #arriveLater(signal: Signal): void {
    this.#agenda.add(signal, this.#context.clock.now() + this.#latency());
  }

  #room(): number {
    return Math.max(0, this.#conditions.capacityBytes - this.#transit.length);
  }

  #take(chunk: Uint8Array, from: number, count: number): void {
    if (count > 0) this.#transit.send(chunk, from, count, this.#arrivalTime());
  }

  #deliver(available: number): void {
    const { random, readBuffer } = this.#context;
    const { maxDeliveryBytes, splitChance, gapMs } = this.#conditions;
    let count = Math.min(available, maxDeliveryBytes, readBufferBytes, this.#watchAt - this.#delivered);
    if (count > 1 && random.chance(splitChance)) count = random.integer(1, count - 1);
    this.#transit.receive(count, readBuffer);
    this.#delivered += count;
    this.#receiver.received(readBuffer, count);
    readBuffer.fill(poisonByte, 0, count);
    if (this.#delivered >= this.#watchAt) this.#fireWatch();
    this.#refill();
    const gap = count < available && gapMs > 0 ? random.between(0, gapMs) : 0;
    this.schedule(this.#context.clock.now() + gap);
  }

  #fireWatch(): void {
    const watch = this.#watch;
    this.#watchAt = Infinity;
    this.#watch = undefined;
    watch?.();
    this.schedule();
  }

  /** The receiver is closed: bytes are answered with a reset, an end is not. */
  #refuse(hasBytes: boolean): void {
    this.discard();
    if (hasBytes) this.#sendReset();
  }

  /** Takes what waits, as far as there is room now. */
  #refill(): void {
    let took = false;
    while (this.#waiting.length > 0) {
      const chunk = this.#waiting[0] as Uint8Array;
      const count = Math.min(chunk.length - this.#waitingFrom, this.#room());
      this.#take(chunk, this.#waitingFrom, count);
      this.#waitingFrom += count;
      if (this.#waitingFrom < chunk.length) break;
      this.#waiting.shift();
      this.#waitingFrom = 0;
      took = true;
    }
    if (this.#waiting.length > 0) return;
    if (took) {
      this.#drain ??= new Signal(() => {
        if (this.#waiting.length === 0) this.#sender.drained();
      });
      this.#arriveLater(this.#drain);
    }
    if (this.#end === 'wanted') {
      this.#end = 'sent';
      this.#endTime = this.#arrivalTime();
      this.schedule();
      this.#sender.endTaken();
    }
  }

  #arriveReset(): void {
    if (this.#blackHole) return;
    this.#reset = undefined;
    this.discard();
    if (this.#receiver.listens) this.#receiver.peerReset();
  }
}
