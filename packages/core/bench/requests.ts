/** The wire of the Redis cases, for the floor and the byte counter: requests as bytes, and where answers end. */

import type { BenchSetup, FloorAddress, FloorOptions } from '@wirewright/tools/bench';

export type RedisOperation = 'get' | 'set';

/** Keys that each case goes round. */
const keyCount = 256;

const encoder = new TextEncoder();
const [cr, blob, push, digit0] = [0x0d, 0x24, 0x3e, 0x30];

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

export function encodeCommand(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const pieces: Uint8Array[] = [encoder.encode(`*${parts.length}\r\n`)];
  for (const part of parts) {
    const bytes = typeof part === 'string' ? encoder.encode(part) : part;
    pieces.push(encoder.encode(`$${bytes.length}\r\n`), bytes, encoder.encode('\r\n'));
  }
  return new Uint8Array(Buffer.concat(pieces));
}

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

export function readRedisUrl(url: string): RedisAddress {
  const { hostname, port, username, password } = new URL(url);
  return {
    host: hostname,
    port: port === '' ? 6379 : Number(port),
    username: decodeURIComponent(username) || 'default',
    password: decodeURIComponent(password),
  };
}

/** How a bare socket greets: RESP3, as ours does. */
export function redisGreeting(url: string): { readonly address: FloorAddress; readonly greeting: Uint8Array } {
  const { host, port, username, password } = readRedisUrl(url);
  const auth = password === '' ? [] : ['AUTH', username, password];
  return { address: { host, port }, greeting: encodeCommand('HELLO', '3', ...auth) };
}

export function floorOptions(operation: RedisOperation, setup: BenchSetup): FloorOptions {
  const value = benchValue(setup.valueBytes);
  const requests = benchKeys.map((key) =>
    operation === 'get' ? encodeCommand('GET', key) : encodeCommand('SET', key, value),
  );
  const answer = operation === 'get' ? encodeCommand(value).length - '*1\r\n'.length : '+OK\r\n'.length;
  return { ...redisGreeting(setup.url), requests, frameLength: respFrameLength, answerBytes: answer };
}

/** The length of the RESP value at `start`; 0 while that cannot be told. */
export function respFrameLength(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (let values = 1; values > 0; values -= 1) {
    const type = bytes[at];
    let count = 0;
    for (at += 1; at < end && bytes[at] !== cr; at += 1) count = count * 10 + (bytes[at] as number) - digit0;
    at += 2;
    if (at > end) return 0;
    if (type === blob) at += count + 2;
    else if (type === push || type === 0x2a) values += count;
    else if (type === 0x25) values += 2 * count;
  }
  return at - start;
}
