import { describe, expect, it } from 'vitest';
import { compareHalves } from '../../src/soak/heap.ts';
import { compareInventories } from '../../src/soak/leftovers.ts';
import { readOptions } from '../../src/soak/options.ts';
import { Rule } from '../../src/soak/rules.ts';

describe('a rule', () => {
  it('counts what was looked at and what was wrong, and tells of some', () => {
    const rule = new Rule('one is one');
    for (let n = 0; n < 100; n += 1) rule.check(n % 10 !== 0, () => `${n % 20}`);
    rule.note(undefined);
    rule.note('two');
    expect(rule.report()).toEqual({
      rule: 'one is one',
      checked: 102,
      violations: 11,
      examples: ['0', '10', 'two'],
    });
  });

  it('tells of five different violations at most', () => {
    const rule = new Rule('never');
    for (let n = 0; n < 100; n += 1) rule.note(String(n));
    expect(rule.report().examples).toHaveLength(5);
    expect(rule.violations).toBe(100);
  });
});

describe('the heap', () => {
  it('is compared by the medians of its halves', () => {
    const samples = [50, 10, 10, 12, 11, 11, 99, 11].map((heapBytes) => ({ heapBytes, bufferBytes: 3 }));
    const { firstHalfBytes, secondHalfBytes, growth, buffers } = compareHalves(samples);
    expect([firstHalfBytes, secondHalfBytes, growth]).toEqual([11, 11, 0]);
    expect(buffers).toEqual({ firstHalfBytes: 3, secondHalfBytes: 3 });
  });

  it('grows where the second half holds more', () => {
    const samples = [10, 10, 10, 12, 12, 12].map((heapBytes) => ({ heapBytes, bufferBytes: 0 }));
    expect(compareHalves(samples).growth).toBeCloseTo(0.2);
  });
});

describe('leftovers', () => {
  it('are what there is more of', () => {
    const before = { handles: { Timeout: 1 }, listeners: { exit: 1 } };
    expect(compareInventories(before, before)).toEqual([]);
    const after = { handles: { Timeout: 1, TCPSocketWrap: 2 }, listeners: { exit: 3 } };
    expect(compareInventories(before, after)).toEqual(['2 TCPSocketWrap', '2 process listener for exit']);
    expect(compareInventories(after, before)).toEqual([]);
  });
});

describe('the options of a soak', () => {
  it('have defaults', () => {
    expect(readOptions(['lensdb', '--seed', '7'])).toEqual({
      package: 'lensdb',
      operations: 1_000_000,
      faults: 0.01,
      seed: 7,
      json: false,
    });
  });

  it.each([
    [[], /one package/],
    [['a', 'b'], /one package/],
    [['a', '--operations', '5'], /--operations takes a whole number from 1000/],
    [['a', '--faults', '1'], /--faults takes a number from 0 to 0.2, not "1"/],
    [['a', '--faults', ''], /--faults/],
    [['a', '--seed', '-1'], /seed/],
    [['a', '--wat'], /wat/],
  ])('refuse %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
