/** `npm run demo -- lensdb [lensdb://host:port]` */

import { randomBytes } from 'node:crypto';
import { LensDBClient } from '@wirewright/lensdb';
import { count, dataSource, type Demo, type Stage } from '@wirewright/tools/demo';
import { readRecords } from './entries.ts';
import { findPlace } from './place.ts';
import { showCache } from './steps/cache.ts';
import { showCallers, showDeadlines } from './steps/callers.ts';
import { showOtherDialect } from './steps/dialect.ts';
import { showLimits } from './steps/limits.ts';
import { showOutage } from './steps/outage.ts';
import { readRecordsBack, removeRecords, scanRecords, storeRecords } from './steps/records.ts';
import { showStats } from './steps/stats.ts';
import { batches, type Tour } from './tour.ts';

export const demo: Demo = { title: 'LensDB', urlForm: 'lensdb://host:port', run };

async function run(stage: Stage, url: string | undefined): Promise<void> {
  await using place = await findPlace(url);
  const client = new LensDBClient(place.url);
  const prefix = `wirewright-demo:${randomBytes(3).toString('hex')}:`;
  const { airports, movies } = readRecords(prefix);
  const tour: Tour = { stage, place, client, prefix, entries: [...airports, ...movies], extras: new Set() };
  stage.open(
    'LensDB, a key-value store',
    `${count(airports.length)} airports and ${count(movies.length)} films of ${dataSource()}, stored under '${prefix}…' ` +
      (place.own ? `on a server in this process.` : `on ${url}; nothing else there is touched.`),
  );
  let stored = false;
  try {
    await meet(tour);
    const sizeBefore = await client.size();
    stored = true;
    await storeRecords(tour);
    await readRecordsBack(tour);
    await scanRecords(tour);
    await showCache(tour);
    await showLimits(tour);
    await showCallers(tour);
    await showDeadlines(tour);
    await showOutage(tour);
    await showOtherDialect(tour);
    await removeRecords(tour, sizeBefore);
    stored = false;
    showStats(tour);
  } finally {
    if (stored && !place.own) await removeAfterFailure(tour);
    await client.close();
  }
}

async function meet({ stage, client, place }: Tour): Promise<void> {
  stage.step('Meet the server');
  await client.connect({ signal: stage.signal });
  const { dialect, limits } = client.info();
  const most = limits.maxRequestBytes;
  stage.say(
    `${place.url} answers, and speaks the dialect '${dialect}': keys of up to ${count(limits.maxKeyBytes)} bytes, ` +
      (most === undefined
        ? `values of up to ${count(limits.maxValueBytes)}.`
        : `requests of up to ${count(most)} in all, because the server takes one read of its buffer for one request.`),
  );
}

/** The user's server is left as it was, also when something went wrong or the user had enough. */
async function removeAfterFailure({ client, entries, extras }: Tour): Promise<void> {
  for (const batch of batches([...entries.map(({ key }) => key), ...extras])) await client.mdelete(batch);
}
