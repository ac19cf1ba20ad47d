/**
 * `npm run fuzz -- <package> [--calls N] [--seed S] [--only <part>] [--json]`: random input for long.
 *
 * Exits with 0 when nothing was found, 1 when something was, 2 for wrong arguments, 3 when the package has no fuzz.
 */

import { formatTable } from '../report/table.ts';
import { findPackage } from '../workspace/index.ts';
import { type FuzzPart, type FuzzResult, loadFuzz } from './fuzz.ts';
import { type FuzzOptions, readOptions, usage } from './options.ts';
import { readOrExplain } from '../command-line/read-or-explain.ts';

const say = (line: string): void => console.error(line);

interface PartReport extends FuzzResult {
  readonly part: string;
  readonly seconds: number;
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOrExplain(args, readOptions, usage, say);
  if (!options) return 2;
  const fuzz = await loadFuzz(findPackage(options.package));
  if (!fuzz) {
    say(`packages/${options.package} has no fuzz/index.ts: there is nothing to run`);
    return 3;
  }
  const unknown = options.only.filter((name) => !fuzz.parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    say(`there is no part ${unknown.join(', ')}; there are ${fuzz.parts.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  say(`seed ${options.seed}`);
  const reports: PartReport[] = [];
  for (const part of fuzz.parts) {
    if (options.only.length > 0 && !options.only.includes(part.name)) continue;
    say(`${part.name}: ${part.claim}`);
    reports.push(await run(part, options));
  }
  show(reports, options);
  return reports.some(({ violations }) => violations.length > 0) ? 1 : 0;
}

/** Runs one part; what escapes from it, wherever it is thrown, is a violation. */
async function run(part: FuzzPart, { calls, seed }: FuzzOptions): Promise<PartReport> {
  const escaped: string[] = [];
  const onEscape = (error: unknown): void => void escaped.push(`uncaught: ${describe(error)}`);
  process.on('uncaughtException', onEscape).on('unhandledRejection', onEscape);
  const startedAt = performance.now();
  let result: FuzzResult;
  try {
    result = await part.run({ calls, seed });
  } catch (error) {
    result = { against: '', calls: 0, counts: {}, violations: [`the part threw: ${describe(error)}`] };
  } finally {
    process.off('uncaughtException', onEscape).off('unhandledRejection', onEscape);
  }
  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
  return { part: part.name, ...result, violations: [...result.violations, ...escaped], seconds };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function show(reports: readonly PartReport[], options: FuzzOptions): void {
  const table = formatTable(
    ['part', 'against', 'tried', 'seconds', 'violations'],
    reports.map(({ part, against, calls, seconds, violations }) => [
      part,
      against,
      calls.toLocaleString('en-US'),
      String(seconds),
      String(violations.length),
    ]),
  );
  const print = options.json ? say : console.log;
  print(`\n${table}\n`);
  for (const { part, counts, violations } of reports) {
    const parts = Object.entries(counts).map(([what, count]) => `${what} ${count.toLocaleString('en-US')}`);
    print(`${part}: ${parts.toSorted().join(', ')}`);
    for (const violation of violations) print(`  VIOLATION ${violation}`);
  }
  const violations = reports.reduce((sum, report) => sum + report.violations.length, 0);
  print(`\nseed ${options.seed}: ${violations} violations`);
  if (violations > 0) {
    const broken = reports.filter((report) => report.violations.length > 0).map(({ part }) => `--only ${part}`);
    print(
      `see it again: npm run fuzz -- ${options.package} --calls ${options.calls} --seed ${options.seed} ${broken.join(' ')}`,
    );
  }
  if (options.json)
    console.log(JSON.stringify({ package: options.package, seed: options.seed, violations, parts: reports }));
}
