import { describe, expect, it } from 'vitest';
import { Findings } from '../../src/fuzz/findings.ts';
import { readOptions } from '../../src/fuzz/options.ts';

describe('findings', () => {
  it('put together what is alike', () => {
    const findings = new Findings();
    for (let n = 0; n < 5; n += 1) findings.violation(`call ${n}: wrong`, 'wrong');
    findings.check(false, () => 'once');
    findings.check(true, () => 'never');
    expect(findings.violations).toEqual(['call 0: wrong (and 4 more like it)', 'once']);
    expect(findings.enough).toBe(false);
  });

  it('are enough after twenty different ones, or a thousand in all', () => {
    const different = new Findings();
    for (let n = 0; n < 30; n += 1) different.violation(String(n));
    expect([different.violations.length, different.enough]).toEqual([20, true]);
    const alike = new Findings();
    for (let n = 0; n < 1000; n += 1) alike.violation('x');
    expect(alike.enough).toBe(true);
  });

  it('count', () => {
    const findings = new Findings();
    findings.count('a');
    findings.count('a');
    expect(findings.counts).toEqual({ a: 2 });
  });
});

describe('the options of a fuzz', () => {
  it('have defaults', () => {
    const options = readOptions(['lensdb', '--seed', '7', '--only', 'decoder']);
    expect(options).toEqual({ package: 'lensdb', calls: 100_000, seed: 7, only: ['decoder'], json: false });
  });

  it('draw a seed where none is given', () => {
    expect(readOptions(['lensdb']).seed).toBeGreaterThanOrEqual(0);
  });

  it.each([[[]], [['a', 'b']], [['a', '--calls', '0']], [['a', '--calls', 'many']]])('refuse %j', (args) => {
    expect(() => readOptions(args)).toThrow();
  });
});
