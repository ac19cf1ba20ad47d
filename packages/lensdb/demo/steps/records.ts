/** Stores all records, reads them back, finds some of them by prefix, and removes them in the end. */

import { isDeepStrictEqual } from 'node:util';
import { count, duration, size } from '@wirewright/tools/demo';
import { batches, batchSize, type Tour } from '../tour.ts';

export async function storeRecords({ stage, client, entries }: Tour): Promise<void> {
  stage.step(`Store ${count(entries.length)} records as JSON`);
  const startedAt = performance.now();
  const progress = stage.progress(entries.length, 'records');
  for (const batch of batches(entries)) {
    await client.mset(
      batch.map(({ key, json }) => [key, json] as const),
      { signal: stage.signal },
    );
    progress.add(batch.length);
  }
  progress.end();
  const took = duration(performance.now() - startedAt);
  const bytes = entries.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0);
  stage.say(
    `${size(bytes)} of values in ${took}: mset() in batches of ${batchSize}, each a SET per record, spread over ` +
      `${client.stats().pool.open} connections; a connection carries one request at a time, because that is what the wire allows.`,
  );
}

export async function readRecordsBack({ stage, client, entries }: Tour): Promise<void> {
  stage.step('Read every one of them back, and compare');
  const progress = stage.progress(entries.length, 'records');
  const decoder = new TextDecoder();
  let equal = 0;
  for (const batch of batches(entries)) {
    const values = await client.mget(
      batch.map(({ key }) => key),
      { signal: stage.signal },
    );
    for (const [index, value] of values.entries()) {
      const entry = batch[index];
      if (value === null || entry === undefined) continue;
      const text = decoder.decode(value);
      if (text === entry.json && isDeepStrictEqual(JSON.parse(text), entry.record)) equal += 1;
    }
    progress.add(batch.length);
  }
  progress.end();
  stage.verify(
    `${count(equal)} of ${count(entries.length)} records came back as they were stored, byte for byte`,
    equal === entries.length,
  );
}

export async function scanRecords({ stage, client, prefix, entries }: Tour): Promise<void> {
  stage.step('Find records by the beginning of their keys');
  const inTexas = `${prefix}airport:TX:`;
  const expected = entries.filter(({ key }) => key.startsWith(inTexas)).map(({ key }) => key);
  const found = await client.scan({ prefix: inTexas, signal: stage.signal });
  const austin = await client.getJson<{ name: string; city: string }>(`${inTexas}AUS`);
  stage.say(
    `scan({ prefix: '…airport:TX:' }) finds ${count(found.length)} keys; under '…TX:AUS' is ` +
      `${austin?.name}, ${austin?.city}. There is no index behind it: the server sends all its keys, the client looks through them.`,
  );
  stage.verify(
    `the scan found exactly the ${count(expected.length)} airports of Texas`,
    isDeepStrictEqual(found.toSorted(), expected.toSorted()) && austin?.city === 'Austin',
  );
}

export async function removeRecords(tour: Tour, sizeBefore: number): Promise<void> {
  const { stage, client, prefix, entries, extras } = tour;
  stage.step('Clean up');
  const keys = [...entries.map(({ key }) => key), ...extras];
  const progress = stage.progress(keys.length, 'keys');
  let removed = 0;
  for (const batch of batches(keys)) {
    removed += await client.mdelete(batch, { signal: stage.signal });
    progress.add(batch.length);
  }
  progress.end();
  const left = await client.scan({ prefix });
  stage.verify(
    `${count(removed)} entries removed, none of this run is left`,
    removed >= entries.length && left.length === 0,
  );
  const sizeAfter = await client.size();
  if (sizeAfter !== sizeBefore) {
    stage.say(
      `The server has ${count(sizeAfter)} entries, before this run it had ${count(sizeBefore)}: others use it too.`,
    );
  }
}
