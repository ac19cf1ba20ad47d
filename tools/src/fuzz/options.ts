/** What `npm run fuzz` is asked for on the command line. */

import { parseArgs } from 'node:util';
import { seedFrom, UsageError, wholeNumber } from '../command-line/numbers.ts';

export interface FuzzOptions {
  readonly package: string;
  /** Of each part. */
  readonly calls: number;
  readonly seed: number;
  /** The parts that are wanted; empty for all. */
  readonly only: readonly string[];
  readonly json: boolean;
}

export const usage = `npm run fuzz -- <package> [options]
  --calls <n>    of each part, default 100000
  --seed <n>     of everything that is drawn, default random and printed: the same seed tries the same
  --only <part>  this part; may be repeated
  --json         one JSON document on stdout instead of the table
A real server is taken from <PACKAGE>_URL, for instance LENSDB_URL.`;

/** @throws UsageError, or the error of \`parseArgs\` */
export function readOptions(args: readonly string[]): FuzzOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      calls: { type: 'string', default: '100000' },
      seed: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    },
  });
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) throw new UsageError('one package has to be named');
  return {
    package: name,
    calls: wholeNumber('--calls', values.calls, 1, 1e9),
    seed: seedFrom(values.seed),
    only: values.only,
    json: values.json,
  };
}
