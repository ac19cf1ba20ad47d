/**
 * The simulator: `npm run simulate -- --schedules N [--seed S] [--json] [--no-mutants]`.
 *
 * Runs core's scenarios over N schedules, and then each planted mutant within the same budget, until it is found. A
 * schedule that violates a rule prints its seed; `--schedules 1 --seed <it> --no-mutants` plays it again. Exits with
 * 0 whenever schedules ran: what the figures mean is for their reader to say.
 */

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { formatTable } from '../report/table.ts';
import type { Violation } from '@wirewright/core/testing';
import { bundle } from './bundle.ts';
import { runOnAllCores } from './crew.ts';
import { mutants } from './mutants.ts';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '10000' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
    'no-mutants': { type: 'boolean', default: false },
  },
});

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  console.error(`--${name} takes a whole number from 0 to ${most}, not "${text}"`);
  process.exit(2);
}

const schedules = wholeNumber('schedules', values.schedules, 1e9);
const seed = values.seed === undefined ? randomInt(2 ** 32 - 1) : wholeNumber('seed', values.seed, 2 ** 32 - 1);
const say = (line: string): void => console.error(line);

function describe({ seed: own, scenario, what }: Violation): string {
  return `  seed ${own}, ${scenario}: ${what}`;
}

say(`${schedules} schedules, seed ${seed}`);
const startedAt = performance.now();
const { schedules: ran, violations } = await runOnAllCores(await bundle(undefined), {
  schedules,
  seed,
  maxViolations: 100,
});
const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
for (const violation of violations.slice(0, 20)) say(describe(violation));

const rows: string[][] = [];
let found = 0;
const planted = values['no-mutants'] ? [] : mutants;
for (const mutant of planted) {
  const report = await runOnAllCores(await bundle(mutant), { schedules, seed, maxViolations: 1 });
  const first = report.violations[0];
  if (first) found += 1;
  rows.push([
    mutant.name,
    first ? 'found' : 'NOT FOUND',
    String(report.schedules),
    first ? first.what.slice(0, 70) : '',
  ]);
}

if (values.json) {
  const result = {
    schedules: ran,
    violations: violations.length,
    seconds,
    seed,
    mutants: { planted: planted.length, found },
  };
  console.log(JSON.stringify(result));
} else {
  console.log(`${ran} schedules in ${seconds} s (seed ${seed}): ${violations.length} violations`);
}
if (rows.length > 0) say(formatTable(['mutant', 'found', 'schedules', 'by'], rows));
if (violations.length > 0) say(`replay one with: npm run simulate -- --schedules 1 --seed <seed> --no-mutants`);
process.exitCode = ran > 0 ? 0 : 1;
