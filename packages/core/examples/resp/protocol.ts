/** RESP3 as bytes, https://redis.io/docs/latest/develop/reference/protocol-spec/: what a Redis server sends and takes. */

import { Failure } from '@wirewright/core';
import { type FrameMeter, type SlabWriter, utf8Length, WireError, writeDecimal, writeUtf8 } from '@wirewright/core/kit';
import type { PipelineCodec } from '@wirewright/core/socket';

/** Blobs are bytes, maps flat arrays. */
export type RespValue = string | number | boolean | null | Uint8Array | readonly RespValue[];
export type Command = readonly (string | Uint8Array)[];

const [array, blob, map, push] = [0x2a, 0x24, 0x25, 0x3e];
const decoder = new TextDecoder();
const isAggregate = (type: number): boolean => type === array || type === map || type === push || type === 0x7e;

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

/** `$` or `*`, a number, and the end of the line. */
function header(bytes: Uint8Array, at: number, type: number, count: number): number {
  bytes[at] = type;
  return crlf(bytes, writeDecimal(bytes, at + 1, count));
}

function crlf(bytes: Uint8Array, at: number): number {
  bytes[at] = 0x0d;
  bytes[at + 1] = 0x0a;
  return at + 2;
}

export class RespCodec implements PipelineCodec<Command, RespValue>, FrameMeter {
  readonly meter: FrameMeter = this;
  /** How far `measure` got in a frame, and how many values it still misses. */
  #walked = 0;
  #values = 1;
  #at = 0;

  measure(bytes: Uint8Array, start: number, end: number): number {
    let at = start + this.#walked;
    for (; this.#values > 0; this.#values -= 1) {
      const line = lineEnd(bytes, at, end);
      this.#walked = at - start;
      if (line < 0) return 0;
      const type = bytes[at] as number;
      const count = type === blob || isAggregate(type) ? decimal(bytes, at + 1, line) : 0;
      at = line + 2 + (type === blob && count >= 0 ? count + 2 : 0);
      if (isAggregate(type) && count > 0) this.#values += type === map ? 2 * count : count;
    }
    [this.#walked, this.#values] = [0, 1];
    return at - start;
  }

  /** Confirmations of SUBSCRIBE come as pushes, and are answers; messages are not. */
  isPush(bytes: Uint8Array, start: number): boolean {
    return bytes[start] === push && bytes[start + 8] === 'm'.charCodeAt(0);
  }

  read(bytes: Uint8Array, at: number, end: number): RespValue | Failure {
    if (bytes[at] === 0x2d) return refusal(decoder.decode(bytes.subarray(at + 1, end - 2)));
    this.#at = at;
    return this.#value(bytes, end);
  }

  #value(bytes: Uint8Array, end: number): RespValue {
    const [start, type] = [this.#at + 1, bytes[this.#at] as number];
    const line = lineEnd(bytes, start, end);
    this.#at = line + 2;
    if (type === blob || isAggregate(type)) {
      const count = decimal(bytes, start, line);
      if (count < 0) return null;
      if (type === blob) return bytes.slice(line + 2, (this.#at += count + 2) - 2);
      return Array.from({ length: type === map ? 2 * count : count }, () => this.#value(bytes, end));
    }
    const text = decoder.decode(bytes.subarray(start, line));
    if (type === 0x3a) return decimal(bytes, start, line);
    if (type === 0x2b || type === 0x2d) return text;
    if (type === 0x5f) return null;
    if (type === 0x23) return text === 't';
    if (type === 0x2c) return Number(text.replace('inf', 'Infinity'));
    throw new WireError(`no RESP value starts with byte ${type}`);
  }

  write(out: SlabWriter, command: Command): void {
    let room = 32;
    for (const part of command) room += 32 + (typeof part === 'string' ? utf8Length(part) : part.length);
    const start = out.reserve(room);
    const { bytes } = out;
    let at = header(bytes, start, array, command.length);
    for (const part of command) {
      at = header(bytes, at, blob, typeof part === 'string' ? utf8Length(part) : part.length);
      if (typeof part === 'string') at = writeUtf8(bytes, at, part);
      else bytes.set(part, at), (at += part.length);
      at = crlf(bytes, at);
    }
    out.commit(at - start);
  }
}

/** The first word of an error is its code; the rest may repeat user data and stays out of logs. */
function refusal(text: string): Failure {
  const code = text.split(' ', 1)[0] ?? '';
  const details = Object.defineProperty({}, 'serverMessage', { value: text });
  return new Failure({ kind: 'server', code, message: `refused: ${code}`, outcome: 'rejected', retryable: false, details });
}
