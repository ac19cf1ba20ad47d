/** The table "what runs where", as Markdown, and its place in the README. */

import type { Outcome } from './programs.ts';

/** One column of the table. */
export interface Column {
  /** `Node 22.23.3`. */
  readonly runtime: string;
  /** By the titles of the rows. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

const opening = '<!-- runtimes: written by `WIREWRIGHT_UPDATE=1 .ci/full runtimes` -->';
const closing = '<!-- /runtimes -->';

export function cellOf({ passed, failed, skipped }: Outcome): string {
  if (failed.length > 0) return `**${failed.length} failed**, ${passed} passed`;
  return skipped.length > 0 ? `${passed} passed, ${skipped.length} skipped` : `${passed} passed`;
}

export function runtimesPage(rows: readonly string[], columns: readonly Column[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const table = [
    line(['', ...columns.map(({ runtime }) => runtime)]),
    line(['---', ...columns.map(() => '---')]),
    ...rows.map((row) =>
      line([
        row,
        ...columns.map(({ outcomes }) => {
          const outcome = outcomes.get(row);
          return outcome ? cellOf(outcome) : 'not run';
        }),
      ]),
    ),
  ];
  const skips = skipsOf(rows, columns);
  return [...table, ...(skips.length > 0 ? ['', 'Skipped:', '', ...skips] : [])].join('\n');
}

/** Every skipped case with its reason, once, with the runtimes on which it is. */
function skipsOf(rows: readonly string[], columns: readonly Column[]): string[] {
  const where = new Map<string, string[]>();
  for (const row of rows) {
    for (const { runtime, outcomes } of columns) {
      for (const { name, reason } of outcomes.get(row)?.skipped ?? []) {
        const text = `${row}, *${name}*: ${reason}`;
        where.set(text, [...(where.get(text) ?? []), runtime]);
      }
    }
  }
  return Array.from(where, ([text, runtimes]) => {
    const all = runtimes.length === columns.length && columns.length > 1;
    return `- ${all ? 'Everywhere' : runtimes.join(', ')}, ${text}.`;
  });
}

/**
 * Puts the page between its marks.
 *
 * @throws Error when the marks are not there
 */
export function replaceBlock(readme: string, page: string): string {
  const from = readme.indexOf(opening);
  const to = readme.indexOf(closing);
  if (from === -1 || to < from) throw new Error(`README.md has no block between ${opening} and ${closing}`);
  return `${readme.slice(0, from)}${opening}\n\n${page}\n\n${readme.slice(to)}`;
}
