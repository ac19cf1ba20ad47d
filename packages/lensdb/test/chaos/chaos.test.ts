/**
 * Every fault in every phase, between the client and the in-process servers, or the real one of LENSDB_URL. A
 * schedule that fails prints its seed; CHAOS_SEED runs that one again.
 */

import { LensDBClient } from '@wirewright/lensdb';
import { describe, it } from 'vitest';
import { chaosCases } from './faults.ts';
import { subjects } from './subjects.ts';
import { World } from './world.ts';

const given = process.env['CHAOS_SEED'];

describe.each(subjects)('chaos: $name', ({ start, isReal }) => {
  const cases = chaosCases.filter(({ corrupts }) => !corrupts || !isReal);

  for (const [index, { name, rule, corrupts }] of cases.entries()) {
    it(name, async () => {
      const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
      try {
        await using server = await start();
        // Retries make a write of an earlier round possible for ever; without, every acknowledged one is certain.
        const retries = index % 2 === 0;
        const { host, port } = server;
        await using world = await World.start({ server: { host, port }, seed, retries, exact: !corrupts });
        const prefix = `chaos-${seed}-${index}`;
        await world.work(2, prefix);
        world.proxy.inject(rule);
        await world.work(10, prefix);
        await world.proxy.clear();
        await using direct = new LensDBClient({ host, port });
        if (!corrupts) await world.verify(direct);
        await world.end();
        const keys = await direct.keysBytes();
        await direct.mdelete(keys.filter((key) => new TextDecoder().decode(key).startsWith(prefix)));
      } catch (error) {
        throw new Error(`failed with CHAOS_SEED=${seed}`, { cause: error });
      }
    });
  }
});
