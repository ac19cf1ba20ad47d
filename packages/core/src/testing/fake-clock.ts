/** Virtual time. */

import { ArgumentError } from '../errors/kinds.ts';
import type { Clock, Timer } from '../ports.ts';
import { Agenda, type AgendaEntry } from './agenda.ts';
import { FakeTurns } from './fake-turns.ts';

export interface FakeClockOptions {
  /** What `now()` says at the start, in milliseconds. Default 0. */
  readonly startMs?: number;
  /** Turns to run between timers, in Node's order. Default: a set of its own. */
  readonly turns?: FakeTurns;
}

/** More events than any test means to wait for: `runUntilIdle` takes it for a loop without end. */
const maxEventsUntilIdle = 1_000_000;
const endless = `still not idle after ${maxEventsUntilIdle} events: does a timer start itself again?`;

const resolved = Promise.resolve();

/** How many timers wait. */
interface Tally {
  pending: number;
  refed: number;
}

class FakeTimer implements Timer, AgendaEntry {
  at = 0;
  order = 0;
  place = -1;
  #refed = true;
  readonly #callback: () => void;
  readonly #tally: Tally;
  readonly #agenda: Agenda;

  constructor(callback: () => void, tally: Tally, agenda: Agenda) {
    this.#callback = callback;
    this.#tally = tally;
    this.#agenda = agenda;
    tally.pending += 1;
    tally.refed += 1;
  }

  run(): void {
    this.#leave();
    this.#callback();
  }

  cancel(): void {
    if (this.place < 0) return;
    this.#agenda.remove(this);
    this.#leave();
  }

  ref(): void {
    if (this.place >= 0 && !this.#refed) this.#tally.refed += 1;
    this.#refed = true;
  }

  unref(): void {
    if (this.place >= 0 && this.#refed) this.#tally.refed -= 1;
    this.#refed = false;
  }

  #leave(): void {
    this.#tally.pending -= 1;
    if (this.#refed) this.#tally.refed -= 1;
  }
}

/**
 * A clock that moves only when it is told to. Timers, the events of a `VirtualNet` on the same clock, and turns
 * run in the order of Node's event loop: one event, then the nextTick queue and all promises, until nothing is
 * due; then immediates; then time moves on to the next event.
 */
export class FakeClock implements Clock {
  /** What is to come: timers, and the events of a virtual network. */
  readonly agenda: Agenda = new Agenda();
  readonly turns: FakeTurns;
  #now: number;
  readonly #tally: Tally = { pending: 0, refed: 0 };

  constructor(options: FakeClockOptions = {}) {
    this.#now = options.startMs ?? 0;
    this.turns = options.turns ?? new FakeTurns();
  }

  now(): number {
    return this.#now;
  }

  /** A `delayMs` of Infinity never fires. @throws ArgumentError when it is not a number, or negative */
  setTimer(callback: () => void, delayMs: number): Timer {
    if (!(delayMs >= 0)) throw new ArgumentError(`a timer's delay must be 0 ms or more, not ${delayMs}`);
    const timer = new FakeTimer(callback, this.#tally, this.agenda);
    this.agenda.add(timer, this.#now + delayMs);
    return timer;
  }

  /** Timers that have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#tally.pending;
  }

  /** Those of them that would keep a process alive. */
  get refedTimers(): number {
    return this.#tally.refed;
  }

  /** When the next timer or network event is due; undefined when there is none. */
  get nextAt(): number | undefined {
    return this.agenda.peek()?.at;
  }

  /**
   * Moves time on by `ms`, running what becomes due, each at its own time, promises settled in between.
   * `advance(0)` runs all that can happen without time passing.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#laterBy(ms);
    await this.#pump(until, false);
    // Another advance may have gone further meanwhile.
    this.#now = Math.max(this.#now, until);
  }

  /** `advance` without promises: what awaits one continues later. */
  advanceSync(ms: number): void {
    const until = this.#laterBy(ms);
    do this.turns.runTicks();
    while (this.#runNext(until));
    this.#now = until;
  }

  /**
   * Moves time on by `ms` without running anything: a process that was stopped, or an event loop that was
   * blocked. What is overdue by then runs, late, at the next `advance`.
   */
  jump(ms: number): void {
    this.#now = this.#laterBy(ms);
  }

  /**
   * Runs, and moves time on, until nothing is left that would keep a process alive: no network event and no
   * ref'd timer.
   *
   * @param limitMs stops after this much virtual time, wherever it is. Default Infinity
   * @returns whether it is idle now
   * @throws Error after a million events
   */
  async runUntilIdle(limitMs: number = Infinity): Promise<boolean> {
    const until = this.#now + limitMs;
    const idle = await this.#pump(until, true);
    if (!idle && until !== Infinity) this.#now = until;
    return idle;
  }

  /** Forgets timers, events and turns, and starts again at `startMs`. */
  reset(startMs: number = 0): void {
    this.agenda.clear();
    this.#tally.pending = this.#tally.refed = 0;
    this.turns.clear();
    this.#now = startMs;
  }

  /**
   * Runs events up to `until`, or until idle, with all promises settled in between (see `drained`). An async function
   * that awaits each event would do the same at twice the cost.
   */
  #pump(until: number, stopsWhenIdle: boolean): Promise<boolean> {
    const { turns } = this;
    let events = 0;
    return new Promise((resolve, reject) => {
      const step = (): void => {
        try {
          if (turns.pendingTicks === 0) {
            const idle = stopsWhenIdle && !this.#keepsAlive();
            if (idle || !this.#runNext(until)) return resolve(idle);
            if (stopsWhenIdle && ++events > maxEventsUntilIdle) throw new Error(endless);
          }
          turns.runTicks();
          process.nextTick(hop);
        } catch (error) {
          reject(error);
        }
      };
      // A nextTick that a nextTick queues runs before microtasks, one that a microtask queues runs after them all.
      const hop = (): void => void resolved.then(step);
      turns.runTicks();
      process.nextTick(hop);
    });
  }

  /** One event: what is due; else an immediate; else what is due next, if that is not after `until`. */
  #runNext(until: number): boolean {
    const entry = this.agenda.peek();
    if (!entry || entry.at > this.#now) {
      if (this.turns.runImmediate()) return true;
      if (!entry || entry.at > until || entry.at === Infinity) return false;
      this.#now = entry.at;
    }
    this.agenda.remove(entry);
    entry.run();
    return true;
  }

  #keepsAlive(): boolean {
    return this.agenda.size > this.#tally.pending || this.#tally.refed > 0 || this.turns.pendingImmediates > 0;
  }

  #laterBy(ms: number): number {
    if (!(ms >= 0) || ms === Infinity) {
      throw new ArgumentError(`virtual time moves by 0 ms or more, and finite, not by ${ms}`);
    }
    return this.#now + ms;
  }
}
