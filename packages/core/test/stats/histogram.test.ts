import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../src/stats/histogram.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

const of = (...values: number[]): LatencyHistogram => {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
};

describe('LatencyHistogram', () => {
  it('is exact in count, mean and maximum', () => {
    const histogram = of(1, 2, 6.5);
    expect(histogram.count).toBe(3);
    expect(histogram.meanMs).toBeCloseTo(9.5 / 3);
    expect(histogram.maxMs).toBe(6.5);
  });

  it('says 0 before the first record', () => {
    expect(new LatencyHistogram().toJSON()).toEqual({
      count: 0,
      meanMs: 0,
      p50Ms: 0,
      p90Ms: 0,
      p99Ms: 0,
      p999Ms: 0,
      maxMs: 0,
    });
  });

  it('finds every value in its own bucket, to 2 %', () => {
    for (let micros = 1; micros < 2 ** 32; micros = Math.ceil(micros * 1.013)) {
      const histogram = of(micros / 1000, 5e6);
      expect(Math.abs(histogram.percentileMs(0.5) * 1000 - micros) / micros, String(micros)).toBeLessThanOrEqual(0.02);
    }
  });

  it('keeps the order of buckets at every border', () => {
    let last = 0;
    for (let bits = 2; bits < 32; bits += 1) {
      for (const micros of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
        const value = of(micros / 1000, 5e6).percentileMs(0.5);
        expect(value).toBeGreaterThanOrEqual(last);
        last = value;
      }
    }
  });

  it('finds the percentiles of many values to 2 %', () => {
    const random = new SeededRandom(5);
    const values = Array.from({ length: 20_000 }, () => Math.exp(random.between(-3, 8)));
    const histogram = of(...values);
    values.sort((a, b) => a - b);
    for (const share of [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = values[Math.ceil(share * values.length) - 1] as number;
      expect(Math.abs(histogram.percentileMs(share) - exact) / exact).toBeLessThan(0.02);
    }
    expect(histogram.percentileMs(0)).toBeCloseTo(values[0] as number, 2);
  });

  it('stands values that no clock should give', () => {
    const histogram = of(-5, Number.NaN, 0, Infinity, 1e300);
    expect(histogram.count).toBe(5);
    expect(histogram.percentileMs(0.5)).toBe(0);
    expect(histogram.percentileMs(1)).toBeCloseTo(4_294_967, -5);
    expect(histogram.maxMs).toBe(Infinity);
  });

  it('never says more than the maximum', () => {
    expect(of(1.999).percentileMs(0.99)).toBeLessThanOrEqual(1.999);
    expect(of(1000.001).percentileMs(0.5)).toBeLessThanOrEqual(1000.001);
  });

  it('merges and resets', () => {
    const histogram = of(1, 2, 3);
    histogram.merge(of(10, 20));
    expect(histogram.toJSON()).toMatchObject({ count: 5, meanMs: 7.2, maxMs: 20 });
    expect(histogram.percentileMs(0.7)).toBeCloseTo(10, 0);
    expect(of(5).count + histogram.count).toBe(6);
    histogram.reset();
    expect(histogram.toJSON()).toEqual(new LatencyHistogram().toJSON());
  });
});
