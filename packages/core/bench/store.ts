/** Fills the keys of a case, and looks whether what was acknowledged is there. Straight over the wire. */

import { Floor } from '@wirewright/tools/bench';
import { benchKeys, benchValue, encodeCommand, redisGreeting, respFrameLength } from './requests.ts';

export async function fillKeys(url: string, valueBytes: number): Promise<void> {
  const value = benchValue(valueBytes);
  await callAll(
    url,
    benchKeys.map((key) => encodeCommand('SET', key, value)),
    '+OK\r\n'.length,
  );
}

export async function deleteKeys(url: string): Promise<void> {
  await callAll(
    url,
    benchKeys.map((key) => encodeCommand('DEL', key)),
    ':1\r\n'.length,
  );
}

/** @throws Error when a key holds something else than the value */
export async function verifyKeys(url: string, valueBytes: number): Promise<void> {
  const value = benchValue(valueBytes);
  const expected = encodeCommand(value).subarray('*1\r\n'.length);
  const answers = await callAll(
    url,
    benchKeys.map((key) => encodeCommand('GET', key)),
    expected.length,
  );
  const lost = answers.filter((answer) => Buffer.compare(answer, expected) !== 0).length;
  if (lost > 0) throw new Error(`${lost} acknowledged values are not there`);
}

async function callAll(url: string, requests: readonly Uint8Array[], answerBytes: number): Promise<Uint8Array[]> {
  const floor = await Floor.connect({ ...redisGreeting(url), requests, frameLength: respFrameLength, answerBytes });
  try {
    return await Promise.all(requests.map(floor.call));
  } finally {
    floor.close();
  }
}
