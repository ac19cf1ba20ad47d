/**
 * Responses of the dialect `ldbd`, section 3.2. The message stands before the data, and nothing says how long the
 * data are (`reader.ts` finds out):
 *
 *     magic:4 version:1 status:1 msgLen:2 message:msgLen data
 */

import { WireError } from '@wirewright/core/kit';
import {
  type BytesLike,
  byteLength,
  copyBytes,
  decodeText,
  noBytes,
  readUint16,
  writeBytes,
  writeMagic,
  writeUint16,
} from '../bytes.ts';
import { checkPreamble, magics, version } from '../dialect.ts';
import { isResponseStatus, type ResponseStatus } from './codes.ts';

/** Bytes before the message. */
export const ldbdResponseHeaderLength = 8;

export interface LdbdResponse {
  readonly status: ResponseStatus;
  /** The server's text, often empty. It may repeat a key: keep it out of logs. */
  readonly message: string;
  /** The result, a copy. Empty with every status but success. */
  readonly data: Uint8Array;
}

/**
 * Offset of the data in the response that starts at `start`, or 0 while `bytes[start, end)` is too short to tell
 * or the message is not all there.
 *
 * @throws WireError when no response starts like this
 */
export function ldbdDataStart(bytes: Uint8Array, start: number, end: number): number {
  checkPreamble('ldbd', bytes, start, end);
  if (end - start > 5 && !isResponseStatus(bytes[start + 5] as number)) {
    throw new WireError(`unknown response status ${bytes[start + 5]}`);
  }
  if (end - start < ldbdResponseHeaderLength) return 0;
  const dataStart = start + ldbdResponseHeaderLength + readUint16(bytes, start + 6);
  return dataStart <= end ? dataStart : 0;
}

/**
 * Reads `bytes[start, end)`, which must be exactly one response: everything behind the message is data.
 *
 * @throws WireError when no response starts like this or the message is not all there
 */
export function decodeLdbdResponse(bytes: Uint8Array, start = 0, end: number = bytes.length): LdbdResponse {
  const dataStart = ldbdDataStart(bytes, start, end);
  if (dataStart === 0) throw new WireError('the answer is shorter than its header and message');
  const status = bytes[start + 5] as ResponseStatus;
  return {
    status,
    message: decodeText(bytes, start + ldbdResponseHeaderLength, dataStart),
    data: status === 0 ? copyBytes(bytes, dataStart, end) : noBytes,
  };
}

/** Length in bytes of the frame that `encodeLdbdResponse` writes. */
function ldbdResponseLength(message: BytesLike, data: BytesLike): number {
  return ldbdResponseHeaderLength + byteLength(message) + byteLength(data);
}

/**
 * Writes one response at `offset` of `out`: for servers.
 *
 * @returns the offset behind the frame
 * @throws RangeError when `out` is too short or the message longer than 65 535 bytes
 */
export function encodeLdbdResponse(
  out: Uint8Array,
  offset: number,
  status: ResponseStatus,
  message: BytesLike,
  data: BytesLike,
): number {
  const messageStart = offset + ldbdResponseHeaderLength;
  if (messageStart > out.length) throw new RangeError('the buffer is too short for the response');
  const messageEnd = writeBytes(out, messageStart, message);
  if (messageEnd - messageStart > 0xffff) throw new RangeError('a message has at most 65535 bytes');
  const end = writeBytes(out, messageEnd, data);
  writeMagic(out, offset, magics.ldbd);
  out[offset + 4] = version;
  out[offset + 5] = status;
  writeUint16(out, offset + 6, messageEnd - messageStart);
  return end;
}

/** One response as a new array. */
export function ldbdResponse(
  status: ResponseStatus,
  message: BytesLike = noBytes,
  data: BytesLike = noBytes,
): Uint8Array {
  const out = new Uint8Array(ldbdResponseLength(message, data));
  encodeLdbdResponse(out, 0, status, message, data);
  return out;
}
