import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

describe('SeededRandom', () => {
  it('repeats its sequence from the seed, and differs between neighbouring seeds', () => {
    const first = new SeededRandom(7);
    const numbers = Array.from({ length: 5 }, () => first.uint32());
    const second = new SeededRandom(8);
    expect(Array.from({ length: 5 }, () => second.uint32())).not.toEqual(numbers);
    second.reseed(7);
    expect(Array.from({ length: 5 }, () => second.uint32())).toEqual(numbers);
    expect(second.seed).toBe(7);
  });

  it('keeps the sequence it has always had, so that a printed seed can be replayed later', () => {
    const random = new SeededRandom(1);
    expect([random.uint32(), random.uint32(), random.uint32()]).toEqual([393288148, 2174103013, 3814759091]);
  });

  it('is uniform enough', () => {
    const random = new SeededRandom(1);
    const bins = new Array<number>(16).fill(0);
    for (let draw = 0; draw < 160_000; draw += 1) {
      const bin = Math.floor(random.next() * 16);
      bins[bin] = (bins[bin] as number) + 1;
    }
    for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('keeps integers, picks and chances within their bounds', () => {
    const random = new SeededRandom(3);
    const seen = new Set(Array.from({ length: 200 }, () => random.integer(2, 4)));
    expect(seen).toEqual(new Set([2, 3, 4]));
    expect(new Set(Array.from({ length: 200 }, () => random.pick(['a', 'b'])))).toEqual(new Set(['a', 'b']));
    for (let draw = 0; draw < 200; draw += 1) {
      const between = random.between(5, 6);
      expect(between >= 5 && between < 6).toBe(true);
      expect(random.chance(0)).toBe(false);
      expect(random.chance(1)).toBe(true);
    }
  });

  it('forks into a sequence that does not disturb its own', () => {
    const alone = new SeededRandom(5);
    const forked = new SeededRandom(5);
    const child = forked.fork();
    for (let draw = 0; draw < 10; draw += 1) child.next();
    alone.next();
    expect(forked.next()).toBe(alone.next());
  });

  it('refuses a seed that it could not replay, and an empty choice', () => {
    for (const seed of [-1, 1.5, Number.NaN, 2 ** 32]) {
      expect(() => new SeededRandom(seed)).toThrow(/seed must be an integer from 0 to 2\^32 - 1/);
    }
    expect(() => new SeededRandom(1).pick([])).toThrow(/at least one item/);
  });
});
