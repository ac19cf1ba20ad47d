/** The wire of the cases, for the floor: requests as bytes, and where answers end. Dialect `lens`, section 2. */

import { LensMessageType, lensRequest } from '@wirewright/lensdb';
import type { BenchSetup, FloorAddress, FloorOptions } from '@wirewright/tools/bench';

export type BenchOperation = 'get' | 'set';

const keyCount = 256;
const headerBytes = 14;
const okBytes = 2;

export const benchKeys: readonly string[] = Array.from({ length: keyCount }, (_, i) => `bench:${1000 + i}`);
let turn = 0;

/** The next key of the round. */
export function benchKey(): string {
  turn = turn + 1 < keyCount ? turn + 1 : 0;
  return benchKeys[turn] as string;
}

/** What is stored under every key: letters, that differ from byte to byte. */
export function benchValue(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => 0x61 + (i % 26));
}

export function floorOptions(operation: BenchOperation, { url, valueBytes }: BenchSetup): FloorOptions {
  const value = benchValue(valueBytes);
  return {
    address: readLensDBUrl(url),
    requests: benchKeys.map((key) =>
      operation === 'get' ? lensRequest(LensMessageType.GET, key) : lensRequest(LensMessageType.SET, key, value),
    ),
    frameLength: lensFrameLength,
    answerBytes: headerBytes + (operation === 'get' ? valueBytes : okBytes),
  };
}

/** `lensdb://host:port`, or `host:port`. */
function readLensDBUrl(url: string): FloorAddress {
  const { hostname, port } = new URL(url.includes('://') ? url : `lensdb://${url}`);
  return { host: hostname, port: port === '' ? 8080 : Number(port) };
}

/** The length of the answer at `start`; 0 while that cannot be told. */
function lensFrameLength(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < headerBytes) return 0;
  return headerBytes + readLength(bytes, start + 6) + readLength(bytes, start + 10);
}

function readLength(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  return high * 0x10000 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
}
