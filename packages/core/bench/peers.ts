/** The two Redis clients that everybody uses, asked for bytes as ours is. */

import { Absent, type BenchClient, type BenchSetup, loadIoredis, loadNodeRedis } from '@wirewright/tools/bench';
import { type LimitsKind, nextLimits, timeoutMs } from './limits.ts';
import { expectValue } from './ours.ts';
import { benchKey, benchValue, type RedisOperation } from './requests.ts';

/** It has deadlines for all calls alike, and no signals. */
export async function openIoredis(
  operation: RedisOperation,
  kind: LimitsKind,
  setup: BenchSetup,
): Promise<BenchClient | Absent> {
  const Redis = await loadIoredis();
  if (Redis instanceof Absent) return Redis;
  const client = new Redis(setup.url, kind === 'default' ? {} : { commandTimeout: timeoutMs });
  const limits = nextLimits(kind);
  const value = Buffer.from(benchValue(setup.valueBytes));
  const get = (): Promise<unknown> => {
    limits();
    return client.getBuffer(benchKey());
  };
  const set = (): Promise<unknown> => {
    limits();
    return client.set(benchKey(), value);
  };
  if (operation === 'get') expectValue(await get(), value);
  return { call: operation === 'get' ? get : set, close: () => client.disconnect() };
}

/** It takes both by call, with a timer of its own for each. */
export async function openNodeRedis(
  operation: RedisOperation,
  kind: LimitsKind,
  setup: BenchSetup,
): Promise<BenchClient | Absent> {
  const redis = await loadNodeRedis();
  if (redis instanceof Absent) return redis;
  const typeMapping = { [redis.RESP_TYPES.BLOB_STRING]: Buffer };
  const client = redis.createClient({ url: setup.url, RESP: 3 }).withTypeMapping(typeMapping);
  await client.connect();
  const limits = nextLimits(kind);
  const value = Buffer.from(benchValue(setup.valueBytes));
  const limited = (...command: (string | Buffer)[]): Promise<unknown> => {
    const own = limits();
    const options = own && { timeout: own.timeoutMs, abortSignal: own.signal };
    return client.sendCommand(command, { typeMapping, ...options });
  };
  const calls: Readonly<Record<RedisOperation, () => Promise<unknown>>> =
    kind === 'default'
      ? { get: () => client.get(benchKey()), set: () => client.set(benchKey(), value) }
      : { get: () => limited('GET', benchKey()), set: () => limited('SET', benchKey(), value) };
  if (operation === 'get') expectValue(await calls.get(), value);
  return { call: calls[operation], close: () => client.destroy() };
}
