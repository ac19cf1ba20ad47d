/** Values through a codec. What a codec throws becomes an error of this client, without a part of the value. */

import { ArgumentError, CodecError, createJsonCodec, jsonCodec, UnsafeIntegerError } from '@wirewright/core';
import type { ValueCodec } from '../codecs/codec.ts';
import { system } from '../errors.ts';
import { type CommandOptions, commandRules, optionsOf } from './call-options.ts';
import { refusal, type WriteOptions, writeRules } from './ttl.ts';

export interface GetJsonOptions extends CommandOptions {
  /**
   * What integers become. `number` (default): one beyond 2^53 - 1 is an `UnsafeIntegerError`. `bigint`: every one is
   * a bigint.
   */
  readonly integers?: 'number' | 'bigint' | undefined;
}

export interface GetObjectOptions<T> extends CommandOptions {
  /** What the value was encoded with. */
  readonly codec: ValueCodec<T>;
}

export interface SetObjectOptions<T> extends WriteOptions {
  /** What turns the value into bytes: `jsonCodec`, `messagePackCodec`, `v8Codec`, or your own. */
  readonly codec: ValueCodec<T>;
}

const codecRule = {
  kind: 'custom',
  expected: 'a codec: an object with encode() and decode()',
  accepts: (value: unknown): boolean => {
    const codec = value as Partial<ValueCodec> | null;
    return typeof codec?.encode === 'function' && typeof codec.decode === 'function';
  },
} as const;

const checkers = {
  getJson: optionsOf('getJson', { ...commandRules, integers: { kind: 'enum', values: ['number', 'bigint'] } }),
  getObject: optionsOf('getObject', { ...commandRules, codec: codecRule }),
  setObject: optionsOf('setObject', { ...writeRules, codec: codecRule }),
};

const bigintCodec = createJsonCodec({ integers: 'bigint' });

/** @throws ArgumentError */
export function jsonCodecOf(options: GetJsonOptions | undefined): ValueCodec {
  checkers.getJson.check(options);
  return options?.integers === 'bigint' ? bigintCodec : jsonCodec;
}

/** @throws ArgumentError */
export function codecOf<T>(method: 'getObject' | 'setObject', options: GetObjectOptions<T>): ValueCodec<T> {
  checkers[method].check(options);
  const codec = (options as Partial<GetObjectOptions<T>> | undefined)?.codec;
  if (codec) return codec;
  throw refusal(method, 'codec', "give a 'codec': jsonCodec, messagePackCodec, v8Codec, or your own");
}

/** @throws ArgumentError when the value cannot be encoded */
export async function encodeValue<T>(method: string, codec: ValueCodec<T>, value: T): Promise<Uint8Array> {
  let bytes: unknown;
  try {
    bytes = await codec.encode(value);
  } catch (error) {
    if (error instanceof ArgumentError) {
      throw new ArgumentError(`${method}(): ${error.message}`, { system, details: error.details });
    }
    const text = `${method}(): the codec${nameOf(codec)} cannot encode the value (its error is the cause)`;
    throw new ArgumentError(text, { system, cause: error });
  }
  if (bytes instanceof Uint8Array) return bytes;
  const text = `${method}(): encode() of the codec${nameOf(codec)} must give a Uint8Array; got ${typeof bytes}`;
  throw new ArgumentError(text, { system });
}

/** @throws CodecError when what is stored is something else; UnsafeIntegerError from JSON */
export async function decodeValue<T>(method: string, codec: ValueCodec<T>, bytes: Uint8Array): Promise<T> {
  try {
    return await codec.decode(bytes);
  } catch (error) {
    if (error instanceof UnsafeIntegerError) {
      throw new UnsafeIntegerError(error.value, { system, hint: "read it with { integers: 'bigint' }" });
    }
    if (error instanceof CodecError) throw new CodecError(`${method}(): ${error.message}`, { system });
    const text = `${method}(): the codec${nameOf(codec)} cannot decode what is stored (its error is the cause)`;
    throw new CodecError(text, { system, cause: error });
  }
}

function nameOf({ name }: { readonly name?: string | undefined }): string {
  return name === undefined ? '' : ` '${name}'`;
}
