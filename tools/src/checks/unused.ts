import { root } from '../workspace/packages.ts';
import { type Check, type CheckRow, row } from './check.ts';
import { command } from './command.ts';

type Issue = Readonly<Record<string, unknown>>;

/** Files, dependencies and exports that nothing uses, and dependencies that nobody lists. */
export const unusedCheck: Check = {
  name: 'unused',
  about:
    'knip over the workspace: unused files, dependencies and exports; unlisted dependencies. Use them or remove them',
  async run() {
    const { status, stdout, output } = command('knip', ['--reporter', 'json', '--no-progress'], { cwd: root });
    if (!stdout.startsWith('{')) throw new Error(`knip failed with code ${status}:\n${output}`);
    const { issues } = JSON.parse(stdout) as { issues: readonly Issue[] };
    const rows = issues.flatMap((issue) =>
      Object.entries(issue).flatMap(([kind, found]) =>
        Array.isArray(found) ? found.map((one) => finding(kind, String(issue['file']), one)) : [],
      ),
    );
    return { columns: ['kind', 'file', 'name'], rows: rows.length > 0 ? rows : [row(['none', '', ''])] };
  },
};

function finding(kind: string, file: string, found: unknown): CheckRow {
  return { cells: [kind, file, nameOf(found)], ok: false };
}

function nameOf(found: unknown): string {
  if (Array.isArray(found)) return found.map(nameOf).join(', ');
  if (typeof found === 'object' && found !== null && 'name' in found) return String(found.name);
  return String(found);
}
