/**
 * The simulator: `npm run simulate -- --schedules N [--seed S] [--json] [--no-mutants]`.
 *
 * Runs core's scenarios over N schedules, and then each planted mutant within the same budget, until it is found. A
 * schedule that violates a rule prints its seed; `--schedules 1 --seed <it> --no-mutants` plays it again. Exits with
 * 0 whenever schedules ran: what the figures mean is for their reader to say.
 */

import { formatTable } from '../report/table.ts';
import type { Violation } from '@wirewright/core/testing';
import { bundle } from './bundle.ts';
import { runOnAllCores } from './crew.ts';
import { mutants } from './mutants.ts';
import { readOptions, type SimulateOptions, usage } from './options.ts';
import { readOrExplain } from '../command-line/read-or-explain.ts';

const say = (line: string): void => console.error(line);

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code: 0 when any schedule ran, 2 for wrong arguments */
async function main(args: readonly string[]): Promise<number> {
  const options = readOrExplain(args, readOptions, usage, say);
  if (!options) return 2;
  const { schedules, seed, json } = options;
  say(`${schedules} schedules, seed ${seed}`);
  const startedAt = performance.now();
  const report = await runOnAllCores(await bundle(undefined), { schedules, seed, maxViolations: 100 });
  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
  const violations = report.violations.length;
  for (const violation of report.violations.slice(0, 20)) say(describe(violation));
  const { planted, found, table } = await tryMutants(options);
  if (json) {
    console.log(
      JSON.stringify({ schedules: report.schedules, violations, seconds, seed, mutants: { planted, found } }),
    );
  } else {
    console.log(`${report.schedules} schedules in ${seconds} s (seed ${seed}): ${violations} violations`);
  }
  if (table !== '') say(table);
  if (violations > 0) say(`replay one with: npm run simulate -- --schedules 1 --seed <seed> --no-mutants`);
  return report.schedules > 0 ? 0 : 1;
}

/** Looks for each mutant in as many schedules, until it is found. */
async function tryMutants(options: SimulateOptions): Promise<{ planted: number; found: number; table: string }> {
  const { schedules, seed } = options;
  const rows: string[][] = [];
  let found = 0;
  for (const mutant of options.mutants ? mutants : []) {
    const report = await runOnAllCores(await bundle(mutant), { schedules, seed, maxViolations: 1 });
    const [first] = report.violations;
    if (first) found += 1;
    const by = first ? first.what.slice(0, 70) : '';
    rows.push([mutant.name, first ? 'found' : 'NOT FOUND', String(report.schedules), by]);
  }
  const table = rows.length > 0 ? formatTable(['mutant', 'found', 'schedules', 'by'], rows) : '';
  return { planted: rows.length, found, table };
}

function describe({ seed: own, scenario, what }: Violation): string {
  return `  seed ${own}, ${scenario}: ${what}`;
}
