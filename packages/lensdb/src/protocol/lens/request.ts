/**
 * Requests of the dialect `lens`, section 2.1:
 *
 *     magic:4 version:1 type:1 keyLen:4 valueLen:4 flags:4 key:keyLen value:valueLen
 */

import { WireError } from '@wirewright/core/kit';
import {
  type BytesLike,
  byteBound,
  byteLength,
  copyBytes,
  noBytes,
  readUint32,
  writeBytes,
  writeMagic,
  writeUint32,
} from '../bytes.ts';
import { checkPreamble, magics, version } from '../dialect.ts';
import { isLensMessageType, type LensMessageType } from './codes.ts';

/** Bytes before the key. */
export const lensRequestHeaderLength = 18;

/** A request as it was decoded; key and value are copies. */
export interface LensRequest {
  readonly type: LensMessageType;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Seconds to live with SETEX, otherwise 0. */
  readonly flags: number;
}

/** Length in bytes of the frame that `encodeLensRequest` writes. */
export function lensRequestLength(key: BytesLike, value: BytesLike): number {
  return lensRequestHeaderLength + byteLength(key) + byteLength(value);
}

/** Room that is enough for that frame; cheaper to tell than its length. */
export function lensRequestBound(key: BytesLike, value: BytesLike): number {
  return lensRequestHeaderLength + byteBound(key) + byteBound(value);
}

/**
 * Writes one request at `offset` of `out`.
 *
 * @param flags seconds to live with SETEX, 0 with everything else
 * @returns the offset behind the frame
 * @throws RangeError when `out` is too short or `flags` is not an unsigned 32-bit integer
 */
export function encodeLensRequest(
  out: Uint8Array,
  offset: number,
  type: LensMessageType,
  key: BytesLike,
  value: BytesLike,
  flags: number,
): number {
  if (flags >>> 0 !== flags) throw new RangeError('flags must be an unsigned 32-bit integer');
  const keyStart = offset + lensRequestHeaderLength;
  if (keyStart > out.length) throw new RangeError('the buffer is too short for the request');
  const keyEnd = writeBytes(out, keyStart, key);
  const end = writeBytes(out, keyEnd, value);
  writeMagic(out, offset, magics.lens);
  out[offset + 4] = version;
  out[offset + 5] = type;
  writeUint32(out, offset + 6, keyEnd - keyStart);
  writeUint32(out, offset + 10, end - keyEnd);
  writeUint32(out, offset + 14, flags);
  return end;
}

/** One request as a new array: `lensRequest(LensMessageType.GET, 'user:1')`. */
export function lensRequest(
  type: LensMessageType,
  key: BytesLike = noBytes,
  value: BytesLike = noBytes,
  flags = 0,
): Uint8Array {
  const out = new Uint8Array(lensRequestLength(key, value));
  encodeLensRequest(out, 0, type, key, value, flags);
  return out;
}

/**
 * Reads `bytes[start, end)`, which must be exactly one request.
 *
 * @throws WireError when it is not
 */
export function decodeLensRequest(bytes: Uint8Array, start = 0, end: number = bytes.length): LensRequest {
  checkPreamble('lens', bytes, start, end);
  if (end - start < lensRequestHeaderLength) throw new WireError('the request is shorter than its header');
  const type = bytes[start + 5] as number;
  if (!isLensMessageType(type)) throw new WireError(`unknown message type ${type}`);
  const keyStart = start + lensRequestHeaderLength;
  const keyEnd = keyStart + readUint32(bytes, start + 6);
  const valueEnd = keyEnd + readUint32(bytes, start + 10);
  if (valueEnd !== end) {
    throw new WireError(`the header announces a request of ${valueEnd - start} bytes, there are ${end - start}`);
  }
  return {
    type,
    key: copyBytes(bytes, keyStart, keyEnd),
    value: copyBytes(bytes, keyEnd, valueEnd),
    flags: readUint32(bytes, start + 14),
  };
}
