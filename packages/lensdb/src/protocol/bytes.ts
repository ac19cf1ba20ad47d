/** What both dialects need of bytes: text to UTF-8 and back, big-endian integers, comparing, copying. */

import { utf8Length, writeUtf8 } from '@wirewright/core/kit';

/** A key or a value. A string stands for its UTF-8 bytes; lengths and limits count bytes, never characters. */
export type BytesLike = string | Uint8Array;

/** Text up to this length is not worth measuring before it is written. */
const shortText = 256;

export const noBytes: Uint8Array = new Uint8Array(0);

const encoder = new TextEncoder();
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Bytes of `data` on the wire. A lone surrogate counts as the three bytes of U+FFFD, which is what is sent. */
export function byteLength(data: BytesLike): number {
  return typeof data === 'string' ? utf8Length(data) : data.length;
}

/** What `data` has at most, in bytes; cheaper to tell than how many, of a short text. */
export function byteBound(data: BytesLike): number {
  return typeof data === 'string' && data.length <= shortText ? 3 * data.length : byteLength(data);
}

/**
 * Writes `data` at `offset`.
 *
 * @returns the offset behind it
 * @throws RangeError when `out` is too short; what was written up to there is undefined
 */
export function writeBytes(out: Uint8Array, offset: number, data: BytesLike): number {
  if (typeof data === 'string') return writeUtf8(out, offset, data);
  out.set(data, offset);
  return offset + data.length;
}

/** `data` as bytes; a `Uint8Array` is returned as it is. */
export function toBytes(data: BytesLike): Uint8Array {
  return typeof data === 'string' ? encoder.encode(data) : data;
}

/** A copy of `bytes[start, end)`, always a plain `Uint8Array`, also when `bytes` is a `Buffer`. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  if (end - start > 32) copy.set(bytes.subarray(start, end));
  else for (let i = start; i < end; i++) copy[i - start] = bytes[i] as number;
  return copy;
}

/** UTF-8 with U+FFFD for what is invalid: for messages of a server. */
export function decodeText(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  return start === end ? '' : lenient.decode(bytes.subarray(start, end));
}

/** The text, or undefined when `bytes` is not valid UTF-8. A byte order mark is kept. */
export function decodeStrictText(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether `bytes` has `part` at `offset`; false when it would reach beyond `end`. */
export function holdsAt(bytes: Uint8Array, offset: number, end: number, part: Uint8Array): boolean {
  if (offset < 0 || offset + part.length > end) return false;
  return agrees(bytes, offset, end, part);
}

/** Whether `bytes[offset, end)` and `part` agree as far as both go. */
export function agrees(bytes: Uint8Array, offset: number, end: number, part: Uint8Array): boolean {
  const length = Math.min(end - offset, part.length);
  for (let i = 0; i < length; i++) if (bytes[offset + i] !== part[i]) return false;
  return true;
}

export function readUint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number)) >>>
    0
  );
}

export function writeUint16(out: Uint8Array, offset: number, value: number): void {
  out[offset] = value >>> 8;
  out[offset + 1] = value;
}

export function writeUint32(out: Uint8Array, offset: number, value: number): void {
  out[offset] = value >>> 24;
  out[offset + 1] = value >>> 16;
  out[offset + 2] = value >>> 8;
  out[offset + 3] = value;
}

/** The four bytes of a magic. */
export function writeMagic(out: Uint8Array, offset: number, magic: Uint8Array): void {
  for (let i = 0; i < 4; i++) out[offset + i] = magic[i] as number;
}
