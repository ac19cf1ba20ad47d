/** Whether calls settle by their deadlines, and that none is waited for until the end of days. */

import type { Rule } from '@wirewright/tools/soak';

/** The clients' timers tick so often, and so does ours. */
const tickMs = 10;
/** A clients' timer may have missed the tick right after the deadline, and ours be the first to run after a pause. */
const mostTicks = 3;
/** Ticks that are remembered. */
const remembered = 64;
/** A call that is so late will never settle. */
const hopelessMs = 30_000;

/**
 * Time is taken by ticks of the same event loop: where the machine or the collector pauses the process, no client's
 * timer can fire, and none of ours does.
 */
export class Punctuality implements Disposable {
  readonly #rule: Rule;
  readonly #ticks = new Float64Array(remembered);
  readonly #due = new Set<{ readonly at: number }>();
  readonly #timers: readonly NodeJS.Timeout[];
  #next = 0;
  #latestMs = 0;

  /** @param onHopeless - a call is not going to settle: end the run */
  constructor(rule: Rule, onHopeless: () => void) {
    this.#rule = rule;
    const tick = setInterval(() => {
      this.#ticks[this.#next] = performance.now();
      this.#next = (this.#next + 1) % remembered;
    }, tickMs);
    const watchdog = setInterval(() => {
      const now = performance.now();
      const hopeless = [...this.#due].filter(({ at }) => now > at + hopelessMs).length;
      if (hopeless === 0) return;
      this.#rule.note(`${hopeless} calls have not settled ${hopelessMs / 1000} s after their deadlines`);
      onHopeless();
    }, 5000);
    this.#timers = [tick, watchdog];
  }

  /** How long after its deadline a call settled at the most, pauses of the process included. */
  get latestMs(): number {
    return this.#latestMs;
  }

  /** Watches one call. */
  async watch<T>(timeoutMs: number, call: () => Promise<T>): Promise<T> {
    const due = { at: performance.now() + timeoutMs };
    this.#due.add(due);
    try {
      return await call();
    } finally {
      this.#due.delete(due);
      this.#judge(due.at);
    }
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #judge(dueAt: number): void {
    const lateMs = performance.now() - dueAt;
    this.#latestMs = Math.max(this.#latestMs, lateMs);
    const ticks = lateMs <= 0 ? 0 : this.#ticks.reduce((count, at) => count + (at > dueAt ? 1 : 0), 0);
    this.#rule.check(ticks <= mostTicks, () => `${lateMs.toFixed(1)} ms late, and ${ticks} ticks of the event loop`);
  }
}
