import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiReport } from './api-report.ts';
import { type Check, row } from './check.ts';

/** Whether what is public is what was reviewed: `packages/<id>/api.md`. */
export const apiCheck: Check = {
  name: 'api',
  about: 'the public declarations against packages/*/api.md; `npm run api` rewrites it, the review is in the diff',
  async run({ packages, update }) {
    const rows = packages.map((of) => {
      const file = join(of.folder, 'api.md');
      const now = apiReport(of);
      const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
      if (update) writeFileSync(file, now);
      const changed = update ? 0 : changedLines(before, now);
      const problem = changed === 0 ? undefined : `packages/${of.id}/api.md differs; ${firstDifference(before, now)}`;
      return row([of.name, String(now.split('\n').length), String(changed)], problem);
    });
    return { columns: ['package', 'lines', 'changed'], rows };
  },
};

/** Lines that are in one report and not in the other. */
function changedLines(before: string, now: string): number {
  if (before === now) return 0;
  const count = (text: string, other: string): number => {
    const known = new Set(other.split('\n'));
    return text.split('\n').filter((line) => !known.has(line)).length;
  };
  return Math.max(1, count(before, now) + count(now, before));
}

function firstDifference(before: string, now: string): string {
  const [old, fresh] = [before.split('\n'), now.split('\n')];
  const at = fresh.findIndex((line, i) => line !== old[i]);
  const line = at === -1 ? fresh.length : at;
  return `from line ${line + 1}: "${old[line] ?? ''}" was, "${fresh[line] ?? ''}" is`;
}
