/** Finds the programs in a Markdown page. CONTRIBUTING.md describes the convention. */

export interface Program {
  /** Line of the page, from 1, on which the program's first fence stands. */
  readonly line: number;
  readonly code: string;
  /** Marked `run`: executed, not only type-checked. */
  readonly runs: boolean;
}

const opening = /^(?<indent> {0,3})(?<fence>`{3,})ts(?<words>( [a-z]+)*)\s*$/;

interface Block {
  readonly line: number;
  readonly words: readonly string[];
  readonly code: string;
}

/**
 * Every `ts` block is a program of its own; one whose fence says `more` continues the program before it.
 *
 * @throws Error when a fence carries an unknown word, or `more` has nothing to continue.
 */
export function findPrograms(markdown: string, page: string): Program[] {
  const programs: Program[] = [];
  for (const { line, words, code } of findBlocks(markdown)) {
    const unknown = words.find((word) => word !== 'run' && word !== 'more');
    if (unknown !== undefined) throw new Error(`${page}:${line}: "${unknown}" after \`\`\`ts; known are run and more`);
    const before = programs.at(-1);
    if (!words.includes('more')) programs.push({ line, code, runs: words.includes('run') });
    else if (before) programs[programs.length - 1] = { ...before, code: `${before.code}\n${code}` };
    else throw new Error(`${page}:${line}: \`\`\`ts more has no program before it`);
  }
  return programs;
}

function* findBlocks(markdown: string): Generator<Block> {
  const lines = markdown.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const match = opening.exec(lines[i] ?? '');
    if (!match?.groups) continue;
    const { fence = '', words = '' } = match.groups;
    const end = lines.findIndex((text, at) => at > i && text.trim() === fence);
    if (end === -1) return;
    yield { line: i + 1, words: words.split(' ').filter(Boolean), code: lines.slice(i + 1, end).join('\n') };
    i = end;
  }
}
