import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkspacePackage } from '../workspace/packages.ts';
import { type Check, type CheckRow, row } from './check.ts';
import { compile, newest, oldest } from './typescript.ts';

const resolutions = [
  { name: 'nodenext', options: { module: 'NodeNext', moduleResolution: 'NodeNext' } },
  { name: 'bundler', options: { module: 'ESNext', moduleResolution: 'Bundler' } },
];

/**
 * `packages/<id>/test/types/*.ts` and an import of every door, against the published declarations, as a user
 * without `@types/node` compiles them, declarations included (`skipLibCheck` off).
 */
export const typesCheck: Check = {
  name: 'types',
  about: `type tests on TypeScript ${oldest.version} and ${newest.version}, without @types/node`,
  async run({ packages, consumer }) {
    const rows: CheckRow[] = [];
    for (const of of packages) {
      const folder = consumer().subfolder(`types-${of.id}`);
      const files = writeTests(of, folder);
      for (const compiler of [oldest, newest]) {
        for (const { name, options } of resolutions) {
          const { status, output } = compile(compiler, folder, { ...options, noEmit: true, skipLibCheck: false });
          const cells = [of.name, compiler.version, name, String(files), status === 0 ? 'yes' : 'NO'];
          rows.push(row(cells, status === 0 ? undefined : output));
        }
      }
    }
    return { columns: ['package', 'TypeScript', 'resolution', 'files', 'compiles'], rows };
  },
};

function writeTests(of: WorkspacePackage, folder: string): number {
  const imports = of.doors.map(({ specifier }, i) => `import * as door${i} from '${specifier}';`);
  const uses = `export const doors: unknown[] = [${of.doors.map((_, i) => `door${i}`).join(', ')}];`;
  writeFileSync(join(folder, 'doors.ts'), `${[...imports, uses].join('\n')}\n`);
  const tests = join(of.folder, 'test', 'types');
  if (existsSync(tests)) cpSync(tests, folder, { recursive: true });
  return readdirSync(folder).filter((name) => name.endsWith('.ts')).length;
}
