/**
 * Responses of the dialect `lens`, section 2.2. Data stand before the message:
 *
 *     magic:4 version:1 status:1 dataLen:4 msgLen:4 data:dataLen message:msgLen
 */

import { type FrameMeter, WireError } from '@wirewright/core/kit';
import {
  type BytesLike,
  byteLength,
  copyBytes,
  decodeText,
  noBytes,
  readUint32,
  writeBytes,
  writeMagic,
  writeUint32,
} from '../bytes.ts';
import { checkPreamble, defaultMaxFrameBytes, magics, version } from '../dialect.ts';
import { isLensResponseStatus, type LensResponseStatus } from './codes.ts';

/** Bytes before the data. */
const lensResponseHeaderLength = 14;

export interface LensResponse {
  readonly status: LensResponseStatus;
  /** The result, a copy. A success without data is an empty value, never an absent one. */
  readonly data: Uint8Array;
  /** The server's text with an error, otherwise empty. It may repeat a key: keep it out of logs. */
  readonly message: string;
}

/**
 * Tells where responses end. One meter serves one connection.
 *
 * @param maxFrameBytes longest response that is accepted, header included
 */
export function lensResponseMeter(maxFrameBytes: number = defaultMaxFrameBytes): FrameMeter {
  return {
    measure(bytes: Uint8Array, start: number, end: number): number {
      if (end - start < lensResponseHeaderLength) {
        checkHead(bytes, start, end);
        return 0;
      }
      checkHead(bytes, start, end);
      const length = frameLength(bytes, start);
      if (length > maxFrameBytes) {
        throw new WireError(
          `the answer announces ${length} bytes, more than 'maxFrameBytes' (${maxFrameBytes}) allows`,
        );
      }
      return length;
    },
  };
}

/**
 * Reads `bytes[start, end)`, which must be exactly one response.
 *
 * @throws WireError when it is not
 */
export function decodeLensResponse(bytes: Uint8Array, start = 0, end: number = bytes.length): LensResponse {
  checkHead(bytes, start, end);
  if (end - start < lensResponseHeaderLength) throw new WireError('the answer is shorter than its header');
  const length = frameLength(bytes, start);
  if (length !== end - start) {
    throw new WireError(`the header announces an answer of ${length} bytes, there are ${end - start}`);
  }
  return readLensResponse(bytes, start, end);
}

/** Reads a frame that `lensResponseMeter` has measured, and so checked. */
export function readLensResponse(bytes: Uint8Array, start: number, end: number): LensResponse {
  const dataStart = start + lensResponseHeaderLength;
  const dataEnd = dataStart + readUint32(bytes, start + 6);
  return {
    status: bytes[start + 5] as LensResponseStatus,
    data: copyBytes(bytes, dataStart, dataEnd),
    message: decodeText(bytes, dataEnd, end),
  };
}

/** Length in bytes of the frame that `encodeLensResponse` writes. */
function lensResponseLength(data: BytesLike, message: BytesLike): number {
  return lensResponseHeaderLength + byteLength(data) + byteLength(message);
}

/**
 * Writes one response at `offset` of `out`: for servers.
 *
 * @returns the offset behind the frame
 * @throws RangeError when `out` is too short
 */
export function encodeLensResponse(
  out: Uint8Array,
  offset: number,
  status: LensResponseStatus,
  data: BytesLike,
  message: BytesLike,
): number {
  const dataStart = offset + lensResponseHeaderLength;
  if (dataStart > out.length) throw new RangeError('the buffer is too short for the response');
  const dataEnd = writeBytes(out, dataStart, data);
  const end = writeBytes(out, dataEnd, message);
  writeMagic(out, offset, magics.lens);
  out[offset + 4] = version;
  out[offset + 5] = status;
  writeUint32(out, offset + 6, dataEnd - dataStart);
  writeUint32(out, offset + 10, end - dataEnd);
  return end;
}

/** One response as a new array. */
export function lensResponse(
  status: LensResponseStatus,
  data: BytesLike = noBytes,
  message: BytesLike = noBytes,
): Uint8Array {
  const out = new Uint8Array(lensResponseLength(data, message));
  encodeLensResponse(out, 0, status, data, message);
  return out;
}

function frameLength(bytes: Uint8Array, start: number): number {
  return lensResponseHeaderLength + readUint32(bytes, start + 6) + readUint32(bytes, start + 10);
}

function checkHead(bytes: Uint8Array, start: number, end: number): void {
  checkPreamble('lens', bytes, start, end);
  if (end - start > 5 && !isLensResponseStatus(bytes[start + 5] as number)) {
    throw new WireError(`unknown response status ${bytes[start + 5]}`);
  }
}
