import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../src/runtimes/harness.ts', import.meta.url));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wirewright-harness-'));
  const { code } = transformSync(readFileSync(source, 'utf8'), { loader: 'ts', format: 'esm' });
  writeFileSync(join(folder, 'harness.mjs'), code);
});

afterEach(() => rmSync(folder, { recursive: true }));

function runSuites(code: string): { status: number | null; lines: string[]; result: unknown } {
  const file = join(folder, 'a suite.mjs');
  writeFileSync(file, `export const suites = ${code};`);
  const { status, stdout } = spawnSync(process.execPath, [join(folder, 'harness.mjs'), file], { encoding: 'utf8' });
  const lines = stdout.trimEnd().split('\n');
  return { status, lines, result: JSON.parse((lines.at(-1) ?? '').replace(/^result: /, '')) as unknown };
}

describe('the harness', () => {
  it('runs cases in order between open and close, and counts what they come to', () => {
    const { status, lines, result } = runSuites(`(() => {
      const seen = [];
      return [{
        name: 'S',
        open: async () => void seen.push('open'),
        cases: [
          { name: 'one', run: async () => void seen.push('one') },
          { name: 'two', run: async () => 'inapplicable' },
          { name: 'three', skip: 'for a reason', run: async () => void seen.push('three') },
        ],
        close: async () => console.log(seen.join(' ')),
      }, { name: 'T', skip: 'not set', cases: [] }];
    })()`);
    expect(status).toBe(0);
    expect(lines.slice(0, -1)).toEqual([
      '# S',
      'ok 1 - S: one',
      'ok 2 - S: three # SKIP for a reason',
      'open one',
      '# T',
      'ok 3 - T # SKIP not set',
      '1 passed, 0 failed, 2 skipped',
    ]);
    expect(result).toMatchObject({ runtime: `Node ${process.versions.node}`, passed: 1, failed: [] });
  });

  it('goes on behind a failure, says what it was, and fails', () => {
    const { status, lines } = runSuites(`[{ name: 'S', cases: [
      { name: 'bad', run: () => Promise.reject(new Error('because')) },
      { name: 'good', run: async () => {} },
    ] }]`);
    expect(status).toBe(1);
    expect(lines).toEqual(expect.arrayContaining(['not ok 1 - S: bad', '  because', 'ok 2 - S: good']));
    expect(lines).toContain('1 passed, 1 failed, 0 skipped');
  });

  it('fails for what nobody caught, and for a suite that cannot be opened', () => {
    const stray = runSuites(`[{ name: 'S', cases: [{ name: 'stray', run: async () => {
      Promise.reject(new Error('lost'));
      await new Promise((resolve) => setImmediate(resolve));
    } }] }]`);
    expect(stray.status).toBe(1);
    expect(stray.lines).toContain('not ok 1 - an unhandled rejection');
    const shut = runSuites(`[{ name: 'S', open: () => Promise.reject(new Error('shut')), cases: [] }]`);
    expect(shut.status).toBe(1);
    expect(shut.lines).toContain('not ok 1 - S: as a whole');
  });
});
