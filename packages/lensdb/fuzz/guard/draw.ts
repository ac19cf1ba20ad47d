/** Draws the arguments of one caller: keys, values, options. */

import type { SeededRandom } from '@wirewright/core/testing';
import type { BatchOptions, CommandOptions } from '@wirewright/lensdb';
import { nameOf, trickyBytes, trickyText } from '../data.ts';
import type { Model } from './model.ts';

const sizes = [0, 1, 2, 15, 16, 100, 1000, 1180, 1201, 2000, 3000, 4077, 4078, 4079, 4096, 5000];
const keySizes = [1, 2, 3, 4, 5, 8, 16, 40, 250, 1000, 1020, 1023, 1024, 1025];
const headerBytes = 18;

export class Draw {
  readonly #random: SeededRandom;
  readonly #model: Model;
  readonly #prefix: Uint8Array;
  readonly #number: number;

  /** @param number - 0 or 1: callers write different keys, the last bit of the byte behind the prefix says whose */
  constructor(random: SeededRandom, model: Model, prefix: Uint8Array, number: number) {
    this.#random = random;
    this.#model = model;
    this.#prefix = prefix;
    this.#number = number;
  }

  options(): CommandOptions {
    const random = this.#random;
    const options: { timeoutMs?: number; attemptTimeoutMs?: number; signal?: AbortSignal } = {};
    if (random.chance(0.2)) options.timeoutMs = random.pick([30_000, 60_000.5, 2 ** 31, 1e12, Infinity]);
    if (random.chance(0.2)) options.attemptTimeoutMs = random.pick([20_000, 25_000.25, 2 ** 40, Infinity]);
    if (random.chance(0.2)) options.signal = new AbortController().signal;
    return options;
  }

  concurrency(): Pick<BatchOptions, 'concurrency'> {
    return this.#random.chance(0.5) ? {} : { concurrency: this.#random.pick([1, 2, 3, 100, Infinity]) };
  }

  /** One that is there, or a new one. */
  key(): Uint8Array {
    const known = this.#random.chance(0.6) ? this.#model.pick(this.#random) : undefined;
    for (let key = known; ;) {
      key ??= this.#freshKey();
      if (!this.#model.burnt.has(nameOf(key))) return key;
      key = undefined;
    }
  }

  #freshKey(): Uint8Array {
    const prefix = this.#prefix;
    const length = this.#random.pick(keySizes);
    const rest = this.#random.chance(0.7)
      ? trickyBytes(this.#random, length)
      : new TextEncoder().encode(trickyText(this.#random, length));
    const key = new Uint8Array(prefix.length + rest.length);
    key.set(prefix);
    key.set(rest, prefix.length);
    const own = prefix.length;
    key[own] = ((key[own] as number) & 0xfe) | this.#number;
    return key;
  }

  /** Different ones. */
  keys(): Uint8Array[] {
    const keys = Array.from({ length: this.#random.integer(0, 8) }, () => this.key());
    return [...new Map(keys.map((key) => [nameOf(key), key])).values()];
  }

  value(key: Uint8Array): Uint8Array {
    const fits = Math.max(0, 4096 - headerBytes - key.length);
    return trickyBytes(this.#random, this.#random.chance(0.1) ? fits : this.#random.pick(sizes));
  }

  /** The same bytes as text where they are text. */
  form(bytes: Uint8Array): Uint8Array | string {
    if (this.#random.chance(0.7)) return bytes;
    const text = Buffer.from(bytes).toString();
    return Buffer.from(text).equals(bytes) ? text : bytes;
  }

  structure(): unknown {
    const random = this.#random;
    return {
      text: trickyText(random, random.integer(0, 200)),
      list: [random.integer(-1000, 1000), random.next(), null, random.chance(0.5)],
      nested: { [trickyText(random, 5)]: trickyText(random, random.integer(0, 20)) },
    };
  }
}
