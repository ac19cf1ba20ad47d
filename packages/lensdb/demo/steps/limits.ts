/** The largest value that a server takes, and what happens to one that is a byte larger. */

import { ArgumentError, type LensDBClient } from '@wirewright/lensdb';
import { count } from '@wirewright/tools/demo';
import { errorOf, type Tour } from '../tour.ts';

/** Of a request in the dialect `lens`, before the key. */
const headerBytes = 18;

export async function showLimits({ stage, client, place, prefix, extras }: Tour): Promise<void> {
  stage.step('Values as large as they may be');
  const key = `${prefix}large`;
  extras.add(key);
  const room = largestValue(client, key);
  const largest = Uint8Array.from({ length: room }, (_, index) => (index * 31) >>> 3);
  await client.set(key, largest, { signal: stage.signal });
  const back = await client.get(key);
  stage.say(
    `Under a key of ${key.length} bytes there is room for ${count(room)}. One byte more is refused by the client:`,
  );
  const seenBefore = place.own?.stats.requests;
  const refusal = await errorOf(client.set(key, new Uint8Array(room + 1)));
  const sent = place.own ? place.own.stats.requests - (seenBefore ?? 0) : 0;
  if (refusal instanceof Error) stage.quote(`${refusal.name}: ${refusal.message}`);
  const kept = await client.get(key);
  stage.verify(`a value of ${count(room)} bytes came back as it was stored`, isEqual(back, largest));
  stage.verify(
    'a value of one byte more was refused before anything was sent; the entry is untouched',
    refusal instanceof ArgumentError && sent === 0 && isEqual(kept, largest),
  );
}

function largestValue(client: LensDBClient, key: string): number {
  const { maxRequestBytes, maxValueBytes } = client.info().limits;
  return maxRequestBytes === undefined
    ? maxValueBytes
    : Math.min(maxValueBytes, maxRequestBytes - headerBytes - Buffer.byteLength(key));
}

function isEqual(one: Uint8Array | null, other: Uint8Array): boolean {
  return one !== null && Buffer.compare(one, other) === 0;
}
