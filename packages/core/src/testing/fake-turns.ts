/** The turns of the event loop, in the hands of a test. */

import type { Turns } from '../ports.ts';

/** A queue that only ever grows while it runs is a loop without end: the bound is far beyond honest use. */
const maxTicksAtOnce = 100_000;

/**
 * Turns that wait until they are run: by `FakeClock` in Node's order, or by hand. Callbacks run in the order in
 * which they were queued.
 */
export class FakeTurns implements Turns {
  readonly #ticks = new CallbackQueue();
  readonly #immediates = new CallbackQueue();

  nextTick(callback: () => void): void {
    this.#ticks.push(callback);
  }

  immediate(callback: () => void): void {
    this.#immediates.push(callback);
  }

  get pendingTicks(): number {
    return this.#ticks.length;
  }

  get pendingImmediates(): number {
    return this.#immediates.length;
  }

  /**
   * Runs the nextTick queue until it is empty, with what is queued meanwhile.
   *
   * @returns how many ran
   * @throws Error when the queue feeds itself without end
   */
  runTicks(): number {
    let ran = 0;
    for (let callback = this.#ticks.shift(); callback; callback = this.#ticks.shift()) {
      if (ran++ === maxTicksAtOnce)
        throw new Error(`the nextTick queue did not empty after ${maxTicksAtOnce} callbacks`);
      callback();
    }
    return ran;
  }

  /** Runs the first immediate, if there is one. Node looks at ticks and promises again after each. */
  runImmediate(): boolean {
    const callback = this.#immediates.shift();
    callback?.();
    return callback !== undefined;
  }

  /** Forgets what is queued. */
  clear(): void {
    this.#ticks.clear();
    this.#immediates.clear();
  }
}

/** First in, first out. Its memory is kept: to shorten an array to nothing and fill it again is slow. */
class CallbackQueue {
  readonly #callbacks: ((() => void) | undefined)[] = [];
  #first = 0;
  #last = 0;

  get length(): number {
    return this.#last - this.#first;
  }

  push(callback: () => void): void {
    this.#callbacks[this.#last++] = callback;
  }

  shift(): (() => void) | undefined {
    if (this.#first === this.#last) return undefined;
    const callback = this.#callbacks[this.#first];
    this.#callbacks[this.#first++] = undefined;
    if (this.#first === this.#last) this.#first = this.#last = 0;
    return callback;
  }

  clear(): void {
    this.#callbacks.length = this.#first = this.#last = 0;
  }
}
