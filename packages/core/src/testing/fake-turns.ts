/** The turns of the event loop, in the hands of a test. */

import type { Turns } from '../ports.ts';

/** A queue that only ever grows while it runs is a loop without end: the bound is far beyond honest use. */
const maxTicksAtOnce = 100_000;

/**
 * Turns that wait until they are run: by `FakeClock` in Node's order, or by hand. Callbacks run in the order in
 * which they were queued.
 */
export class FakeTurns implements Turns {
  #ticks: (() => void)[] = [];
  #immediates: (() => void)[] = [];
  #nextImmediate = 0;

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
    return this.#immediates.length - this.#nextImmediate;
  }

  /**
   * Runs the nextTick queue until it is empty, with what is queued meanwhile.
   *
   * @returns how many ran
   * @throws Error when the queue feeds itself without end
   */
  runTicks(): number {
    const ticks = this.#ticks;
    let ran = 0;
    try {
      while (ran < ticks.length) {
        if (ran === maxTicksAtOnce) throw new Error(`the nextTick queue did not empty after ${ran} callbacks`);
        (ticks[ran++] as () => void)();
      }
    } finally {
      if (ran === ticks.length) ticks.length = 0;
      else ticks.splice(0, ran);
    }
    return ran;
  }

  /** Runs the first immediate, if there is one. Node looks at ticks and promises again after each. */
  runImmediate(): boolean {
    if (this.pendingImmediates === 0) return false;
    const callback = this.#immediates[this.#nextImmediate++] as () => void;
    if (this.pendingImmediates === 0) {
      this.#immediates.length = 0;
      this.#nextImmediate = 0;
    }
    callback();
    return true;
  }

  /** Forgets what is queued. */
  clear(): void {
    this.#ticks.length = 0;
    this.#immediates.length = 0;
    this.#nextImmediate = 0;
  }
}
