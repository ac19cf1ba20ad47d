/** Entries that expire, where the server can do that. */

import { isDeepStrictEqual } from 'node:util';
import { UnsupportedError } from '@wirewright/lensdb';
import { duration } from '@wirewright/tools/demo';
import { errorOf, sleep, type Tour } from '../tour.ts';

const ttlSeconds = 1;
/** A server counts in whole seconds, and this machine may be busy. */
const patienceMs = 10_000;

export async function showCache({ stage, client, prefix, entries, extras }: Tour): Promise<void> {
  stage.step('A cache whose entries expire');
  const key = `${prefix}cache:largest-state`;
  const answer = stateWithMostAirports(entries);
  extras.add(key);
  const refused = await errorOf(client.setJson(key, answer, { ttl: ttlSeconds, signal: stage.signal }));
  if (refused instanceof UnsupportedError) {
    stage.skip('a cache whose entries expire', refused.message);
    return;
  }
  if (refused) throw refused as Error;
  const startedAt = performance.now();
  const hit = await client.getJson(key);
  const exists: boolean[] = [];
  let miss: unknown = hit;
  while (miss !== null && performance.now() - startedAt < patienceMs) {
    await sleep(100, stage.signal);
    exists.push(await client.exists(key));
    miss = await client.getJson(key);
  }
  const after = duration(performance.now() - startedAt);
  stage.say(
    `setJson(key, value, { ttl: ${ttlSeconds} }) is a hit at once (${answer.state} has ${answer.airports} airports, more than any other state), and was a miss ${after} later.`,
  );
  if (exists.at(-1) === true) {
    stage.say('exists() still said true right before get() looked: this server notices expiry when a key is read.');
  }
  stage.verify(
    'the entry was there before its time had come, and gone afterwards',
    isDeepStrictEqual(hit, answer) && miss === null,
  );
}

/** Something that is worth keeping for a while: it takes a look at every record. */
function stateWithMostAirports(entries: Tour['entries']): { readonly state: string; readonly airports: number } {
  const airports = new Map<string, number>();
  for (const { key } of entries) {
    const state = /:airport:([A-Z]+):/.exec(key)?.[1];
    if (state !== undefined) airports.set(state, (airports.get(state) ?? 0) + 1);
  }
  const [state, most] = [...airports].reduce((one, other) => (other[1] > one[1] ? other : one));
  return { state, airports: most };
}
