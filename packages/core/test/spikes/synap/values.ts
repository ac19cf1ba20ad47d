/** What travels in Synap's native protocol, as JavaScript values. */

import { UnsafeIntegerError } from '@wirewright/core';

/** A float: a plain number is an integer. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Keys may be of any kind, so a `Map` would not do. */
export class Pairs {
  readonly pairs: readonly (readonly [Value, Value])[];

  constructor(pairs: readonly (readonly [Value, Value])[]) {
    this.pairs = pairs;
  }

  get(key: string): Value | undefined {
    return this.pairs.find(([name]) => name === key)?.[1];
  }
}

/** Integers are numbers, and bigints beyond 2^53. */
export type Value = null | boolean | number | bigint | string | Uint8Array | Float | Pairs | readonly Value[];

export interface Command {
  readonly name: string;
  readonly args: readonly Value[];
  /** Holds up nothing on the server but itself, for as long as it likes: counted apart. */
  readonly blocks?: boolean;
}

export function integer(value: bigint): number | bigint {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value;
}

export function int64(value: number | bigint): bigint {
  const wide = BigInt(value);
  if (BigInt.asIntN(64, wide) !== wide) throw new UnsafeIntegerError(wide, { hint: 'the server takes 64 bits' });
  return wide;
}
