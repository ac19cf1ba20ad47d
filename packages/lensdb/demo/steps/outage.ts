/** A server that goes away while it is used, and comes back: a proxy in front of it plays that. */

import { FaultProxy } from '@wirewright/core/testing';
import { type ClientState, LensDBClient } from '@wirewright/lensdb';
import { count, duration } from '@wirewright/tools/demo';
import { batches, sleep, type Tour } from '../tour.ts';

const outageMs = 600;

export async function showOutage(tour: Tour): Promise<void> {
  const { stage, place, entries } = tour;
  stage.step('A server that goes away in the middle');
  if (!place.own) {
    stage.skip('a server that goes away in the middle', 'yours is left in peace; without a URL this is shown');
    return;
  }
  const proxy = await FaultProxy.listen({ target: { host: place.own.host, port: place.own.port } });
  if (!('port' in proxy.target)) throw new Error('the proxy listens on a port');
  const client = new LensDBClient({
    ...proxy.target,
    maxConnections: 8,
    maxRetries: 8,
    retryBaseMs: 50,
    retryJitterMs: 50,
  });
  try {
    await useThroughOutage(tour, client, proxy);
    showWhatHappened(tour, client, proxy, entries.length);
  } finally {
    await client.close();
    await proxy.close();
  }
}

async function useThroughOutage(tour: Tour, client: LensDBClient, proxy: FaultProxy): Promise<void> {
  const { stage, entries, place } = tour;
  const states: ClientState[] = [];
  const watching = watch(client, states);
  const requestsBefore = place.own?.stats.requests ?? 0;
  const progress = stage.progress(entries.length, 'reads');
  const decoder = new TextDecoder();
  let right = 0;
  let done = 0;
  let outage: Promise<void> | undefined;
  for (const batch of batches(entries)) {
    if (done >= entries.length / 3) outage ??= playOutage(tour, proxy);
    const keys = batch.map(({ key }) => key);
    const values = await client.mget(keys, { signal: stage.signal });
    right += values.filter((value, index) => value !== null && decoder.decode(value) === batch[index]?.json).length;
    done += batch.length;
    progress.add(batch.length);
  }
  progress.end();
  await outage;
  const requests = (place.own?.stats.requests ?? 0) - requestsBefore;
  client.unref();
  stage.say(
    `After a third of the reads every connection was cut, and for ${outageMs} ms every new one refused. What the client said of ` +
      `itself: ${states.join(', ')}. The server saw ${count(requests)} requests.`,
  );
  stage.verify(
    `all ${count(entries.length)} reads gave the right record, none of them failed`,
    right === entries.length,
  );
  await client.close();
  await watching;
}

/** Cuts every connection, and refuses new ones for a while. */
async function playOutage({ stage }: Tour, proxy: FaultProxy): Promise<void> {
  const refusal = proxy.inject({ fault: { type: 'refuse' } });
  for (const connection of proxy.connections) connection.apply({ type: 'reset' });
  try {
    await sleep(outageMs, stage.signal);
  } finally {
    await refusal.remove();
  }
}

async function watch(client: LensDBClient, states: ClientState[]): Promise<void> {
  for await (const { state } of client.status()) if (states.at(-1) !== state) states.push(state);
}

function showWhatHappened({ stage }: Tour, client: LensDBClient, proxy: FaultProxy, calls: number): void {
  const { operations } = client.getMetrics();
  const { pool, latency } = client.stats();
  stage.table(
    ['what the metrics say', ''],
    [
      ['get_success', count(operations['get_success'] ?? 0)],
      ['get_error', count(operations['get_error'] ?? 0)],
      ['connections opened', count(pool.opened)],
      ['connections lost', count(proxy.counts.faults.reset ?? 0)],
      ['dials that failed', count(pool.failedDials)],
      ['slowest read', duration(latency.maxMs)],
    ],
  );
  stage.verify(
    'the connections were lost and opened again, and no caller was told',
    pool.failedDials > 0 && operations['get_error'] === 0 && operations['get_success'] === calls,
  );
}
