/**
 * The release checks: `npm run check` runs all, `npm run check -- size readme` some.
 *
 * `--update` rewrites what is committed, `--strict` lets bars in time fail, `--runtime <command>` runs README
 * programs elsewhere than in this Node.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { formatTable } from '../report/table.ts';
import { listPackages } from '../workspace/packages.ts';
import { apiCheck } from './api.ts';
import { attwCheck } from './attw.ts';
import { browserCheck } from './browser.ts';
import { errorsCheck } from './errors.ts';
import type { Check, CheckContext, CheckRow } from './check.ts';
import { type Consumer, makeConsumer } from './consumer.ts';
import { importCostCheck } from './import-cost.ts';
import { instantiationsCheck } from './instantiations.ts';
import { publintCheck } from './publint.ts';
import { readmeCheck } from './readme/readme.ts';
import { sizeCheck } from './size.ts';
import { tarballCheck } from './tarball.ts';
import { typesCheck } from './types.ts';
import { unusedCheck } from './unused.ts';

const checks: readonly Check[] = [
  publintCheck,
  attwCheck,
  unusedCheck,
  apiCheck,
  errorsCheck,
  sizeCheck,
  importCostCheck,
  instantiationsCheck,
  typesCheck,
  browserCheck,
  readmeCheck,
  tarballCheck,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    update: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    runtime: { type: 'string', default: process.execPath },
  },
});

process.exitCode = (await runChecks(select(positionals))) ? 0 : 1;

function select(names: readonly string[]): readonly Check[] {
  const unknown = names.find((name) => !checks.some((check) => check.name === name));
  if (unknown !== undefined) {
    console.error(`there is no check "${unknown}"; the checks are ${checks.map((check) => check.name).join(', ')}`);
    process.exit(2);
  }
  return names.length === 0 ? checks : checks.filter((check) => names.includes(check.name));
}

async function runChecks(selected: readonly Check[]): Promise<boolean> {
  const { context, unbuilt } = makeContext();
  let fine = unbuilt.length === 0;
  for (const id of unbuilt) console.log(`\npackages/${id} is not built: its checks are missing`);
  for (const check of selected) fine = (await runCheck(check, context)) && fine;
  return fine;
}

function makeContext(): { context: CheckContext; unbuilt: readonly string[] } {
  const all = listPackages();
  const packages = all.filter(({ doors }) => doors.every((door) => existsSync(door.code)));
  let consumer: Consumer | undefined;
  const context = { ...values, packages, consumer: () => (consumer ??= makeConsumer(packages)) };
  return { context, unbuilt: all.filter((of) => !packages.includes(of)).map(({ id }) => id) };
}

async function runCheck(check: Check, context: CheckContext): Promise<boolean> {
  console.log(`\n${check.name}: ${check.about}\n`);
  try {
    const { columns, rows } = await check.run(context);
    console.log(
      formatTable(
        columns,
        rows.map(({ cells }) => cells),
      ),
    );
    for (const problem of problemsOf(rows)) console.log(`\n✗ ${problem}`);
    return rows.every(({ ok }) => ok);
  } catch (error) {
    console.log(`✗ ${check.name} could not run: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

/** Every problem once, under the name of the first row that has it. */
function problemsOf(rows: readonly CheckRow[]): string[] {
  const owners = new Map<string, string>();
  for (const { cells, problem } of rows) {
    if (problem !== undefined && !owners.has(problem)) owners.set(problem, cells[0] ?? '');
  }
  return Array.from(owners, ([problem, owner]) => `${owner}: ${problem}`);
}
