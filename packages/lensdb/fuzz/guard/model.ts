/** What a store must hold, known by the only one who writes these keys. */

import type { SeededRandom } from '@wirewright/core/testing';
import { nameOf } from '../data.ts';

export class Model {
  readonly #entries = new Map<string, Uint8Array>();
  /** Keys of writes that were aborted: they may hold anything, and are not used again. */
  readonly #burnt = new Set<string>();

  get size(): number {
    return this.#entries.size;
  }

  get burnt(): ReadonlySet<string> {
    return this.#burnt;
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(nameOf(key));
  }

  has(key: Uint8Array): boolean {
    return this.#entries.has(nameOf(key));
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#entries.set(nameOf(key), value.slice());
  }

  delete(key: Uint8Array): void {
    this.#entries.delete(nameOf(key));
  }

  burn(key: Uint8Array): void {
    this.#entries.delete(nameOf(key));
    this.#burnt.add(nameOf(key));
  }

  clear(): void {
    this.#entries.clear();
  }

  /** A key that is there; undefined when none is. */
  pick(random: SeededRandom): Uint8Array | undefined {
    if (this.#entries.size === 0) return undefined;
    let skip = random.integer(0, Math.min(this.#entries.size - 1, 20));
    for (const name of this.#entries.keys()) if (skip-- === 0) return Uint8Array.from(Buffer.from(name, 'latin1'));
    return undefined;
  }
}
