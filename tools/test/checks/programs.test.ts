import { describe, expect, it } from 'vitest';
import { findPrograms } from '../../src/checks/readme/programs.ts';

const fence = '```';

function page(...blocks: readonly (readonly [info: string, ...lines: string[]])[]): string {
  return blocks.map(([info, ...lines]) => [`${fence}${info}`, ...lines, fence, 'Text.'].join('\n')).join('\n');
}

describe('findPrograms', () => {
  it('takes ts blocks alone, with the line of their fence', () => {
    const markdown = page(['sh', 'npm test'], ['ts', 'a();', 'b();'], ['text', 'ts'], ['ts run', 'c();']);
    expect(findPrograms(markdown, 'README.md')).toEqual([
      { line: 5, code: 'a();\nb();', runs: false },
      { line: 14, code: 'c();', runs: true },
    ]);
  });

  it('continues a program where the fence says more', () => {
    const markdown = page(['ts run', 'const a = 1;'], ['ts more', 'use(a);'], ['ts', 'alone();']);
    expect(findPrograms(markdown, 'README.md')).toEqual([
      { line: 1, code: 'const a = 1;\nuse(a);', runs: true },
      { line: 9, code: 'alone();', runs: false },
    ]);
  });

  it('does not take a shorter fence inside for the end', () => {
    const markdown = ['````ts', 'const text = `', '```', '`;', '````'].join('\n');
    expect(findPrograms(markdown, 'README.md')).toEqual([{ line: 1, code: 'const text = `\n```\n`;', runs: false }]);
  });

  it('refuses a word that it does not know, by page and line', () => {
    expect(() => findPrograms(page(['ts ignore', 'x']), 'docs/a.md')).toThrow('docs/a.md:1: "ignore" after ```ts');
  });

  it('refuses a continuation of nothing', () => {
    expect(() => findPrograms(page(['ts more', 'x']), 'docs/a.md')).toThrow(
      'docs/a.md:1: ```ts more has no program before it',
    );
  });
});
