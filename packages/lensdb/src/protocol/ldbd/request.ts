/**
 * Requests of the dialect `ldbd`, section 3.1:
 *
 *     magic:4 version:1 type:1 keyLen:2 valueLen:4 flags:4 key:keyLen value:valueLen
 */

import { WireError } from '@wirewright/core/kit';
import {
  type BytesLike,
  byteLength,
  copyBytes,
  noBytes,
  readUint16,
  readUint32,
  writeBytes,
  writeMagic,
  writeUint16,
  writeUint32,
} from '../bytes.ts';
import { checkPreamble, magics, version } from '../dialect.ts';
import { isMessageType, type MessageType } from './codes.ts';

/** Bytes before the key. */
const ldbdRequestHeaderLength = 16;

/** Longest key that the header can announce. */
export const ldbdLongestKey = 0xffff;

/** A request as it was decoded; key and value are copies. */
export interface LdbdRequest {
  readonly type: MessageType;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Seconds to live with SETEX, otherwise 0. */
  readonly flags: number;
}

/** Length in bytes of the frame that `encodeLdbdRequest` writes. */
export function ldbdRequestLength(key: BytesLike, value: BytesLike): number {
  return ldbdRequestHeaderLength + byteLength(key) + byteLength(value);
}

/**
 * Writes one request at `offset` of `out`.
 *
 * @param flags seconds to live with SETEX, 0 with everything else
 * @returns the offset behind the frame
 * @throws RangeError when `out` is too short, the key is longer than 65 535 bytes, or `flags` is not an unsigned
 * 32-bit integer
 */
export function encodeLdbdRequest(
  out: Uint8Array,
  offset: number,
  type: MessageType,
  key: BytesLike,
  value: BytesLike,
  flags: number,
): number {
  if (flags >>> 0 !== flags) throw new RangeError('flags must be an unsigned 32-bit integer');
  const keyStart = offset + ldbdRequestHeaderLength;
  if (keyStart > out.length) throw new RangeError('the buffer is too short for the request');
  const keyEnd = writeBytes(out, keyStart, key);
  if (keyEnd - keyStart > ldbdLongestKey) throw new RangeError(`a key has at most ${ldbdLongestKey} bytes`);
  const end = writeBytes(out, keyEnd, value);
  writeMagic(out, offset, magics.ldbd);
  out[offset + 4] = version;
  out[offset + 5] = type;
  writeUint16(out, offset + 6, keyEnd - keyStart);
  writeUint32(out, offset + 8, end - keyEnd);
  writeUint32(out, offset + 12, flags);
  return end;
}

/** One request as a new array: `ldbdRequest(MessageType.GET, 'user:1')`. */
export function ldbdRequest(
  type: MessageType,
  key: BytesLike = noBytes,
  value: BytesLike = noBytes,
  flags = 0,
): Uint8Array {
  const out = new Uint8Array(ldbdRequestLength(key, value));
  encodeLdbdRequest(out, 0, type, key, value, flags);
  return out;
}

/**
 * Length in bytes of the request that starts at `start`, or 0 while its header is not there yet.
 *
 * @throws WireError when no request starts like this
 */
export function measureLdbdRequest(bytes: Uint8Array, start: number, end: number): number {
  checkPreamble('ldbd', bytes, start, end);
  if (end - start < ldbdRequestHeaderLength) return 0;
  return ldbdRequestHeaderLength + readUint16(bytes, start + 6) + readUint32(bytes, start + 8);
}

/**
 * Reads `bytes[start, end)`, which must be exactly one request.
 *
 * @throws WireError when it is not
 */
export function decodeLdbdRequest(bytes: Uint8Array, start = 0, end: number = bytes.length): LdbdRequest {
  const length = measureLdbdRequest(bytes, start, end);
  if (length === 0) throw new WireError('the request is shorter than its header');
  const type = bytes[start + 5] as number;
  if (!isMessageType(type)) throw new WireError(`unknown message type ${type}`);
  if (length !== end - start) {
    throw new WireError(`the header announces a request of ${length} bytes, there are ${end - start}`);
  }
  const keyStart = start + ldbdRequestHeaderLength;
  const keyEnd = keyStart + readUint16(bytes, start + 6);
  return {
    type,
    key: copyBytes(bytes, keyStart, keyEnd),
    value: copyBytes(bytes, keyEnd, end),
    flags: readUint32(bytes, start + 12),
  };
}
