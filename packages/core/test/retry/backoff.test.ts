import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors/kinds.ts';
import { type Backoff, exponential, fullJitter } from '../../src/retry/backoff.ts';
import { longestPausesMs, retryPolicy } from '../../src/retry/policy.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

const none = { next: (): number => 0 };
const most = { next: (): number => 1 };
const pauses = (backoff: Backoff, random: { next(): number }, count: number): number[] =>
  Array.from({ length: count }, (_, index) => backoff(index + 1, random));

/** The documented formulas of the five systems. */
const documented = {
  lensdb: exponential({ baseMs: 1000, factor: 2, capMs: 30_000, jitterMs: 1000 }),
  norikv: exponential({ baseMs: 100, capMs: 5000, jitterMs: 100 }),
  lance: exponential({ baseMs: 200, capMs: 30_000, jitterRatio: 0.1 }),
  workersql: exponential({ baseMs: 1000, capMs: 30_000, jitterRatio: 0.3 }),
};

describe('exponential', () => {
  it('gives the documented pauses', () => {
    expect(pauses(documented.norikv, none, 9)).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    expect(pauses(documented.lensdb, none, 3)).toEqual([1000, 2000, 4000]);
    expect(pauses(documented.lance, none, 9)).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000]);
  });

  it('adds jitter after the cap: absolute, or as a part of the pause', () => {
    expect(pauses(documented.norikv, most, 9).at(-1)).toBe(5100);
    expect(documented.lance(3, most)).toBeCloseTo(880);
    expect(documented.workersql(2, most)).toBe(2600);
    expect(documented.workersql(20, most)).toBe(39_000);
  });

  it('stays within its bounds', () => {
    const random = new SeededRandom(1);
    for (let attempt = 1; attempt <= 2000; attempt += 1) {
      const pause = documented.lensdb(attempt, random);
      const least = Math.min(30_000, 1000 * 2 ** (attempt - 1));
      expect(pause).toBeGreaterThanOrEqual(least);
      expect(pause).toBeLessThan(least + 1000);
    }
  });

  it('has defaults: doubled, at most 30 s, no jitter', () => {
    expect(pauses(exponential({ baseMs: 10_000 }), most, 3)).toEqual([10_000, 20_000, 30_000]);
    expect(pauses(exponential({ baseMs: 1, factor: 3 }), most, 3)).toEqual([1, 3, 9]);
  });

  it('refuses nonsense', () => {
    expect(() => exponential({ baseMs: -1 })).toThrow(ArgumentError);
    expect(() => exponential({} as never)).toThrow("'baseMs' must be a number (ms) of at least 0");
    expect(() => exponential({ baseMs: 1, factor: 0.5 })).toThrow("'factor'");
    expect(() => exponential({ baseMs: 1, jitterRatio: 30 })).toThrow("'jitterRatio'");
    expect(() => exponential({ baseMs: 1, capMs: Number.NaN })).toThrow("'capMs'");
    expect(() => exponential({ baseMs: 1, jitterMs: 1, jitterRatio: 0.1 })).toThrow('exclude each other');
    expect(() => exponential({ baseMs: 1, jitter: 1 } as never)).toThrow("unknown option 'jitter'");
  });
});

describe('fullJitter', () => {
  it('is uniform below the grown pause', () => {
    const backoff = fullJitter({ baseMs: 100, factor: 3, capMs: 500 });
    expect(pauses(backoff, most, 4)).toEqual([100, 300, 500, 500]);
    expect(pauses(backoff, none, 3)).toEqual([0, 0, 0]);
    const random = new SeededRandom(7);
    const mean = Array.from({ length: 20_000 }, () => backoff(9, random)).reduce((a, b) => a + b) / 20_000;
    expect(mean).toBeGreaterThan(240);
    expect(mean).toBeLessThan(260);
  });

  it('has defaults and refuses nonsense', () => {
    expect(fullJitter({ baseMs: 1 })(100, most)).toBe(30_000);
    expect(() => fullJitter({ baseMs: Infinity })).toThrow("'baseMs'");
    expect(() => fullJitter({} as never)).toThrow("'baseMs'");
  });
});

describe('longestPausesMs', () => {
  it('makes the documented default deadlines: tries x attempt timeout + pauses', () => {
    const deadline = (backoff: Backoff, maxAttempts: number, attemptMs: number): number =>
      maxAttempts * attemptMs + longestPausesMs({ maxAttempts, backoff });
    expect(deadline(documented.lensdb, 4, 30_000)).toBe(130_000);
    expect(deadline(documented.norikv, 10, 5000)).toBe(72_200);
    expect(deadline(documented.workersql, 3, 30_000)).toBe(93_900);
  });

  it('keeps to the cap, and ends for any number of tries', () => {
    const { norikv } = documented;
    expect(longestPausesMs({ maxAttempts: 1, backoff: norikv })).toBe(0);
    expect(longestPausesMs({ maxAttempts: 4, backoff: norikv, capMs: 250 })).toBe(200 + 250 + 250);
    expect(longestPausesMs({ maxAttempts: 1e9, backoff: () => 2 })).toBe(2 * (1e9 - 1));
    expect(longestPausesMs({ maxAttempts: Infinity, backoff: norikv })).toBe(Infinity);
  });
});

describe('retryPolicy', () => {
  const backoff = fullJitter({ baseMs: 1 });
  it('checks and freezes', () => {
    expect(Object.isFrozen(retryPolicy({ maxAttempts: Infinity, backoff }))).toBe(true);
    expect(() => retryPolicy({ maxAttempts: 0, backoff })).toThrow(
      "'maxAttempts' must be an integer of at least 1, or Infinity; got 0",
    );
    expect(() => retryPolicy({ maxAttempts: 2, backoff: 5 as never })).toThrow("'backoff' must be a function");
    expect(() => retryPolicy({ maxAttempts: 2, backoff, attempts: 3 } as never)).toThrow("unknown option 'attempts'");
  });
});
