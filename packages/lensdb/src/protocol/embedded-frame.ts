/**
 * The injection guard of section 2.7, rule 6. A `lens` server takes each read as one request: where the network
 * splits a frame, the rest is read as another one, and executed if it looks like one.
 */

import { type BytesLike, toBytes } from './bytes.ts';
import type { LensMessageType } from './lens/codes.ts';
import { encodeLensRequest, lensRequestHeaderLength } from './lens/request.ts';

/** Magic and version, with which every request starts; all ASCII, so a string can be searched as it is. */
const startOfFrame = 'LENS\u0001';
const startBytes: Uint8Array = Uint8Array.of(0x4c, 0x45, 0x4e, 0x53, 0x01);

/**
 * Whether the frame of this request would hold `4C 45 4E 53 01` anywhere behind its own magic: in the lengths and
 * flags of the header, in key or value, or across their borders. The lengths are those in bytes.
 */
export function holdsEmbeddedFrame(
  type: LensMessageType,
  key: BytesLike,
  keyLength: number,
  value: BytesLike,
  valueLength: number,
  flags: number,
): boolean {
  if (holds(key) || holds(value)) return true;
  const head = new Uint8Array(lensRequestHeaderLength);
  encodeLensRequest(head, 0, type, '', '', flags);
  const lengths = new DataView(head.buffer);
  lengths.setUint32(6, keyLength);
  lengths.setUint32(10, valueLength);
  const keyStart = toBytes(key.slice(0, 4));
  const valueStart = toBytes(value.slice(0, 4));
  // A key shorter than the pattern may stand inside it, so the whole seam is one piece then.
  return keyLength <= 4
    ? holds(concat(head.subarray(4), keyStart, valueStart))
    : holds(concat(head.subarray(4), keyStart)) || holds(concat(toBytes(key.slice(-4)), valueStart));
}

function holds(data: BytesLike): boolean {
  if (typeof data === 'string') return data.includes(startOfFrame);
  for (let at = data.indexOf(0x4c); at >= 0; at = data.indexOf(0x4c, at + 1)) {
    let i = 1;
    while (i < startBytes.length && data[at + i] === startBytes[i]) i++;
    if (i === startBytes.length) return true;
  }
  return false;
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
