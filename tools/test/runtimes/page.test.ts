import { describe, expect, it } from 'vitest';
import { type Column, replaceBlock, runtimesPage } from '../../src/runtimes/page.ts';

const column = (runtime: string, reason?: string): Column => ({
  runtime,
  outcomes: new Map([
    ['core', { passed: 2, failed: [], skipped: reason === undefined ? [] : [{ name: 'a case', reason }] }],
  ]),
});

describe('runtimesPage', () => {
  it('has a row for each program and a column for each runtime', () => {
    const page = runtimesPage(['core', 'lensdb'], [column('Node 22'), column('Bun 1')]);
    expect(page.split('\n')).toEqual([
      '|  | Node 22 | Bun 1 |',
      '| --- | --- | --- |',
      '| core | 2 passed | 2 passed |',
      '| lensdb | not run | not run |',
    ]);
  });

  it('says what is skipped, where and why', () => {
    const lines = (...columns: Column[]): string[] => runtimesPage(['core'], columns).split('\n');
    expect(lines(column('Node 22'), column('Bun 1', 'no such thing'))).toEqual(
      expect.arrayContaining(['| core | 2 passed | 2 passed, 1 skipped |', '- Bun 1, core, *a case*: no such thing.']),
    );
    expect(lines(column('Node 22', 'not set'), column('Bun 1', 'not set')).at(-1)).toBe(
      '- Everywhere, core, *a case*: not set.',
    );
  });

  it('hides no failure', () => {
    const failing = { passed: 1, failed: ['boom'], skipped: [] };
    const page = runtimesPage(['core'], [{ runtime: 'Deno 2', outcomes: new Map([['core', failing]]) }]);
    expect(page).toContain('**1 failed**, 1 passed');
  });
});

describe('replaceBlock', () => {
  const marks = ['<!-- runtimes: written by `WIREWRIGHT_UPDATE=1 .ci/full runtimes` -->', '<!-- /runtimes -->'];

  it('changes what is between its marks, and nothing else', () => {
    const readme = ['before', marks[0], 'old', marks[1], 'after'].join('\n');
    expect(replaceBlock(readme, 'new')).toBe(['before', marks[0], '', 'new', '', marks[1], 'after'].join('\n'));
  });

  it('refuses a page without marks', () => {
    expect(() => replaceBlock('no marks', 'new')).toThrow(/no block/);
  });
});
