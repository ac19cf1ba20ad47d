import assert from 'node:assert/strict';
import { ArgumentError, type LensDBClient } from '@wirewright/lensdb';
import { SeededRandom } from '@wirewright/core/testing';
import type { Case, Context } from '../case.ts';

const lengths = [0, 1, 2, 15, 16, 100, 1000, 1023, 1024, 1025, 1180, 1201, 3000, 4077, 4078, 4079, 4096, 5000];

/** Bytes that a server could take for its protocol, or trip over. */
const pieces = ['LENS\u0001', 'LDBD\u0001', '\0', '\n', 'OK', 'false', 'pong', 'PONG', '\u00ff', '😀'].map((text) =>
  new TextEncoder().encode(text),
);

function randomBytes(random: SeededRandom, length: number): Uint8Array {
  const bytes = Uint8Array.from({ length }, () => random.integer(0, 255));
  for (let n = random.integer(0, 3); n > 0; n -= 1) {
    const piece = random.pick(pieces);
    if (piece.length <= length) bytes.set(piece, random.integer(0, length - piece.length));
  }
  return bytes;
}

/** One call with arguments at random: accepted or refused, but never more than that. */
async function randomCall(
  client: LensDBClient,
  context: Context,
  random: SeededRandom,
  keys: Uint8Array[],
): Promise<boolean> {
  const fresh = Uint8Array.of(
    ...new TextEncoder().encode(context.prefix),
    ...randomBytes(random, random.pick(lengths)),
  );
  const key = keys.length > 0 && random.chance(0.6) ? random.pick(keys) : fresh;
  const value = randomBytes(random, random.pick(lengths));
  const store = async (write: Promise<void>): Promise<void> => {
    await write;
    if (key !== fresh) return;
    keys.push(context.track(key));
    if (keys.length > 50) keys.shift();
  };
  const calls: (() => Promise<unknown>)[] = [
    () => store(client.set(key, value)),
    () => store(client.set(key, value)),
    () => client.get(key),
    () => client.get(key),
    () => client.delete(key),
    () => client.exists(key),
    () => client.size(),
    () => client.pingReply(),
    () => client.keysBytes(),
    () => store(client.mset([[key, value]])),
  ];
  if (context.server.setEx) calls.push(() => store(client.setEx(key, value, random.pick([1, 60, 2 ** 32 - 1]))));
  if (context.server.dialect === 'lens') calls.push(() => client.serverStats());
  const call = random.pick(calls);
  try {
    await call();
  } catch (error) {
    if (error instanceof ArgumentError) return false;
    throw error;
  }
  return true;
}

/** A call that the client accepts cannot take a server down. Few connections: servers run out of them. */
export function guardFuzzCase(calls: number, seed: number): Case {
  return {
    name: `guard fuzz: ${calls} accepted calls leave the server alive (seed ${seed})`,
    async run(context) {
      const random = new SeededRandom(seed);
      const client = context.client({ maxConnections: 3, allowNewlineInKeys: random.chance(0.5) });
      const keys: Uint8Array[] = [];
      let accepted = 0;
      while (accepted < calls) {
        const results = await Promise.all(Array.from({ length: 3 }, () => randomCall(client, context, random, keys)));
        accepted += results.filter(Boolean).length;
      }
      const key = context.key('alive');
      await client.set(key, 'yes');
      assert.equal(await client.getText(key), 'yes');
      assert.equal(client.stats().pool.failedDials, 0);
    },
  };
}
