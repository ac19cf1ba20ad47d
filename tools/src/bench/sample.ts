/** One round of one client, in its own process: callers that call, and what it took. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { LatencyHistogram } from '@wirewright/core';
import type { BenchCase, BenchClient } from './case.ts';
import { median } from './statistics.ts';

export interface Sample {
  readonly operations: number;
  readonly elapsedMs: number;
  /** Of the whole process, user and system, garbage collection included. */
  readonly cpuMicros: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The longest that the event loop was blocked, where the case measures that. */
  readonly stallMs: number | undefined;
}

/** Looking at the clock twice costs a tenth of a fast operation: of those in flight together, some are timed. */
const timedEvery = 17;

/** How often the event loop is looked at, where its stalls are measured. */
const resolutionMs = 1;

export async function takeSample(client: BenchClient, of: BenchCase, forMs: number): Promise<Sample> {
  const latency = new LatencyHistogram();
  const run = { running: true, record: (ms: number): void => latency.record(ms) };
  const stalls = of.measuresStall ? monitorEventLoopDelay({ resolution: resolutionMs }) : undefined;
  stalls?.enable();
  const timer = setTimeout(() => {
    run.running = false;
  }, forMs);
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const operations =
    'drive' in client ? await client.drive(run) : await callFrom(client.call.bind(client), of.depth, run);
  const elapsedMs = performance.now() - start;
  const cpu = process.cpuUsage(cpuBefore);
  clearTimeout(timer);
  stalls?.disable();
  return {
    operations,
    elapsedMs,
    cpuMicros: cpu.user + cpu.system,
    p50Ms: latency.percentileMs(0.5),
    p99Ms: latency.percentileMs(0.99),
    stallMs: stalls && Math.max(0, stalls.max / 1e6 - resolutionMs),
  };
}

/** Several samples of one client as one. Percentiles are the medians of theirs. */
export function joinSamples(samples: readonly Sample[]): Sample {
  const sum = (of: (sample: Sample) => number): number => samples.reduce((total, sample) => total + of(sample), 0);
  const stalls = samples.flatMap(({ stallMs }) => stallMs ?? []);
  return {
    operations: sum(({ operations }) => operations),
    elapsedMs: sum(({ elapsedMs }) => elapsedMs),
    cpuMicros: sum(({ cpuMicros }) => cpuMicros),
    p50Ms: median(samples.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(samples.map(({ p99Ms }) => p99Ms)),
    stallMs: stalls.length > 0 ? Math.max(...stalls) : undefined,
  };
}

interface Run {
  readonly running: boolean;
  readonly record: (ms: number) => void;
}

async function callFrom(call: (slot: number) => Promise<unknown>, depth: number, run: Run): Promise<number> {
  const every = depth === 1 ? 1 : timedEvery;
  let operations = 0;
  const caller = async (slot: number): Promise<void> => {
    for (let turn = slot % every; run.running; turn += 1) {
      if (turn === every) turn = 0;
      if (turn === 0) {
        const start = performance.now();
        await call(slot);
        run.record(performance.now() - start);
      } else {
        await call(slot);
      }
      operations += 1;
    }
  };
  await Promise.all(Array.from({ length: depth }, (_, slot) => caller(slot)));
  return operations;
}
