/** How often each operation was called, how it ended, and how long it took. */

import { LatencyHistogram, type LatencySummary } from './histogram.ts';

export interface OperationSummary {
  readonly success: number;
  readonly error: number;
  /** Over successes and errors; 0 before the first call. */
  readonly averageMs: number;
}

/** The calls of one operation. A client keeps the object: counting is then a few additions. */
export class OperationCounters {
  success = 0;
  error = 0;
  /** Time spent, successes and errors together. */
  totalMs = 0;
  readonly #latency: LatencyHistogram;

  constructor(latency: LatencyHistogram) {
    this.#latency = latency;
  }

  /** A call gave its result after `ms` milliseconds, retries included. */
  succeeded(ms: number): void {
    this.success += 1;
    this.totalMs += ms > 0 ? ms : 0;
    this.#latency.record(ms);
  }

  /** A call threw after `ms` milliseconds. */
  failed(ms: number): void {
    this.error += 1;
    this.totalMs += ms > 0 ? ms : 0;
    this.#latency.record(ms);
  }

  get averageMs(): number {
    const calls = this.success + this.error;
    return calls === 0 ? 0 : this.totalMs / calls;
  }

  toJSON(): OperationSummary {
    return { success: this.success, error: this.error, averageMs: this.averageMs };
  }
}

export interface OperationsSummary {
  readonly operations: Readonly<Record<string, OperationSummary>>;
  readonly success: number;
  readonly error: number;
  readonly averageMs: number;
  readonly latency: LatencySummary;
}

/** The calls of one client, by operation. */
export class OperationStats {
  /** Of all operations together. */
  readonly latency: LatencyHistogram = new LatencyHistogram();
  readonly #operations = new Map<string, OperationCounters>();

  /** The counters of an operation; names come from the client's code, never from data. */
  operation(name: string): OperationCounters {
    let counters = this.#operations.get(name);
    if (!counters) this.#operations.set(name, (counters = new OperationCounters(this.latency)));
    return counters;
  }

  operations(): IterableIterator<[string, OperationCounters]> {
    return this.#operations.entries();
  }

  get success(): number {
    return this.#sum((counters) => counters.success);
  }

  get error(): number {
    return this.#sum((counters) => counters.error);
  }

  /** Over all calls; 0 before the first. */
  get averageMs(): number {
    const calls = this.success + this.error;
    return calls === 0 ? 0 : this.#sum((counters) => counters.totalMs) / calls;
  }

  /** Starts all counters again at 0. Counters that a client keeps stay valid. */
  reset(): void {
    for (const counters of this.#operations.values()) counters.success = counters.error = counters.totalMs = 0;
    this.latency.reset();
  }

  summary(): OperationsSummary {
    const operations: Record<string, OperationSummary> = {};
    for (const [name, counters] of this.#operations) operations[name] = counters.toJSON();
    const { success, error, averageMs } = this;
    return { operations, success, error, averageMs, latency: this.latency.summary() };
  }

  toJSON(): OperationsSummary {
    return this.summary();
  }

  #sum(of: (counters: OperationCounters) => number): number {
    let total = 0;
    for (const counters of this.#operations.values()) total += of(counters);
    return total;
  }
}
