/** Calls that the client accepts leave the server alive, and do what they say. */

import { SeededRandom } from '@wirewright/core/testing';
import { ConnectionPool, LensDBClient, type LensDBOptions } from '@wirewright/lensdb';
import { Findings, type FuzzResult, type FuzzSettings } from '@wirewright/tools/fuzz';
import { nameOf } from '../data.ts';
import { Caller } from './caller.ts';
import type { Place } from './place.ts';

/** Calls of one client: then its server is looked at, and another one with other options goes on. */
const callsOfClient = 1000;
const callers = 2;

export async function runGuard(place: Place, { calls, seed }: FuzzSettings): Promise<FuzzResult> {
  const random = new SeededRandom(seed);
  const findings = new Findings();
  const crew = Array.from(
    { length: callers },
    (_, number) => new Caller({ place, random: random.fork(), findings, number }),
  );
  let done = 0;
  while (done < calls && !findings.enough) {
    const auto = random.chance(0.1);
    const malformedBefore = place.stats()?.malformed ?? 0;
    done += await runClient(place, crew, optionsOf(place, random, auto), random, calls - done);
    const malformed = (place.stats()?.malformed ?? 0) - malformedBefore;
    // A `lens` server is met by the other dialect's PING where the client has to find out.
    findings.check(
      malformed <= (auto ? callers + 1 : 0),
      () => `the server was sent ${malformed} requests that are none`,
    );
    await checkLife(place, crew, findings);
  }
  await removeAll(place, crew);
  return { against: place.about, calls: done, counts: findings.counts, violations: findings.violations };
}

function optionsOf(place: Place, random: SeededRandom, auto: boolean): LensDBOptions {
  const { host, port, dialect } = place;
  return {
    host,
    port,
    dialect: auto ? 'auto' : dialect,
    maxConnections: 2,
    maxRetries: 0,
    probeTimeoutMs: 300,
    allowNewlineInKeys: random.chance(0.5),
    injectionGuard: random.chance(0.5),
    retryWrites: random.chance(0.5),
  };
}

/** @returns how many calls were accepted */
async function runClient(
  place: Place,
  crew: readonly Caller[],
  options: LensDBOptions,
  random: SeededRandom,
  most: number,
): Promise<number> {
  const each = Math.ceil(Math.min(callsOfClient, most) / crew.length);
  const clear = place.exclusive && random.chance(0.2);
  if (random.chance(0.2)) {
    const { retryWrites: _, maxRetries: __, ...poolOptions } = options;
    await using pool = new ConnectionPool(poolOptions);
    await Promise.all(
      crew.map(async (caller) => {
        await using connection = await pool.getConnection();
        for (let left = each; left > 0;) if (await caller.call(connection)) left -= 1;
      }),
    );
    return each * crew.length;
  }
  await using client = new LensDBClient(options);
  // What the client knows of the server decides what it can refuse at once: both are tried.
  if (random.chance(0.5)) await client.connect();
  await Promise.all(
    crew.map(async (caller) => {
      for (let left = each; left > 0;) if (await caller.call(client)) left -= 1;
    }),
  );
  if (clear) {
    await client.clear();
    for (const { model } of crew) model.clear();
  }
  return each * crew.length;
}

/** A connection of its own, which the server has to take and to answer. */
async function checkLife(place: Place, crew: readonly Caller[], findings: Findings): Promise<void> {
  const { host, port, dialect } = place;
  const { overlapping = 0, refused = 0 } = place.stats() ?? {};
  findings.check(overlapping + refused === 0, () => `the server saw ${overlapping} overlapping, refused ${refused}`);
  const client = new LensDBClient({ host, port, dialect, maxConnections: 1, maxRetries: 0, attemptTimeoutMs: 5000 });
  try {
    await client.ping();
    if (place.exclusive) await checkStore(client, crew, findings);
    findings.count('signs of life');
  } catch (error) {
    findings.violation(`the server does not answer any more: ${String(error)}`);
  } finally {
    await client.close();
  }
}

/** What the server lists is what the callers have stored, but for keys whose writes were aborted. */
async function checkStore(client: LensDBClient, crew: readonly Caller[], findings: Findings): Promise<void> {
  const listed = (await client.keysBytes()).map(nameOf);
  const stored = crew.flatMap(({ model }) => [...model.keys()]);
  const burnt = crew.flatMap(({ model }) => [...model.burnt]);
  const known = new Set([...stored, ...burnt].flatMap((key) => key.split('\n')));
  const missing = stored.flatMap((key) => key.split('\n')).filter((key) => !listed.includes(key));
  findings.check(missing.length === 0, () => `${missing.length} keys are not listed`);
  const strange = listed.filter((key) => !known.has(key));
  findings.check(strange.length === 0, () => `${strange.length} keys are listed that nobody stored`);
  const size = await client.size();
  findings.check(
    size >= stored.length && size <= stored.length + burnt.length,
    () => `the store has ${size} entries, expected ${stored.length} and up to ${burnt.length} more`,
  );
}

async function removeAll(place: Place, crew: readonly Caller[]): Promise<void> {
  const { host, port, dialect } = place;
  await using client = new LensDBClient({ host, port, dialect, allowNewlineInKeys: true, maxConnections: 2 });
  const keys = crew.flatMap(({ model }) => [...model.keys(), ...model.burnt]);
  await client.mdelete(keys.map((key) => Uint8Array.from(Buffer.from(key, 'latin1'))));
}
