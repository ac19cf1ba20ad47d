/** JSON that rounds no integer. */

import { ArgumentError } from '../errors/kinds.ts';
import { OptionChecker } from '../options.ts';
import { parseWithBigints, refuseUnsafeIntegers } from './careful-json.ts';
import type { Codec } from './codec.ts';
import { CodecError } from './codec-error.ts';

export interface JsonOptions {
  /**
   * What integers become. `number` (default): one beyond 2^53 - 1 is an `UnsafeIntegerError`. `bigint`: every one is
   * a bigint, small ones too, so that no type depends on a value. Digits in strings and decimals are untouched.
   */
  readonly integers?: 'number' | 'bigint';
}

const jsonOptions = new OptionChecker('JSON options', { integers: { kind: 'enum', values: ['number', 'bigint'] } });

const hint = "read it with { integers: 'bigint' } ('value' of this error holds this one)";

/** The errors of `JSON.parse` show what was parsed; ours must not. */
function parsePlainly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const problem =
      error instanceof SyntaxError ? 'is not valid JSON' : 'is JSON that this runtime cannot read (nested too deeply?)';
    throw new CodecError(`the text ${problem} (${text.length} characters)`);
  }
}

/**
 * `JSON.parse` that never rounds an integer. Text without a run of 16 digits goes through `JSON.parse` alone.
 *
 * @throws CodecError when the text is no JSON, without a part of it.
 * @throws UnsafeIntegerError for an integer beyond 2^53 - 1, unless integers become bigints.
 * @throws ArgumentError for an unknown option.
 */
export function parseJson(text: string, options: JsonOptions = {}): unknown {
  jsonOptions.check(options);
  const value = parsePlainly(text);
  if (options.integers === 'bigint') return parseWithBigints(text);
  if (/\d{16}/.test(text)) refuseUnsafeIntegers(text, hint);
  return value;
}

/**
 * `JSON.stringify`, where what has no JSON form is an error instead of nothing.
 *
 * @throws ArgumentError for undefined, functions, symbols, bigints, circular structures, and where a `toJSON` throws.
 */
export function stringifyJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    // The message of JSON.stringify names properties of the value: only the kind of the error is passed on.
    throw new ArgumentError(
      'the value cannot be written as JSON: it is circular, nested too deeply, holds a bigint, or a toJSON throws',
      {
        details: { error: error instanceof Error ? error.name : typeof error },
      },
    );
  }
  if (text === undefined)
    throw new ArgumentError(`the value cannot be written as JSON: ${typeof value} has no JSON form (null has)`);
  return text;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new CodecError(`the ${bytes.length} bytes are not valid UTF-8, so they are no JSON`);
  }
}

/**
 * JSON as UTF-8.
 *
 * @throws ArgumentError for an unknown option.
 */
export function createJsonCodec<T = unknown>(options: JsonOptions = {}): Codec<T> {
  jsonOptions.check(options);
  return Object.freeze({
    name: 'json',
    encode: (value: T) => encoder.encode(stringifyJson(value)),
    decode: (bytes: Uint8Array) => parseJson(decodeUtf8(bytes), options) as T,
  });
}

/** JSON as UTF-8; an integer beyond 2^53 - 1 is an `UnsafeIntegerError`. */
export const jsonCodec: Codec = createJsonCodec();
