/** What `npm run simulate` is asked for on the command line. */

import { parseArgs } from 'node:util';
import { seedFrom, wholeNumber } from '../command-line/numbers.ts';

export interface SimulateOptions {
  /** Of the unchanged core, and at most of each mutant. */
  readonly schedules: number;
  readonly seed: number;
  readonly mutants: boolean;
  readonly json: boolean;
}

export const usage = `npm run simulate -- [options]
  --schedules <n>  schedules to run, and to look for each planted mutant in, default 10000
  --seed <n>       of the first schedule, default random and printed; with --schedules 1 it plays one again
  --no-mutants     only the unchanged core
  --json           one JSON document on stdout instead of a line of text`;

/** @throws UsageError, or the error of `parseArgs` */
export function readOptions(args: readonly string[]): SimulateOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      schedules: { type: 'string', default: '10000' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      'no-mutants': { type: 'boolean', default: false },
    },
  });
  return {
    schedules: wholeNumber('--schedules', values.schedules, 0, 1e9),
    seed: seedFrom(values.seed),
    mutants: !values['no-mutants'],
    json: values.json,
  };
}
