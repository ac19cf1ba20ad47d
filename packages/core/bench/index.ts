/** `npm run bench -- core`: the RESP example against the floor, ioredis and node-redis. */

import type { BenchCase, Benchmark } from '@wirewright/tools/bench';
import { openDeadAddress } from './dead-address.ts';
import { openFanIn, subscribeFloor, subscribeIoredis, subscribeNodeRedis, subscribeOurs } from './fan-in.ts';
import { openBytes, openFloor } from './floor.ts';
import type { LimitsKind } from './limits.ts';
import { openOurs } from './ours.ts';
import { openIoredis, openNodeRedis } from './peers.ts';
import { startRedis } from './redis-server.ts';
import type { RedisOperation } from './requests.ts';
import { deleteKeys, fillKeys, verifyKeys } from './store.ts';
import { synapCase } from './synap.ts';

const depths = [1, 16, 128, 512];
const sizes = [16, 1024];

function keyCase(operation: RedisOperation, limits: LimitsKind, valueBytes: number, depth: number): BenchCase {
  return {
    name: limits === 'default' ? operation : `${operation}, ${limits}`,
    server: 'redis',
    depth,
    valueBytes,
    clients: {
      ours: (setup) => openOurs(operation, limits, setup),
      floor: (setup) => openFloor(operation, limits, setup),
      ioredis: (setup) => openIoredis(operation, limits, setup),
      'node-redis': (setup) => openNodeRedis(operation, limits, setup),
      ...(limits === 'default' && { bytes: (setup) => openBytes(operation, setup) }),
    },
    prepare: async (url) => {
      await fillKeys(url, valueBytes);
      if (operation === 'set') await deleteKeys(url);
    },
    verify: (url) => verifyKeys(url, valueBytes),
  };
}

function fanInCase(depth: number): BenchCase {
  return {
    name: 'fan-in',
    server: 'redis',
    depth,
    valueBytes: 16,
    clients: {
      ours: (setup) => openFanIn(subscribeOurs, setup),
      floor: (setup) => openFanIn(subscribeFloor, setup),
      ioredis: async (setup) => openFanIn(await subscribeIoredis(), setup),
      'node-redis': async (setup) => openFanIn(await subscribeNodeRedis(), setup),
    },
  };
}

const deadAddress: BenchCase = {
  name: 'dead address',
  server: undefined,
  depth: 10_000,
  valueBytes: 0,
  clients: { ours: openDeadAddress },
  measuresStall: true,
};

const operations: readonly RedisOperation[] = ['get', 'set'];
const limited: readonly LimitsKind[] = ['deadline + signal', 'deadline + own signal'];

export const benchmark: Benchmark = {
  servers: { redis: { variable: 'REDIS_URL', start: startRedis }, synap: { variable: 'SYNAP_URL' } },
  cases: [
    ...operations.flatMap((operation) =>
      sizes.flatMap((size) => depths.map((depth) => keyCase(operation, 'default', size, depth))),
    ),
    ...limited.flatMap((limits) => depths.map((depth) => keyCase('get', limits, 16, depth))),
    fanInCase(128),
    fanInCase(512),
    synapCase(1),
    synapCase(128),
    deadAddress,
  ],
};
