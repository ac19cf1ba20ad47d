/** Ours: the RESP example of this package, as a user calls it. */

import type { BenchSetup, CallingClient } from '@wirewright/tools/bench';
import { RespClient } from '../examples/resp/client.ts';
import { type LimitsKind, nextLimits } from './limits.ts';
import { benchKey, benchValue, readRedisUrl, type RedisOperation } from './requests.ts';

export function connectOurs(url: string): RespClient {
  const { host, port, username, password } = readRedisUrl(url);
  return new RespClient({ target: { host, port }, credentials: { username, password } });
}

export async function openOurs(operation: RedisOperation, kind: LimitsKind, setup: BenchSetup): Promise<CallingClient> {
  const client = connectOurs(setup.url);
  const limits = nextLimits(kind);
  const value = benchValue(setup.valueBytes);
  const get = (): Promise<unknown> => client.get(benchKey(), limits());
  const set = (): Promise<unknown> => client.command(['SET', benchKey(), value], limits());
  if (operation === 'get') expectValue(await get(), value);
  return { call: operation === 'get' ? get : set, close: () => client.close() };
}

export function expectValue(got: unknown, expected: Uint8Array): void {
  if (!(got instanceof Uint8Array) || Buffer.compare(got, expected) !== 0) throw new Error('GET gave another value');
}
