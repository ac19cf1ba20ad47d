import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, type CheckRow, row } from './check.ts';
import type { Consumer } from './consumer.ts';
import { firstProgram } from './readme/pages.ts';
import { compile, newest, nodeTypes } from './typescript.ts';

const bar = 5000;

/** What a package's types cost its users' compilers and editors. */
export const instantiationsCheck: Check = {
  name: 'instantiations',
  about: `type instantiations of the README example over an empty file, TypeScript ${newest.version}, skipLibCheck; bar ${bar}`,
  async run({ packages, consumer }) {
    const empty = count(consumer(), 'export {};');
    const rows: CheckRow[] = [];
    for (const of of packages) {
      const program = firstProgram(of);
      if (!program) {
        rows.push(row([of.name, '-', 'no'], `packages/${of.id}/README.md has no \`\`\`ts block`));
        continue;
      }
      const over = count(consumer(), program.code) - empty;
      const problem = over > bar ? `${over} instantiations: a type helper is too clever` : undefined;
      rows.push(row([of.name, String(over), over > bar ? 'NO' : 'yes'], problem));
    }
    return { columns: ['package', 'instantiations', 'within the bar'], rows };
  },
};

function count(consumer: Consumer, code: string): number {
  const folder = consumer.subfolder('instantiations');
  writeFileSync(join(folder, 'program.ts'), `${code}\nexport {};\n`);
  const options = { ...nodeTypes, noEmit: true, skipLibCheck: true };
  const { status, output } = compile(newest, folder, options, ['--extendedDiagnostics']);
  const found = /^Instantiations:\s+(\d+)/m.exec(output)?.[1];
  if (status !== 0 || found === undefined) throw new Error(`the README example does not compile:\n${output}`);
  return Number(found);
}
