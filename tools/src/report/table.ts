/** Plain tables for terminals and logs: columns padded, numbers to the right. */

/** `12`, `-3.5 ms`, `4.2 %`, `1 234 B`: what is easier to compare when it ends in one column. */
const numeric = /^[-+±]?\d[\d  ,.]*(\s?[a-zA-Zµ%/]+)?$/u;

export function formatTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((title, i) => Math.max(title.length, ...rows.map((row) => cell(row, i).length)));
  const right = columns.map((_, i) => rows.length > 0 && rows.every((row) => isNumeric(cell(row, i))));
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, i) => (right[i] === true ? cell(cells, i).padStart(width) : cell(cells, i).padEnd(width)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(columns), rule, ...rows.map(line)].join('\n');
}

function cell(row: readonly string[], index: number): string {
  return row[index] ?? '';
}

function isNumeric(text: string): boolean {
  return text === '' || text === '-' || numeric.test(text);
}
