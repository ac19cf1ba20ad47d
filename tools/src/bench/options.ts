/** What `npm run bench` is asked for on the command line. */

import { parseArgs } from 'node:util';
import { type BenchCase, caseId } from './case.ts';

export interface BenchOptions {
  readonly package: string;
  readonly json: boolean;
  /** `get/16/128`, parts may be missing or `*`; undefined for all cases. */
  readonly cases: readonly string[];
  readonly rounds: number;
  readonly pairs: number;
  readonly seconds: number;
  /** The client whose CPU profiles are written. */
  readonly profile: string | undefined;
  /** Processes of servers that are named by URL, by the variable that names them. */
  readonly pids: ReadonlyMap<string, number>;
}

export const usage = `npm run bench -- <package> [options]
  --json            one JSON document on stdout instead of the table
  --case <c>        only cases <name>[/<value bytes>[/<depth>]], * for any; may be repeated
  --rounds <n>      rounds of a case, default 5
  --pairs <n>       rounds of a case of depth 1, default 9
  --seconds <s>     of each client in each round, default 0.5
  --pid <VAR=pid>   the process of the server whose URL VAR holds: at depth 1 it may be moved to the clients' processor
  --profile <name>  write CPU profiles of this client into .tmp/profiles`;

/** @throws Error that says what is wrong */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      case: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: '5' },
      pairs: { type: 'string', default: '9' },
      seconds: { type: 'string', default: '0.5' },
      pid: { type: 'string', multiple: true, default: [] },
      profile: { type: 'string' },
    },
  });
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) throw new Error('one package has to be named');
  return {
    package: name,
    json: values.json,
    cases: values.case,
    rounds: count(values.rounds, '--rounds'),
    pairs: count(values.pairs, '--pairs'),
    seconds: seconds(values.seconds),
    profile: values.profile,
    pids: new Map(values.pid.map(pidOf)),
  };
}

/** Whether a case was asked for. */
export function isSelected(of: BenchCase, patterns: readonly string[]): boolean {
  if (patterns.length === 0) return true;
  const parts = caseId(of).split('/');
  return patterns.some((pattern) => pattern.split('/').every((part, i) => part === '*' || part === parts[i]));
}

function count(text: string, option: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${option} takes a whole number of 1 or more; got "${text}"`);
}

function pidOf(text: string): [variable: string, pid: number] {
  const [, variable, pid] = /^(\w+)=([1-9]\d*)$/.exec(text) ?? [];
  if (variable !== undefined) return [variable, Number(pid)];
  throw new Error(`--pid takes a variable and a process, REDIS_URL=123; got "${text}"`);
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`--seconds takes a number above 0; got "${text}"`);
}
