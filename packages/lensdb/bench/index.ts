/** `npm run bench -- lensdb`: one request after the other, and a pool, against bare sockets. */

import { fileURLToPath } from 'node:url';
import { LensDBClient } from '@wirewright/lensdb';
import { type BenchCase, type Benchmark, startModule } from '@wirewright/tools/bench';
import { openBytes, openFloor, openOurs, openPeer, poolSize } from './clients.ts';
import { benchKeys, benchValue, type BenchOperation } from './requests.ts';

function lensCase(operation: BenchOperation, valueBytes: number, depth: number): BenchCase {
  const pooled = depth > 1;
  return {
    name: pooled ? `${operation}, pool of ${poolSize}` : operation,
    server: 'lensdb',
    depth,
    valueBytes,
    clients: {
      ours: (setup) => openOurs(operation, setup),
      floor: (setup) => openFloor(operation, setup),
      lensdb: (setup) => openPeer(operation, setup),
      // A server of this wire takes one request at a time: there is no more than that to count on a connection.
      ...(!pooled && { bytes: (setup) => openBytes(operation, setup) }),
    },
    prepare: async (url) => {
      const client = await LensDBClient.connect(url);
      const value = benchValue(valueBytes);
      for (const key of benchKeys) await (operation === 'get' ? client.set(key, value) : client.delete(key));
      await client.close();
    },
    verify: async (url) => {
      const client = await LensDBClient.connect(url);
      const expected = benchValue(valueBytes);
      let lost = 0;
      for (const key of benchKeys) {
        const value = await client.get(key);
        if (value === null || Buffer.compare(value, expected) !== 0) lost += 1;
        await client.delete(key);
      }
      await client.close();
      if (lost > 0) throw new Error(`${lost} acknowledged values are not there`);
    },
  };
}

const operations: readonly BenchOperation[] = ['get', 'set'];
const sizes = [16, 1024];

export const benchmark: Benchmark = {
  servers: {
    lensdb: {
      variable: 'LENSDB_URL',
      start: () =>
        startModule(
          fileURLToPath(new URL('./server.js', import.meta.url)),
          'the testing server of @wirewright/lensdb, in a child process',
        ),
    },
  },
  cases: [
    ...operations.flatMap((operation) => sizes.map((size) => lensCase(operation, size, 1))),
    ...operations.flatMap((operation) => [poolSize, 64].map((depth) => lensCase(operation, 16, depth))),
  ],
};
