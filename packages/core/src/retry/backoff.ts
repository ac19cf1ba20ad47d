/** How long to wait before the next try: the formulas in use, as functions of the tries made. */

import { ArgumentError } from '../errors/kinds.ts';
import { checkOption, OptionChecker, type OptionRule } from '../options.ts';
import type { Random } from '../ports.ts';

/**
 * The pause, in ms, after the try of this number (1 for the first). Greatest when `random` gives 1: a client
 * computes its longest pauses so. Infinity gives up.
 */
export type Backoff = (attempt: number, random: Random) => number;

const durationRule: OptionRule = { kind: 'number', min: 0, unit: 'ms' };
const capRule: OptionRule = { kind: 'number', min: 0, infinity: true, unit: 'ms' };
const factorRule: OptionRule = { kind: 'number', min: 1 };

export interface ExponentialOptions {
  /** The pause after the first try, in ms. */
  readonly baseMs: number;
  /** What each further pause is multiplied by. Default 2. */
  readonly factor?: number;
  /** No pause is longer, in ms, before the random addition. Default 30 000. */
  readonly capMs?: number;
  /** A uniform random addition in [0, jitterMs), in ms. Default 0. */
  readonly jitterMs?: number;
  /** A uniform random addition in [0, jitterRatio) of the pause: 0.1 adds up to 10 %. Default 0. */
  readonly jitterRatio?: number;
}

const exponentialOptions = new OptionChecker('exponential()', {
  baseMs: durationRule,
  factor: factorRule,
  capMs: capRule,
  jitterMs: durationRule,
  jitterRatio: { kind: 'number', min: 0, max: 1 },
});

/** `base × factor^(attempt − 1)`, at most `cap`. */
function grown(baseMs: number, factor: number, capMs: number, attempt: number): number {
  // Nothing grows to nothing; 0 × Infinity would be no number.
  return baseMs === 0 ? 0 : Math.min(capMs, baseMs * factor ** (attempt - 1));
}

/**
 * `min(capMs, baseMs × factor^(attempt − 1))`, plus a random addition that is absolute (`jitterMs`) or a part of
 * the pause (`jitterRatio`).
 *
 * @throws ArgumentError for a value out of range, and when both kinds of jitter are asked for.
 */
export function exponential(options: ExponentialOptions): Backoff {
  exponentialOptions.check(options);
  const { baseMs, factor = 2, capMs = 30_000, jitterMs = 0, jitterRatio = 0 } = options;
  checkOption('exponential()', 'baseMs', baseMs, durationRule);
  if (jitterMs > 0 && jitterRatio > 0) {
    throw new ArgumentError("exponential(): 'jitterMs' and 'jitterRatio' exclude each other; give one");
  }
  return (attempt, random) => {
    const pause = grown(baseMs, factor, capMs, attempt);
    return pause + random.next() * (jitterMs + jitterRatio * pause);
  };
}

export interface FullJitterOptions {
  /** The longest pause after the first try, in ms. */
  readonly baseMs: number;
  /** What each further longest pause is multiplied by. Default 2. */
  readonly factor?: number;
  /** No pause is longer, in ms. Default 30 000. */
  readonly capMs?: number;
}

const fullJitterOptions = new OptionChecker('fullJitter()', {
  baseMs: durationRule,
  factor: factorRule,
  capMs: capRule,
});

/**
 * Uniform in [0, `min(capMs, baseMs × factor^(attempt − 1))`): spreads callers that failed together the most.
 * Core's choice where a system documents no formula.
 *
 * @throws ArgumentError for a value out of range.
 */
export function fullJitter(options: FullJitterOptions): Backoff {
  fullJitterOptions.check(options);
  const { baseMs, factor = 2, capMs = 30_000 } = options;
  checkOption('fullJitter()', 'baseMs', baseMs, durationRule);
  return (attempt, random) => random.next() * grown(baseMs, factor, capMs, attempt);
}
