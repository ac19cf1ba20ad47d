/**
 * Randomness that can be repeated: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2018), its state filled from a 32-bit seed by SplitMix32. Not for secrets.
 */

import { ArgumentError } from '../errors/kinds.ts';
import type { Random } from '../ports.ts';

/** One step of SplitMix32: neighbouring seeds give unrelated states. */
function splitMix32(state: number): number {
  let mixed = state | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}

export class SeededRandom implements Random {
  #seed = 0;
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  /**
   * @param seed an integer from 0 to 2^32 - 1
   * @throws ArgumentError on any other seed
   */
  constructor(seed: number) {
    this.reseed(seed);
  }

  /** What this sequence starts from, to print and to replay. */
  get seed(): number {
    return this.#seed;
  }

  /** Starts the sequence of `seed`, from its beginning. */
  reseed(seed: number): void {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
      throw new ArgumentError(`seed must be an integer from 0 to 2^32 - 1, not ${seed}`);
    }
    this.#seed = seed;
    this.#a = splitMix32(seed + 0x9e3779b9);
    this.#b = splitMix32(seed + 2 * 0x9e3779b9);
    this.#c = splitMix32(seed + 3 * 0x9e3779b9);
    // The one state that the generator never leaves is all zeros.
    this.#d = splitMix32(seed + 4 * 0x9e3779b9) | 1;
  }

  /** 32 random bits, as an unsigned integer. */
  uint32(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform in [0, 1), with 32 bits: enough for choices and jitter. */
  next(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** A number in [low, high). */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** True in this share of the calls, 0 to 1. Draws nothing for 0 and 1. */
  chance(probability: number): boolean {
    return probability > 0 && (probability >= 1 || this.next() < probability);
  }

  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new ArgumentError('pick needs at least one item');
    return items[this.integer(0, items.length - 1)] as T;
  }

  /** A generator of its own, so that what one consumer draws does not shift the numbers of another. */
  fork(): SeededRandom {
    return new SeededRandom(this.uint32());
  }
}
