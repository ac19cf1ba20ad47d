/** Whether the heap grows: measured after a garbage collection, the second half of a run against the first. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface HeapReport {
  /** Medians of the samples, in bytes, of what is used after a full collection. */
  readonly firstHalfBytes: number;
  readonly secondHalfBytes: number;
  /** 0.01: the second half holds 1 % more. */
  readonly growth: number;
  /** The same of array buffers, which live outside of the heap. */
  readonly buffers: { readonly firstHalfBytes: number; readonly secondHalfBytes: number };
  /** Every sample of the heap, in the order of the run. */
  readonly samples: readonly number[];
}

export interface HeapSample {
  readonly heapBytes: number;
  readonly bufferBytes: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Collects until a further collection finds nothing that is worth mentioning, then measures. */
export async function measureHeap(): Promise<HeapSample> {
  let last = Infinity;
  for (let round = 0; round < 6; round += 1) {
    await turn();
    collect();
    const { heapUsed } = process.memoryUsage();
    if (last - heapUsed < 4096) break;
    last = heapUsed;
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heapBytes: heapUsed, bufferBytes: arrayBuffers };
}

export function compareHalves(samples: readonly HeapSample[]): HeapReport {
  const middle = samples.length >> 1;
  const halves = [samples.slice(0, middle), samples.slice(samples.length - middle)];
  const [heapFirst = 0, heapSecond = 0] = halves.map((half) => median(half.map(({ heapBytes }) => heapBytes)));
  const [buffersFirst = 0, buffersSecond = 0] = halves.map((half) => median(half.map((each) => each.bufferBytes)));
  return {
    firstHalfBytes: heapFirst,
    secondHalfBytes: heapSecond,
    growth: heapFirst === 0 ? 0 : heapSecond / heapFirst - 1,
    buffers: { firstHalfBytes: buffersFirst, secondHalfBytes: buffersSecond },
    samples: samples.map(({ heapBytes }) => heapBytes),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}
