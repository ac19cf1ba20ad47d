/**
 * MessagePack, by `msgpackr`, which is loaded when it is used first.
 *
 * What `msgpackr` would store as something else without a word is refused: it turns maps and sets into objects and
 * arrays, functions into null, renames `__proto__`, and writes typed arrays with the wrong length and foreign memory
 * behind them.
 */

import { ArgumentError, CodecError } from '@wirewright/core';
import type { ValueCodec } from './codec.ts';

interface Packer {
  pack(value: unknown): Uint8Array;
  unpack(bytes: Uint8Array): unknown;
}

interface Library {
  readonly packer: Packer;
  /** What the byte 0xC1, which MessagePack never uses, is read as. */
  readonly neverUsed: object;
}

let library: Promise<Library> | undefined;

/** The library's types do not know `auto`: a number where one can hold the integer, else a bigint. */
const options = { useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true, int64AsType: 'auto' as string };

async function load(): Promise<Library> {
  const { C1, Packr } = await import('msgpackr');
  return { packer: new Packr(options as ConstructorParameters<typeof Packr>[0]), neverUsed: C1 };
}

/**
 * Takes null, booleans, numbers, strings, `Uint8Array`, `Date`, arrays and plain objects of these; undefined is stored as
 * null. Of bigints, those of 64 bits; one that a number can hold comes back as a number. Everything else is an
 * `ArgumentError`.
 */
export const messagePackCodec: ValueCodec = Object.freeze({
  name: 'msgpack',
  async encode(value: unknown): Promise<Uint8Array> {
    const { packer } = await (library ??= load());
    try {
      refuseUnsuitable(value);
      // A copy: the library's memory is shared by all that it packs.
      return new Uint8Array(packer.pack(value));
    } catch (error) {
      if (error instanceof RangeError) throw unsuitable('a structure that is circular or nested too deeply');
      throw error;
    }
  },
  async decode(bytes: Uint8Array): Promise<unknown> {
    const { packer, neverUsed } = await (library ??= load());
    try {
      return cleaned(packer.unpack(bytes), neverUsed);
    } catch (error) {
      if (error instanceof CodecError) throw error;
      throw new CodecError(`the ${bytes.length} bytes are not one MessagePack value, or one that is nested too deeply`);
    }
  },
});

const greatest = 2n ** 64n - 1n;
const least = -(2n ** 63n);

function unsuitable(what: string): ArgumentError {
  return new ArgumentError(`the value cannot be written as MessagePack: it holds ${what}`);
}

/** @throws ArgumentError for what would come back as something else */
function refuseUnsuitable(value: unknown): void {
  switch (typeof value) {
    case 'string':
      if (isWellFormed(value)) return;
      throw unsuitable('text with half a surrogate pair, which UTF-8 cannot carry');
    case 'bigint':
      if (value >= least && value <= greatest) return;
      throw unsuitable('a bigint of more than 64 bits');
    case 'function':
    case 'symbol':
      throw unsuitable(`a ${typeof value}`);
    case 'object':
      if (value !== null) refuseUnsuitableObject(value);
      return;
    default:
      return;
  }
}

function refuseUnsuitableObject(value: object): void {
  if (value instanceof Uint8Array) return;
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw unsuitable('an invalid date');
  } else if (Array.isArray(value)) {
    for (const item of value) refuseUnsuitable(item);
  } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    throw unsuitable(`a ${typeName(value)}; make it an array (Array.from), or a Uint8Array of its bytes`);
  } else if (isPlain(value)) {
    for (const [name, item] of Object.entries(value)) {
      if (name === '__proto__') throw unsuitable("a member named '__proto__'");
      refuseUnsuitable(name);
      refuseUnsuitable(item);
    }
  } else {
    throw unsuitable(`a ${typeName(value)}; make it a plain object or an array`);
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The name of a class comes from the program, not from its data. */
function typeName(value: object): string {
  const { name } = value.constructor ?? {};
  return typeof name === 'string' && name !== '' ? name : 'object of a class';
}

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** Bytes as plain `Uint8Array`s, and no byte that MessagePack does not have. */
function cleaned(value: unknown, neverUsed: object): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value === neverUsed) throw new CodecError('the bytes hold 0xC1, which MessagePack never uses');
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) value[i] = cleaned(value[i], neverUsed);
  } else if (isPlain(value)) {
    const members = value as Record<string, unknown>;
    for (const name of Object.keys(members)) members[name] = cleaned(members[name], neverUsed);
  }
  return value;
}
