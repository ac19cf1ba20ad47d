/** RESP3 as bytes, https://redis.io/docs/latest/develop/reference/protocol-spec/: what a Redis server sends and takes. */

import { Failure } from '@wirewright/core';
import { type FrameMeter, type SlabWriter, utf8Length, WireError, writeDecimal, writeUtf8 } from '@wirewright/core/kit';
import type { PipelineCodec } from '@wirewright/core/socket';

/** Blobs are bytes, maps flat arrays, doubles and booleans their text. */
export type RespValue = string | number | null | Uint8Array | readonly RespValue[];
export type Command = readonly (string | Uint8Array)[];

export const decoder = new TextDecoder();
const [array, set, map, push, blob, error] = [0x2a, 0x7e, 0x25, 0x3e, 0x24, 0x2d];
const isAggregate = (type: number): boolean => type === array || type === map || type === push || type === set;

export class RespCodec implements PipelineCodec<Command, RespValue>, FrameMeter {
  readonly meter: FrameMeter = this;
  /** How far `measure` walked in a frame, and how many values it still misses. */
  #walked = 0;
  #missing = 1;
  #at = 0;

  measure(bytes: Uint8Array, start: number, end: number): number {
    let at = start + this.#walked;
    for (; this.#missing > 0; this.#missing -= 1) {
      const [line, type] = [lineEnd(bytes, at, end), bytes[at] as number];
      this.#walked = at - start;
      if (at < end && type > push && type !== 0x5f && type !== set) throw new WireError('expected a RESP value');
      if (line < 0) return 0;
      const count = type === blob || isAggregate(type) ? decimal(bytes, at + 1, line) : 0;
      at = line + 2 + (type === blob && count >= 0 ? count + 2 : 0);
      if (isAggregate(type) && count > 0) this.#missing += type === map ? 2 * count : count;
    }
    [this.#walked, this.#missing] = [0, 1];
    return at - start;
  }

  /** Confirmations of SUBSCRIBE come as pushes, and are answers; messages are not. */
  isPush(bytes: Uint8Array, start: number): boolean {
    return bytes[start] === push && bytes[start + 8] === 0x6d;
  }

  read(bytes: Uint8Array, at: number, end: number): RespValue | Failure {
    this.#at = at;
    return bytes[at] === error ? refusal(decoder.decode(bytes.subarray(at + 1, end - 2))) : this.#value(bytes, end);
  }

  #value(bytes: Uint8Array, end: number): RespValue {
    const [start, type] = [this.#at + 1, bytes[this.#at] as number];
    const line = lineEnd(bytes, start, end);
    this.#at = line + 2;
    if (type === 0x3a) return decimal(bytes, start, line);
    if (type === blob || isAggregate(type)) {
      const count = decimal(bytes, start, line);
      if (count < 0) return null;
      if (type === blob) return bytes.slice(line + 2, (this.#at += count + 2) - 2);
      const values: RespValue[] = [];
      for (let left = type === map ? 2 * count : count; left > 0; left -= 1) values.push(this.#value(bytes, end));
      return values;
    }
    return type === 0x5f ? null : decoder.decode(bytes.subarray(start, line));
  }

  write(out: SlabWriter, command: Command): void {
    let room = 32;
    for (const part of command) room += (typeof part === 'string' ? 3 : 1) * part.length + 32;
    const start = out.reserve(room);
    const { bytes } = out;
    let at = header(bytes, start, array, command.length);
    for (const part of command) {
      const size = typeof part === 'string' ? utf8Length(part) : part.length;
      at = header(bytes, at, blob, size);
      if (typeof part === 'string') writeUtf8(bytes, at, part);
      else bytes.set(part, at);
      at = crlf(bytes, at + size);
    }
    out.commit(at - start);
  }
}

const header = (bytes: Uint8Array, at: number, type: number, count: number): number => {
  bytes[at] = type;
  return crlf(bytes, writeDecimal(bytes, at + 1, count));
};

const crlf = (bytes: Uint8Array, at: number): number => {
  bytes[at] = 0x0d;
  bytes[at + 1] = 0x0a;
  return at + 2;
};

/** The CR of the line that starts at `at`, or -1 while it is not there. */
function lineEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at; i < end - 1; i += 1) if (bytes[i] === 0x0d) return i;
  return -1;
}

function decimal(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = bytes[at] === 0x2d ? at + 1 : at; i < end; i += 1) value = value * 10 + (bytes[i] as number) - 0x30;
  if (!Number.isSafeInteger(value)) throw new WireError('expected a decimal integer below 2^53');
  return bytes[at] === 0x2d ? -value : value;
}

/** The first word of an error is its code; the rest may repeat user data and stays out of logs. */
function refusal(text: string): Failure {
  const code = text.split(' ', 1)[0] ?? '';
  const details = Object.defineProperty({}, 'serverMessage', { value: text });
  const message = `refused: ${code}`;
  return new Failure({ kind: 'server', code, message, outcome: 'rejected', retryable: false, details });
}
