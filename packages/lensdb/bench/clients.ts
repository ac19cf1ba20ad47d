/** The clients of the cases. */

import { LensDBClient } from '@wirewright/lensdb';
import {
  Absent,
  type BenchClient,
  type BenchSetup,
  byteCounter,
  type CallingClient,
  Floor,
  FloorPool,
  loadPeer,
} from '@wirewright/tools/bench';
import { benchKey, benchValue, type BenchOperation, floorOptions } from './requests.ts';

/** Connections of the cases with a pool: the client's default, and as many of the floor. */
export const poolSize = 10;

export async function openOurs(operation: BenchOperation, setup: BenchSetup): Promise<CallingClient> {
  const client = await LensDBClient.connect(setup.url);
  const value = benchValue(setup.valueBytes);
  const get = (): Promise<unknown> => client.get(benchKey());
  const set = (): Promise<unknown> => client.set(benchKey(), value);
  if (operation === 'get') expectValue(await get(), value);
  return { call: operation === 'get' ? get : set, close: () => client.close() };
}

export async function openFloor(operation: BenchOperation, setup: BenchSetup): Promise<CallingClient> {
  const options = floorOptions(operation, setup);
  const floor = setup.depth === 1 ? await Floor.connect(options) : await FloorPool.connect(poolSize, options);
  return { call: floor.call, close: floor.close };
}

export function openBytes(operation: BenchOperation, setup: BenchSetup): Promise<BenchClient> {
  return byteCounter(floorOptions(operation, setup), setup.depth);
}

interface PeerClient {
  get(key: string): Promise<Uint8Array | null>;
  set(key: string, value: Uint8Array): Promise<unknown>;
  close(): Promise<void> | void;
}

/** There is none on npm. A module that is brought exports `connect(url)`. */
export async function openPeer(operation: BenchOperation, setup: BenchSetup): Promise<CallingClient | Absent> {
  const peer = await loadPeer('LENSDB');
  if (peer instanceof Absent) return peer;
  const { connect } = peer as { readonly connect?: (url: string) => Promise<PeerClient> };
  if (!connect) throw new Error('the module exports no connect(url)');
  const client = await connect(setup.url);
  const value = benchValue(setup.valueBytes);
  const get = (): Promise<unknown> => client.get(benchKey());
  const set = (): Promise<unknown> => client.set(benchKey(), value);
  if (operation === 'get') expectValue(await get(), value);
  return { call: operation === 'get' ? get : set, close: () => client.close() };
}

function expectValue(got: unknown, expected: Uint8Array): void {
  if (!(got instanceof Uint8Array) || Buffer.compare(got, expected) !== 0) throw new Error('GET gave another value');
}
