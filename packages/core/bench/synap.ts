/** Synap's native wire: the spike of core's tests against a bare socket. GET only: what a client adds is the same. */

import { type BenchCase, type BenchSetup, type CallingClient, Floor, type FloorOptions } from '@wirewright/tools/bench';
import { SynapClient } from '../test/spikes/synap/client.ts';
import { meter } from '../test/spikes/synap/decode.ts';
import { encodeAnswer, encodeRequest } from '../test/spikes/synap/encode.ts';
import { expectValue } from './ours.ts';
import { benchKey, benchKeys, benchValue } from './requests.ts';
import { targetOf } from '../test/spikes/target.ts';

/** Ids of five bytes, as those of a client that has been up for a while. */
const firstFloorId = 0x10000;

/** Of the native wire, where the URL tells none. */
const defaultPort = 15_501;

async function openOurs({ url, valueBytes }: BenchSetup): Promise<CallingClient> {
  const client = new SynapClient({ target: targetOf(url, defaultPort) });
  expectValue(await client.get(benchKey()), benchValue(valueBytes));
  return { call: () => client.get(benchKey()), close: () => client.close() };
}

function floorOptions({ url, valueBytes }: BenchSetup): FloorOptions {
  return {
    address: targetOf(url, defaultPort),
    requests: benchKeys.map((key, i) => encodeRequest(firstFloorId + i, { name: 'GET', args: [key] })),
    frameLength: (bytes, start, end) => {
      const length = meter.measure(bytes, start, end);
      return length > end - start ? 0 : length;
    },
    answerBytes: encodeAnswer(firstFloorId, { ok: benchValue(valueBytes) }).length,
  };
}

/** The server answers what it need not wait for in order, so the floor has no use for ids. */
async function openFloor(setup: BenchSetup): Promise<CallingClient> {
  const floor = await Floor.connect(floorOptions(setup));
  return { call: floor.call, close: floor.close };
}

async function fill(url: string, valueBytes: number): Promise<void> {
  const client = new SynapClient({ target: targetOf(url, defaultPort) });
  await Promise.all(benchKeys.map((key) => client.set(key, benchValue(valueBytes))));
  await client.close();
}

export function synapCase(depth: number): BenchCase {
  const valueBytes = 16;
  return {
    name: 'synap get',
    server: 'synap',
    depth,
    valueBytes,
    clients: { ours: openOurs, floor: openFloor },
    prepare: (url) => fill(url, valueBytes),
  };
}
