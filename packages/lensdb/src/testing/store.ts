/** The storage engine of the testing servers: limits, waiting writes and expiry as the real one has them. */

import type { Clock } from '@wirewright/core';
import { type BytesLike, copyBytes, toBytes } from '../protocol/bytes.ts';

/** What a server holds, for tests to look at and to prepare. */
export interface StoreAccess {
  /** Entries, expired ones that nothing has removed included. */
  readonly size: number;
  /** The value, a copy; undefined when there is none. Removes the entry if it has expired, as GET does. */
  get(key: BytesLike): Uint8Array | undefined;
  /** Stores regardless of limits. */
  set(key: BytesLike, value: BytesLike, options?: { readonly ttlSeconds?: number }): void;
  /** @returns whether there was an entry */
  delete(key: BytesLike): boolean;
  /** In the order in which KEYS lists them: descending by bytes, which is not the order of insertion. */
  keys(): Uint8Array[];
  clear(): void;
}

export interface StoreLimits {
  readonly maxEntries: number;
  /** Sum over all values; keys do not count. */
  readonly maxTotalValueBytes: number;
}

interface Entry {
  readonly value: Uint8Array;
  /** Clock time from which on the entry is expired. */
  readonly expiresAt: number;
}

interface WaitingWrite {
  readonly key: string;
  readonly value: Uint8Array;
  readonly ttlSeconds: number | undefined;
  readonly done: () => void;
}

export class TestStore implements StoreAccess {
  readonly #clock: Clock;
  readonly #limits: () => StoreLimits;
  /** Whether every command notices an expired entry, or GET alone (section 2.8). */
  readonly #expiry: 'exact' | 'lazy';
  readonly #entries: Map<string, Entry> = new Map();
  readonly #waiting: Set<WaitingWrite> = new Set();
  #totalBytes = 0;

  constructor(clock: Clock, expiry: 'exact' | 'lazy', limits: () => StoreLimits) {
    this.#clock = clock;
    this.#expiry = expiry;
    this.#limits = limits;
  }

  get size(): number {
    this.#sweep();
    return this.#entries.size;
  }

  get(key: BytesLike): Uint8Array | undefined {
    const name = nameOf(key);
    const entry = this.#entries.get(name);
    if (entry && this.#clock.now() >= entry.expiresAt) {
      this.#remove(name);
      return undefined;
    }
    return entry && copyBytes(entry.value, 0, entry.value.length);
  }

  has(key: BytesLike): boolean {
    this.#sweep();
    return this.#entries.has(nameOf(key));
  }

  set(key: BytesLike, value: BytesLike, options: { readonly ttlSeconds?: number } = {}): void {
    const bytes = toBytes(value);
    this.#put(nameOf(key), copyBytes(bytes, 0, bytes.length), options.ttlSeconds);
  }

  /** @returns false, with nothing stored, when there is no room */
  write(key: Uint8Array, value: Uint8Array, ttlSeconds: number | undefined): boolean {
    this.#sweep();
    const name = nameOf(key);
    if (!this.#fits(name, value.length)) return false;
    this.#put(name, value, ttlSeconds);
    return true;
  }

  /** Stores as soon as there is room, be it that nobody waits for it any more (section 2.9). */
  writeLater(key: Uint8Array, value: Uint8Array, ttlSeconds: number | undefined, done: () => void): void {
    this.#waiting.add({ key: nameOf(key), value, ttlSeconds, done });
  }

  delete(key: BytesLike): boolean {
    this.#sweep();
    return this.#remove(nameOf(key));
  }

  keys(): Uint8Array[] {
    this.#sweep();
    return [...this.#entries.keys()]
      .sort((a, b) => (a < b ? 1 : -1))
      .map((name) => Uint8Array.from(name, (letter) => letter.charCodeAt(0)));
  }

  clear(): void {
    this.#entries.clear();
    this.#totalBytes = 0;
    this.wake();
  }

  /** Lets waiting writes look again: room has appeared, or the limits have changed. */
  wake(): void {
    for (const write of this.#waiting) {
      if (!this.#fits(write.key, write.value.length)) continue;
      this.#waiting.delete(write);
      this.#put(write.key, write.value, write.ttlSeconds);
      write.done();
    }
  }

  #fits(name: string, length: number): boolean {
    const limits = this.#limits();
    const held = this.#entries.get(name)?.value.length;
    if (held !== undefined && length <= held) return true;
    const entries = this.#entries.size + (held === undefined ? 1 : 0);
    return entries <= limits.maxEntries && this.#totalBytes - (held ?? 0) + length <= limits.maxTotalValueBytes;
  }

  #put(name: string, value: Uint8Array, ttlSeconds: number | undefined): void {
    const held = this.#entries.get(name)?.value.length ?? 0;
    const expiresAt = ttlSeconds === undefined ? Infinity : this.#clock.now() + ttlSeconds * 1000;
    this.#entries.set(name, { value, expiresAt });
    this.#totalBytes += value.length - held;
    if (value.length < held) this.wake();
  }

  #remove(name: string): boolean {
    const entry = this.#entries.get(name);
    if (!entry) return false;
    this.#entries.delete(name);
    this.#totalBytes -= entry.value.length;
    this.wake();
    return true;
  }

  #sweep(): void {
    if (this.#expiry === 'lazy') return;
    const now = this.#clock.now();
    for (const [name, entry] of this.#entries) if (now >= entry.expiresAt) this.#remove(name);
  }
}

/** One letter per byte: a key for `Map` that sorts as the bytes do. */
function nameOf(key: BytesLike): string {
  return Buffer.from(toBytes(key)).toString('latin1');
}
