/** What `npm run soak` is asked for on the command line. */

import { parseArgs } from 'node:util';
import { seedFrom, share, UsageError, wholeNumber } from '../command-line/numbers.ts';

export interface SoakOptions {
  readonly package: string;
  readonly operations: number;
  /** Share of the operations that meet a fault. */
  readonly faults: number;
  readonly seed: number;
  readonly json: boolean;
}

export const usage = `npm run soak -- <package> [options]
  --operations <n>  default 1000000
  --faults <share>  of the operations, 0 to 0.2, default 0.01
  --seed <n>        of everything that is drawn, default random and printed
  --json            one JSON document on stdout instead of the tables
A real server is taken from <PACKAGE>_URL, for instance LENSDB_URL; otherwise one is started.`;

/** @throws UsageError, or the error of \`parseArgs\` */
export function readOptions(args: readonly string[]): SoakOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      operations: { type: 'string', default: '1000000' },
      faults: { type: 'string', default: '0.01' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) throw new UsageError('one package has to be named');
  return {
    package: name,
    operations: wholeNumber('--operations', values.operations, 1000, 1e9),
    faults: share('--faults', values.faults, 0.2),
    seed: seedFrom(values.seed),
    json: values.json,
  };
}
