/**
 * What core takes from the outside world, as interfaces: time, randomness and turns of the event loop.
 *
 * Every room that the simulator must control asks a port and never a global, so that a whole client can run
 * on virtual time. Sockets are the fourth port (`Net`, behind `@wirewright/core/socket`).
 */

/** A timer that was started. Cancelling one that has fired, or was cancelled before, does nothing. */
export interface Timer {
  cancel(): void;
  /** Keeps the process alive until the timer fires. This is how a timer starts. */
  ref(): void;
  unref(): void;
}

export interface Clock {
  /** Milliseconds, with fractions, that never run backwards. Only differences have a meaning. */
  now(): number;
  /** Calls `callback` once, `delayMs` milliseconds from now. The timer starts ref'd. */
  setTimer(callback: () => void, delayMs: number): Timer;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/** Where in the event loop a callback runs. None of them may run it synchronously. */
export interface Turns {
  /** After the code that runs now and the promises it settles, before input and timers are looked at again. */
  nextTick(callback: () => void): void;
  /** After input that is already there has been read. */
  immediate(callback: () => void): void;
}

export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
}

interface HostTimer {
  ref?(): unknown;
  unref?(): unknown;
}

/** The part of the global object that the default ports use; everything but timers may be absent in a browser. */
interface HostGlobals {
  setTimeout(callback: () => void, delayMs: number): HostTimer | number;
  clearTimeout(timer: HostTimer | number): void;
  setImmediate?(callback: () => void): unknown;
  queueMicrotask(callback: () => void): void;
  performance: { now(): number };
  process?: { nextTick?(callback: () => void): void };
}

const host = globalThis as unknown as HostGlobals;

/** Looked up by the first call: on Node the global is a getter that takes as long as reading the time. */
let stopwatch: HostGlobals['performance'] | undefined;

/** Timers of the platform hold 31 bits; a longer one is restarted until its time has come. */
const longestTimerMs = 2 ** 31 - 1;

class SystemTimer implements Timer {
  readonly #callback: () => void;
  #handle: HostTimer | number;
  #refed = true;

  constructor(callback: () => void, delayMs: number) {
    this.#callback = callback;
    this.#handle = this.#start(delayMs);
  }

  #start(delayMs: number): HostTimer | number {
    if (delayMs <= longestTimerMs) return host.setTimeout(this.#callback, delayMs);
    return host.setTimeout(() => {
      this.#handle = this.#start(delayMs - longestTimerMs);
      if (!this.#refed) this.unref();
    }, longestTimerMs);
  }

  cancel(): void {
    host.clearTimeout(this.#handle);
  }

  ref(): void {
    this.#refed = true;
    if (typeof this.#handle === 'object') this.#handle.ref?.();
  }

  unref(): void {
    this.#refed = false;
    if (typeof this.#handle === 'object') this.#handle.unref?.();
  }
}

/** Kept: on Node `globalThis.process` is a getter, too. */
const { process: hostProcess, setImmediate: hostImmediate } = host;
const nextTick = hostProcess?.nextTick;

/** The ports of the platform that runs this code: the default everywhere. */
export const systemPorts: Ports = Object.freeze({
  clock: {
    now: () => (stopwatch ??= host.performance).now(),
    setTimer: (callback: () => void, delayMs: number): Timer => new SystemTimer(callback, delayMs),
  },
  random: { next: () => Math.random() },
  turns: {
    nextTick: nextTick
      ? (callback: () => void): void => nextTick.call(hostProcess, callback)
      : (callback: () => void): void => host.queueMicrotask(callback),
    immediate: hostImmediate
      ? (callback: () => void): void => void hostImmediate(callback)
      : (callback: () => void): void => void host.setTimeout(callback, 0),
  },
});
