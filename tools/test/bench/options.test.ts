import { describe, expect, it } from 'vitest';
import type { BenchCase } from '../../src/bench/case.ts';
import { isSelected, readOptions } from '../../src/bench/options.ts';

const of: BenchCase = { name: 'get', server: undefined, depth: 16, valueBytes: 1024, clients: {} };

describe('readOptions', () => {
  it('has defaults for everything but the package', () => {
    expect(readOptions(['core'])).toEqual({
      package: 'core',
      json: false,
      cases: [],
      rounds: 5,
      pairs: 9,
      seconds: 0.5,
      profile: undefined,
      pids: new Map(),
    });
  });

  it('takes every option', () => {
    const args = [
      '--json',
      '--case=get',
      '--case=set/16',
      '--rounds=2',
      '--pairs=3',
      '--seconds=0.1',
      '--profile=ours',
      '--pid=REDIS_URL=42',
    ];
    expect(readOptions([...args, 'core'])).toEqual({
      package: 'core',
      json: true,
      cases: ['get', 'set/16'],
      rounds: 2,
      pairs: 3,
      seconds: 0.1,
      profile: 'ours',
      pids: new Map([['REDIS_URL', 42]]),
    });
  });

  it.each([
    [[]],
    [['core', 'lensdb']],
    [['core', '--rounds=0']],
    [['core', '--seconds=-1']],
    [['core', '--pid=42']],
    [['core', '--what']],
  ])('refuses %j', (args) => {
    expect(() => readOptions(args)).toThrow();
  });
});

describe('isSelected', () => {
  it('takes every case when none is named', () => {
    expect(isSelected(of, [])).toBe(true);
  });

  it.each(['get', 'get/1024', 'get/1024/16', '*/*/16', 'set'])('compares parts, not letters: %s', (pattern) => {
    expect(isSelected(of, [pattern])).toBe(pattern !== 'set');
  });

  it.each(['ge', 'get/1024/1', 'get/16'])('does not take %s for it', (pattern) => {
    expect(isSelected(of, [pattern])).toBe(false);
  });
});
