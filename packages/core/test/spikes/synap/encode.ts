/** Requests as bytes: a length, then MessagePack. The few forms that are needed, in place. */

import { type SlabWriter, utf8Length, writeUtf8 } from '@wirewright/core/kit';
import { type Command, Float, int64, Pairs, type Value } from './values.ts';

const floatBytes = new DataView(new ArrayBuffer(8));

/** The longest head of a string, of bytes or of an array. */
const headBytes = 5;
/** `{"Float": float64}`, the longest value without a length; `{"Array": [` is shorter. */
const tagBytes = 16;

function bound(value: Value): number {
  if (typeof value === 'string') return tagBytes + 3 * value.length;
  if (value instanceof Uint8Array) return tagBytes + value.length;
  if (value instanceof Pairs) {
    let sum = tagBytes;
    for (const [key, item] of value.pairs) sum += 1 + bound(key) + bound(item);
    return sum;
  }
  if (!Array.isArray(value)) return tagBytes;
  let sum = tagBytes;
  for (const item of value as readonly Value[]) sum += bound(item);
  return sum;
}

function writeHead(out: Uint8Array, at: number, fix: number, fixMax: number, code8: number, length: number): number {
  if (length <= fixMax) {
    out[at] = fix | length;
    return at + 1;
  }
  if (code8 > 0 && length <= 0xff) {
    out[at] = code8;
    out[at + 1] = length;
    return at + 2;
  }
  // Arrays have no 8-bit form; their 16-bit code is given as if there were one before it.
  const code16 = code8 > 0 ? code8 + 1 : -code8;
  const wide = length > 0xffff;
  out[at] = wide ? code16 + 1 : code16;
  let end = at + 1;
  for (let shift = wide ? 24 : 8; shift >= 0; shift -= 8) out[end++] = length >>> shift;
  return end;
}

const writeArrayHead = (out: Uint8Array, at: number, length: number): number =>
  writeHead(out, at, 0x90, 15, -0xdc, length);

function writeText(out: Uint8Array, at: number, text: string): number {
  // A short text in ASCII, as most are, is as long as it has characters.
  if (text.length <= 31) {
    const end = writeUtf8(out, at + 1, text);
    if (end === at + 1 + text.length) {
      out[at] = 0xa0 | text.length;
      return end;
    }
  }
  const head = writeHead(out, at, 0xa0, 31, 0xd9, utf8Length(text));
  return writeUtf8(out, head, text);
}

function writeBigInt(out: Uint8Array, at: number, value: bigint): number {
  out[at] = value < 0n ? 0xd3 : 0xcf;
  floatBytes.setBigInt64(0, value);
  for (let i = 0; i < 8; i += 1) out[at + 1 + i] = floatBytes.getUint8(i);
  return at + 9;
}

/** The shortest form: unsigned ones where it is not negative. */
function writeInteger(out: Uint8Array, at: number, value: number): number {
  if (value >= -32 && value <= 0x7f) {
    out[at] = value & 0xff;
    return at + 1;
  }
  let size = 4;
  let code = 0xce;
  if (value >= 0) {
    if (value > 0xffffffff) return writeBigInt(out, at, BigInt(value));
    if (value <= 0xff) [size, code] = [1, 0xcc];
    else if (value <= 0xffff) [size, code] = [2, 0xcd];
  } else {
    if (value < -0x80000000) return writeBigInt(out, at, BigInt(value));
    if (value >= -0x80) [size, code] = [1, 0xd0];
    else if (value >= -0x8000) [size, code] = [2, 0xd1];
    else code = 0xd2;
  }
  out[at] = code;
  for (let i = 0; i < size; i += 1) out[at + 1 + i] = value >>> (8 * (size - 1 - i));
  return at + 1 + size;
}

/** `{"tag":`, which is the same each time. */
function tagOf(tag: string): Uint8Array {
  const bytes = new Uint8Array(2 + tag.length);
  bytes[0] = 0x81;
  writeText(bytes, 1, tag);
  return bytes;
}

const tags = {
  Str: tagOf('Str'),
  Int: tagOf('Int'),
  Bytes: tagOf('Bytes'),
  Bool: tagOf('Bool'),
  Float: tagOf('Float'),
  Map: tagOf('Map'),
  Array: tagOf('Array'),
  Ok: tagOf('Ok'),
  Err: tagOf('Err'),
};

function writeTag(out: Uint8Array, at: number, tag: keyof typeof tags): number {
  const bytes = tags[tag];
  for (let i = 0; i < bytes.length; i += 1) out[at + i] = bytes[i] as number;
  return at + bytes.length;
}

function writeValue(out: Uint8Array, at: number, value: Value): number {
  if (typeof value === 'string') return writeText(out, writeTag(out, at, 'Str'), value);
  if (value === null) return writeText(out, at, 'Null');
  if (typeof value === 'number' || typeof value === 'bigint') {
    const start = writeTag(out, at, 'Int');
    if (typeof value === 'number' && Number.isSafeInteger(value)) return writeInteger(out, start, value);
    return writeBigInt(out, start, int64(value));
  }
  if (value instanceof Uint8Array) {
    const start = writeHead(out, writeTag(out, at, 'Bytes'), 0, -1, 0xc4, value.length);
    out.set(value, start);
    return start + value.length;
  }
  if (typeof value === 'boolean') {
    const start = writeTag(out, at, 'Bool');
    out[start] = value ? 0xc3 : 0xc2;
    return start + 1;
  }
  if (value instanceof Float) {
    const start = writeTag(out, at, 'Float');
    out[start] = 0xcb;
    floatBytes.setFloat64(0, value.value);
    for (let i = 0; i < 8; i += 1) out[start + 1 + i] = floatBytes.getUint8(i);
    return start + 9;
  }
  if (value instanceof Pairs) {
    let end = writeArrayHead(out, writeTag(out, at, 'Map'), value.pairs.length);
    for (const [key, item] of value.pairs) {
      out[end] = 0x92;
      end = writeValue(out, writeValue(out, end + 1, key), item);
    }
    return end;
  }
  let end = writeArrayHead(out, writeTag(out, at, 'Array'), value.length);
  for (const item of value) end = writeValue(out, end, item);
  return end;
}

function setLength(out: Uint8Array, at: number, length: number): void {
  for (let i = 0; i < 4; i += 1) out[at + i] = length >>> (8 * i);
}

/** Room that a request takes at most, its length prefix included. */
export function requestBound({ name, args }: Command): number {
  let sum = 4 + 1 + headBytes + headBytes + 3 * name.length + headBytes;
  for (const arg of args) sum += bound(arg);
  return sum;
}

/** Writes a request at `start`. @returns the offset behind it */
function writeFrame(bytes: Uint8Array, start: number, id: number, { name, args }: Command): number {
  bytes[start + 4] = 0x93;
  let end = writeText(bytes, writeInteger(bytes, start + 5, id), name);
  end = writeArrayHead(bytes, end, args.length);
  for (const arg of args) end = writeValue(bytes, end, arg);
  setLength(bytes, start, end - start - 4);
  return end;
}

/** Writes a request into what leaves next. Nothing is committed when it throws. */
export function writeRequest(out: SlabWriter, id: number, command: Command): void {
  const start = out.reserve(requestBound(command));
  out.commit(writeFrame(out.bytes, start, id, command) - start);
}

/** A request in memory of its own. */
export function encodeRequest(id: number, command: Command): Uint8Array {
  const bytes = new Uint8Array(requestBound(command));
  return bytes.subarray(0, writeFrame(bytes, 0, id, command));
}

/** An answer or a push, for peers: `ok` or `err`. */
export function encodeAnswer(id: number, answer: { readonly ok: Value } | { readonly err: string }): Uint8Array {
  const room = 4 + 1 + headBytes + tagBytes + ('ok' in answer ? bound(answer.ok) : 3 * answer.err.length);
  const out = new Uint8Array(room);
  out[4] = 0x92;
  const start = writeInteger(out, 5, id);
  const end =
    'ok' in answer
      ? writeValue(out, writeTag(out, start, 'Ok'), answer.ok)
      : writeText(out, writeTag(out, start, 'Err'), answer.err);
  setLength(out, 0, end - 4);
  return out.subarray(0, end);
}
