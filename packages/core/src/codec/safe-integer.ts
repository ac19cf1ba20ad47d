import { UnsafeIntegerError } from '../errors/kinds.ts';
import { CodecError } from './codec-error.ts';

/**
 * An integer from the wire as a number, for what people add to: counters, sizes.
 *
 * @param hint - what gives the exact integer instead, for the error: `use incrBig()`
 * @throws UnsafeIntegerError when a number cannot hold it; CodecError when it is no integer.
 */
export function toSafeInteger(value: bigint | number, hint?: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  if (!Number.isInteger(number)) throw new CodecError('expected an integer; got another number');
  throw new UnsafeIntegerError(BigInt(value), hint === undefined ? {} : { hint });
}
