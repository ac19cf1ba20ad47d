/** What the client counted while all this went on. */

import { count, duration } from '@wirewright/tools/demo';
import type { Tour } from '../tour.ts';

export function showStats({ stage, client }: Tour): void {
  stage.step('What the client counted');
  const { operations, latency, pool } = client.stats();
  const used = Object.entries(operations).filter(([, { success, error }]) => success + error > 0);
  stage.table(
    ['command', 'succeeded', 'failed', 'average'],
    used.map(([name, { success, error, averageMs }]) => [name, count(success), count(error), duration(averageMs)]),
  );
  stage.say(
    `Over all ${count(latency.count)}: half took ${duration(latency.p50Ms)} or less, 99 of 100 took ${duration(latency.p99Ms)} ` +
      `or less, waiting for a connection included. ${pool.opened} connections were opened, ${pool.open} are open.`,
  );
}
