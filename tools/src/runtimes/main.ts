/**
 * Runs conformance suites and README programs on several runtimes, from the packed packages, and prints what runs
 * where:
 *
 *     npm run runtimes                                        on this Node
 *     npm run runtimes -- node 'path/to/bun run'              on those; a command is split at its spaces
 *
 * `--update` writes the table into the README. Exits with 1 when anything fails. `.ci/full runtimes` brings the
 * runtimes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeConsumer } from '../checks/consumer.ts';
import { formatTable } from '../report/table.ts';
import { listPackages, root } from '../workspace/packages.ts';
import { cellOf, type Column, replaceBlock, runtimesPage } from './page.ts';
import { type Outcome, type Program, writePrograms } from './programs.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { update: { type: 'boolean', default: false } },
});

const packages = listPackages();
const programs = writePrograms(packages, makeConsumer(packages));
const rows = programs.map(({ title }) => title);
const columns = (positionals.length > 0 ? positionals : [process.execPath]).map((runtime) => runAll(runtime));

console.log(
  `\n${formatTable(
    ['', ...columns.map(({ runtime }) => runtime)],
    rows.map((row) => [row, ...columns.map(({ outcomes }) => cellOf(outcomes.get(row) as Outcome))]),
  )}`,
);
if (values.update) {
  const file = join(root, 'README.md');
  writeFileSync(file, replaceBlock(readFileSync(file, 'utf8'), runtimesPage(rows, columns)));
}
const failures = columns.flatMap(({ outcomes }) => [...outcomes.values()].flatMap(({ failed }) => failed));
process.exitCode = failures.length > 0 ? 1 : 0;

function runAll(command: string): Column {
  const outcomes = new Map<string, Outcome>();
  let name = command;
  console.log(`\n== ${command}`);
  for (const program of programs) {
    const outcome = runOne(program, command);
    outcomes.set(program.title, outcome);
    if (outcome.runtime !== undefined) name = outcome.runtime;
  }
  return { runtime: name, outcomes };
}

function runOne(program: Program, command: string): Outcome {
  const outcome = program.run(command);
  console.log(`${program.title}: ${cellOf(outcome).replaceAll('**', '')}`);
  for (const { name, reason } of outcome.skipped) console.log(`  skip: ${name} (${reason})`);
  for (const problem of outcome.failed) console.log(`  ${problem.replaceAll('\n', '\n  ')}`);
  return outcome;
}
