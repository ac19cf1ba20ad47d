import assert from 'node:assert/strict';

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Bytes of which no two neighbouring places look alike. */
export function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) bytes[i] = (i * 31) ^ (i >>> 8);
  return bytes;
}

/** As `deepEqual`, without a printout of megabytes. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length);
  assert.equal(Buffer.compare(actual, expected), 0, 'the bytes differ');
}

/** Lets the event loop look for input, several times. */
export async function someTurns(): Promise<void> {
  for (let each = 0; each < 10; each += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Waits until the client has finished sending, or cut the connection. */
export async function gone(peer: { readEnd(): Promise<void> }): Promise<void> {
  await peer.readEnd().catch(() => {});
}
