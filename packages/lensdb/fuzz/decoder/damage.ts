/** What can become of an answer on its way: bytes at random, mutations, lengths without measure, ends. */

import type { SeededRandom } from '@wirewright/core/testing';
import { ldbdResponse, lensResponse } from '@wirewright/lensdb';
import { randomBytes } from '../data.ts';

/** An answer as it is sent. */
export interface Damaged {
  readonly bytes: Uint8Array;
  /** What follows behind it. */
  readonly next: 'more' | 'fin' | 'reset' | 'silence';
}

const lengths = [0, 1, 0x7f, 0xff, 0xffff, 0x10000, 0x00ffffff, 0x7fffffff, 0x80000000, 0xfffffff1, 0xffffffff];

const foreign: readonly Uint8Array[] = [
  'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n',
  '-ERR unknown command\r\n',
  'SSH-2.0-OpenSSH_9.2\r\n',
  'LENS',
  'LDBD',
  'L',
].map((text) => new TextEncoder().encode(text));

type Change = (bytes: Uint8Array, random: SeededRandom) => Uint8Array;

const changes: readonly Change[] = [
  // Bits.
  (bytes, random) => {
    const changed = bytes.slice();
    for (let n = random.integer(1, 4); n > 0; n -= 1) {
      const at = random.integer(0, Math.max(0, changed.length - 1));
      changed[at] = (changed[at] as number) ^ (1 << random.integer(0, 7));
    }
    return changed;
  },
  // Header bytes: magic, version, status, lengths.
  (bytes, random) => {
    const changed = bytes.slice();
    const at = random.integer(0, 13);
    if (at < changed.length) changed[at] = random.integer(0, 255);
    return changed;
  },
  // A length without measure, in one of the places where the dialects have theirs.
  (bytes, random) => {
    const changed = bytes.slice();
    const at = random.pick([6, 10]);
    if (changed.length >= at + 4) new DataView(changed.buffer).setUint32(at, random.pick(lengths));
    return changed;
  },
  // The message length of `ldbd`.
  (bytes, random) => {
    const changed = bytes.slice();
    if (changed.length >= 8) new DataView(changed.buffer).setUint16(6, random.integer(0, 0xffff));
    return changed;
  },
  (bytes, random) => bytes.slice(0, random.integer(0, bytes.length)),
  (bytes, random) => bytes.slice(random.integer(0, bytes.length)),
  (bytes, random) => concat(bytes, randomBytes(random, random.integer(1, 40))),
  (bytes, random) => concat(bytes, randomBytes(random, random.pick([5000, 70_000]))),
  (bytes) => concat(bytes, bytes),
  (bytes, random) => {
    const at = random.integer(0, bytes.length);
    return concat(bytes.slice(0, at), randomBytes(random, random.integer(1, 20)), bytes.slice(at));
  },
  (_, random) => randomBytes(random, random.integer(1, 100)),
  (_, random) => random.pick(foreign),
  (_, random) =>
    lensResponse(random.integer(0, 6) as 0, randomBytes(random, random.integer(0, 50)), 'not enough bytes'),
  (_, random) => ldbdResponse(random.integer(0, 4) as 0, 'a message', randomBytes(random, random.integer(0, 50))),
  (_, random) =>
    lensResponse(0, String(random.pick([-1, 1.5, 1e21, '9'.repeat(17), '', ' 1', '0x10', 'true ', 'False']))),
];

/** @returns the answer and what follows; the same answer, and more, where nothing happens to it */
export function damage(answer: Uint8Array, random: SeededRandom): Damaged {
  let bytes = answer;
  for (let n = random.integer(0, 2); n > 0; n -= 1) bytes = random.pick(changes)(bytes, random);
  return { bytes, next: random.chance(0.75) ? 'more' : random.pick(['fin', 'reset', 'silence'] as const) };
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
