/**
 * Reads what `npm run simulate -- --json` has printed, and fails unless it is good news:
 *
 *     node tools/scripts/judge-simulation.mjs <file> <schedules that were asked for>
 *
 * The simulator itself exits with 0 whenever it has run: what its figures mean is decided here.
 */
import { readFileSync } from 'node:fs';
import { fail } from './common.mjs';

const [file = '', asked = '0'] = process.argv.slice(2);
const { schedules, violations, seconds, seed, mutants } = JSON.parse(readFileSync(file, 'utf8'));
const count = (value) => (Array.isArray(value) ? value.length : Number(value));

console.log(
  `${schedules} schedules in ${seconds} s, seed ${seed}: ${count(violations)} violations; ` +
    `${count(mutants.found)} of ${count(mutants.planted)} planted mutants found`,
);

if (!(schedules >= Number(asked))) fail(`${asked} schedules were asked for`);
if (count(violations) !== 0)
  fail(`violations: replay them with npm run simulate -- --schedules ${asked} --seed ${seed}`);
if (!(count(mutants.planted) > 0)) fail('no mutant was planted: the simulator has shown nothing');
if (count(mutants.found) !== count(mutants.planted))
  fail('a planted mutant was not found: the simulator is not good enough');
