/** How a virtual network treats the bytes of one direction. */

import { ArgumentError } from '../errors/kinds.ts';

export interface PipeConditions {
  /** How long bytes are under way, in milliseconds: uniform between the two; none overtakes. Default 0.05 to 0.5. */
  readonly latencyMs: readonly [least: number, most: number];
  /** Share of writes, 0 to 1, that are held up on the way, so that later ones catch up. Default 0. */
  readonly delayChance: number;
  /** By how much those are held up, in milliseconds: uniform between the two. Default 0 to 5. */
  readonly delayMs: readonly [least: number, most: number];
  /** Share of deliveries, 0 to 1, that bring only a part of what is there, of random length. Default 0. */
  readonly splitChance: number;
  /** Most bytes of one delivery; 1 drips. Default 65 536. */
  readonly maxDeliveryBytes: number;
  /** Longest pause before the next part of a split delivery, in milliseconds. Default 0. */
  readonly gapMs: number;
  /**
   * Bytes that the system takes for this direction, sent and not yet read by the peer. What is beyond stays with
   * the writer until there is room. Default 65 536.
   */
  readonly capacityBytes: number;
}

/** The largest delivery: the size of the buffer that is read into. */
export const readBufferBytes: number = 64 * 1024;

export const defaultConditions: PipeConditions = Object.freeze({
  latencyMs: [0.05, 0.5],
  delayChance: 0,
  delayMs: [0, 5],
  splitChance: 0,
  maxDeliveryBytes: readBufferBytes,
  gapMs: 0,
  capacityBytes: 64 * 1024,
} as const);

function checkRange(name: string, [least, most]: readonly [number, number]): void {
  if (!(least >= 0 && most >= least && most < Infinity)) {
    throw new ArgumentError(`${name} must be two finite numbers of ms, the smaller first, not [${least}, ${most}]`);
  }
}

/** @throws ArgumentError that names the condition that cannot be */
export function mergeConditions(base: PipeConditions, changes: Partial<PipeConditions> | undefined): PipeConditions {
  if (!changes) return base;
  const merged = { ...base, ...changes };
  checkRange('latencyMs', merged.latencyMs);
  checkRange('delayMs', merged.delayMs);
  for (const name of ['delayChance', 'splitChance'] as const) {
    if (!(merged[name] >= 0 && merged[name] <= 1)) {
      throw new ArgumentError(`${name} must be from 0 to 1, not ${merged[name]}`);
    }
  }
  if (!(merged.gapMs >= 0 && merged.gapMs < Infinity)) {
    throw new ArgumentError(`gapMs must be a finite number of milliseconds, not ${merged.gapMs}`);
  }
  for (const name of ['maxDeliveryBytes', 'capacityBytes'] as const) {
    if (!Number.isInteger(merged[name]) || merged[name] < 1) {
      throw new ArgumentError(`${name} must be an integer of 1 or more, not ${merged[name]}`);
    }
  }
  return merged;
}
