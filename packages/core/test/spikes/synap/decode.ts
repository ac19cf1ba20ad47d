/** Answers, pushes and (for peers) requests from bytes. */

import { Failure, type FailureKind } from '@wirewright/core';
import { type FrameMeter, WireError } from '@wirewright/core/kit';
import { type Command, Float, integer, Pairs, type Value } from './values.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A frame is four bytes of length, the lowest first, and so many bytes. */
export const meter: FrameMeter = {
  measure(bytes, start, end) {
    if (end - start < 4) return 0;
    const low = (bytes[start] as number) | ((bytes[start + 1] as number) << 8) | ((bytes[start + 2] as number) << 16);
    return 4 + low + (bytes[start + 3] as number) * 0x1000000;
  },
};

/** Reads one frame; what it gives shares no memory with it. */
export class Decoder {
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #end = 0;

  /** The id of the answer in a frame; `result` follows. */
  id(bytes: Uint8Array, start: number, end: number): number {
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#at = start + 4;
    this.#end = end;
    if (this.#byte() !== 0x92) throw new WireError('expected an answer, an array of two');
    return this.#id();
  }

  /** What the server answered; a refusal is a failure. */
  result(): Value | Failure {
    if (this.#byte() !== 0x81) throw new WireError('expected {Ok: …} or {Err: …}');
    // Nearly all are: 2 characters, "Ok".
    const at = this.#at;
    if (
      at + 3 <= this.#end &&
      this.#bytes[at] === 0xa2 &&
      this.#bytes[at + 1] === 0x4f &&
      this.#bytes[at + 2] === 0x6b
    ) {
      this.#at += 3;
      return this.#value();
    }
    const tag = this.#text();
    if (tag === 'Ok') return this.#value();
    if (tag === 'Err') return refusal(this.#text());
    throw new WireError('expected Ok or Err');
  }

  /** A request, as peers read it. */
  request(bytes: Uint8Array, start: number, end: number): Command & { readonly id: number } {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start + 4;
    this.#end = end;
    if (this.#byte() !== 0x93) throw new WireError('expected a request, an array of three');
    const id = this.#id();
    return { id, name: this.#text(), args: this.#items() };
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new WireError('the frame ends within a value');
    return this.#bytes[this.#at++] as number;
  }

  #skip(count: number): number {
    const start = this.#at;
    if (start + count > this.#end) throw new WireError('the frame ends within a value');
    this.#at += count;
    return start;
  }

  #id(): number {
    const id = this.#integer(this.#byte());
    if (typeof id !== 'number' || id < 0 || id > 0xffffffff)
      throw new WireError('an id must be an unsigned 32-bit one');
    return id;
  }

  #length(code: number, fix: number, fixMask: number, code8: number): number {
    if ((code & ~fixMask & 0xff) === fix) return code & fixMask;
    if (code === code8) return this.#byte();
    if (code === code8 + 1) return this.#view.getUint16(this.#skip(2));
    if (code === code8 + 2) return this.#view.getUint32(this.#skip(4));
    throw new WireError(`unexpected MessagePack type 0x${code.toString(16)}`);
  }

  #text(): string {
    const length = this.#length(this.#byte(), 0xa0, 0x1f, 0xd9);
    const start = this.#skip(length);
    if (length <= 24) {
      let short = '';
      let i = start;
      for (; i < start + length; i += 1) {
        const unit = this.#bytes[i] as number;
        if (unit >= 0x80) break;
        short += String.fromCharCode(unit);
      }
      if (i === start + length) return short;
    }
    try {
      return utf8.decode(this.#bytes.subarray(start, start + length));
    } catch {
      throw new WireError('a text is not UTF-8');
    }
  }

  /** `text`, if that is what comes next. */
  #exactly(text: string): string {
    const start = this.#skip(1 + text.length);
    for (let i = 0; i < text.length; i += 1) {
      if (this.#bytes[start + 1 + i] !== text.charCodeAt(i)) throw new WireError('a value has an unknown tag');
    }
    return text;
  }

  #integer(code: number): number | bigint {
    if (code < 0x80) return code;
    if (code >= 0xe0) return code - 0x100;
    const view = this.#view;
    switch (code) {
      case 0xcc:
        return this.#byte();
      case 0xcd:
        return view.getUint16(this.#skip(2));
      case 0xce:
        return view.getUint32(this.#skip(4));
      case 0xcf:
        return integer(view.getBigUint64(this.#skip(8)));
      case 0xd0:
        return view.getInt8(this.#skip(1));
      case 0xd1:
        return view.getInt16(this.#skip(2));
      case 0xd2:
        return view.getInt32(this.#skip(4));
      case 0xd3:
        return integer(view.getBigInt64(this.#skip(8)));
      default:
        throw new WireError(`expected an integer, not MessagePack type 0x${code.toString(16)}`);
    }
  }

  #items(): Value[] {
    const items: Value[] = [];
    for (let left = this.#arrayLength(); left > 0; left -= 1) items.push(this.#value());
    return items;
  }

  #arrayLength(): number {
    const code = this.#byte();
    // Arrays have no 8-bit form: what would be its code is that of a string.
    if (code === 0xdb) throw new WireError('expected an array');
    return this.#length(code, 0x90, 0x0f, 0xdb);
  }

  #value(): Value {
    const first = this.#byte();
    if (first !== 0x81) {
      this.#at -= 1;
      if (this.#text() === 'Null') return null;
      throw new WireError('expected a tagged value');
    }
    // Which one it is can be seen from its length and its first letter; whether it is, from all of them.
    const code = this.#bytes[this.#at] as number;
    const tag = code === 0xa5 && this.#bytes[this.#at + 1] === 0x42 ? this.#exactly('Bytes') : this.#text();
    switch (tag) {
      case 'Bytes':
        return this.#blob();
      case 'Str':
        return this.#text();
      case 'Int':
        return this.#integer(this.#byte());
      case 'Array':
        return this.#items();
      case 'Map':
        return this.#pairs();
      case 'Bool':
        return this.#boolean();
      case 'Float':
        return this.#float();
      default:
        throw new WireError('a value has an unknown tag');
    }
  }

  #pairs(): Pairs {
    const pairs: [Value, Value][] = [];
    for (let left = this.#arrayLength(); left > 0; left -= 1) {
      if (this.#byte() !== 0x92) throw new WireError('an entry of a map must be a pair');
      pairs.push([this.#value(), this.#value()]);
    }
    return new Pairs(pairs);
  }

  #boolean(): boolean {
    const code = this.#byte();
    if (code !== 0xc2 && code !== 0xc3) throw new WireError('expected true or false');
    return code === 0xc3;
  }

  #float(): Float {
    if (this.#byte() !== 0xcb) throw new WireError('expected a float64');
    return new Float(this.#view.getFloat64(this.#skip(8)));
  }

  /** Bytes, or the older form: an array of small integers. */
  #blob(): Uint8Array {
    const code = this.#byte();
    if (code >= 0xc4 && code <= 0xc6) {
      const length = this.#length(code, 0x100, 0, 0xc4);
      const start = this.#skip(length);
      return copyOf(this.#bytes, start, length);
    }
    this.#at -= 1;
    return Uint8Array.from({ length: this.#arrayLength() }, () => Number(this.#integer(this.#byte())));
  }
}

/** Short copies are made by a loop: several times faster than the platform's. */
function copyOf(bytes: Uint8Array, start: number, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  if (length > 64) copy.set(bytes.subarray(start, start + length));
  else for (let i = 0; i < length; i += 1) copy[i] = bytes[start + i] as number;
  return copy;
}

const kinds: Readonly<Record<string, FailureKind>> = {
  NOAUTH: 'authentication',
  WRONGPASS: 'authentication',
  NOPERM: 'permission',
};

/** The first word is a code; the rest may repeat user data and stays out of logs. */
function refusal(serverMessage: string): Failure {
  const word = serverMessage.split(' ', 1)[0] ?? '';
  const code = /^[A-Z]+$/.test(word) ? word : 'SERVER';
  const details = Object.defineProperty({}, 'serverMessage', { value: serverMessage });
  const message = `the server refused: ${code}`;
  return new Failure({ kind: kinds[code] ?? 'server', code, message, outcome: 'rejected', retryable: false, details });
}
