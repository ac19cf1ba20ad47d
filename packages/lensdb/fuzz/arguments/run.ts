/** Wrong arguments are refused with an ArgumentError that shows no secrets, and nothing is sent. */

import { inspect } from 'node:util';
import { SeededRandom } from '@wirewright/core/testing';
import { LensDBClient } from '@wirewright/lensdb';
import { startLdbdServer, startLensServer } from '@wirewright/lensdb/testing';
import { Findings, type FuzzResult, type FuzzSettings } from '@wirewright/tools/fuzz';
import { Tap } from '../../soak/tap.ts';
import { type AnyClient, wrongCalls } from './calls.ts';
import { tryConstructor } from './constructors.ts';
import { garbage, secret } from './garbage.ts';
import { problemOf } from './problem.ts';

interface Subject {
  readonly dialect: 'lens' | 'ldbd';
  readonly client: LensDBClient;
  readonly tap: Tap;
}

export async function runArguments({ calls, seed }: FuzzSettings): Promise<FuzzResult> {
  const random = new SeededRandom(seed);
  const findings = new Findings();
  await using lens = await startLensServer();
  await using ldbd = await startLdbdServer();
  const subjects = [await connect('lens', lens), await connect('ldbd', ldbd)];
  let done = 0;
  for (; done < calls && !findings.enough; done += 1) {
    if (random.chance(0.2)) tryConstructor(random, findings);
    else await tryCall(random.pick(subjects), random, findings, done);
  }
  for (const { client } of subjects) await client.close();
  return {
    against: "clients of in-process servers, 'lens' and 'ldbd'",
    calls: done,
    counts: findings.counts,
    violations: findings.violations,
  };
}

async function connect(dialect: Subject['dialect'], server: { host: string; port: number }): Promise<Subject> {
  const tap = new Tap();
  const client = await LensDBClient.connect({ host: server.host, port: server.port, runtime: tap.runtime });
  return { dialect, client, tap };
}

async function tryCall(
  { dialect, client, tap }: Subject,
  random: SeededRandom,
  findings: Findings,
  number: number,
): Promise<void> {
  const { name, kind, call } = random.pick(wrongCalls);
  const wrong = garbage(kind, random, dialect);
  const where = `${dialect}, ${name}, ${describe(wrong)}`;
  const violation = (what: string): void =>
    findings.violation(`call ${number}: ${where}: ${what}`, `${describe(wrong)}: ${what}`);
  const sent = tap.requests;
  let result: unknown;
  try {
    result = call(client as unknown as AnyClient, wrong);
  } catch (error) {
    violation(`threw instead of rejecting: ${String(error)}`);
    return;
  }
  try {
    await result;
    violation('was accepted');
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) findings.count('refused');
    else violation(problem);
  }
  if (tap.requests !== sent) violation('something was sent');
}

/** The kind of a value, for a message. */
function describe(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'no text' : 'text';
  try {
    if (ArrayBuffer.isView(value)) return value.constructor.name;
    return inspect(value, { depth: 1, breakLength: Infinity }).replaceAll(secret, '…').slice(0, 80);
  } catch {
    return typeof value;
  }
}
