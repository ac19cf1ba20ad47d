import { describe, expect, it } from 'vitest';
import { median, medianInterval } from '../../src/bench/statistics.ts';

describe('median', () => {
  it('is the middle, or between the two in the middle', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

describe('medianInterval', () => {
  it('is the second and the eighth of nine, which 96 % of samples have the median between', () => {
    expect(medianInterval([9, 1, 8, 2, 7, 3, 6, 4, 5])).toEqual([2, 8]);
  });

  it('is the smallest and the largest of so few that nothing is sure', () => {
    expect(medianInterval([3, 1, 2])).toEqual([1, 3]);
    expect(medianInterval([7])).toEqual([7, 7]);
  });

  it('narrows with more values', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(medianInterval(hundred)).toEqual([40, 61]);
  });
});
