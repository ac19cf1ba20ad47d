/** Keys that are not written any more: three numbers each, outside of the heap, whose growth is watched. */

import { type History, isDeletion } from './history.ts';

export interface RetiredKey {
  readonly key: number;
  /** Acknowledged last. */
  readonly settled: number;
  /** May have taken effect as well. */
  readonly loose: number;
}

const fields = 3;

export class RetiredKeys {
  #numbers: Uint32Array = new Uint32Array(fields * 65_536);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(history: History): void {
    if ((this.#count + 1) * fields > this.#numbers.length) {
      const larger = new Uint32Array(this.#numbers.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    const { key, settled, loose = settled } = history;
    this.#numbers.set([key, settled, loose], this.#count * fields);
    this.#count += 1;
  }

  at(index: number): RetiredKey {
    const [key = 0, settled = 0, loose = 0] = this.#numbers.subarray(index * fields, (index + 1) * fields);
    return { key, settled, loose };
  }
}

/** What a key may hold at the end, for messages. */
export function describeRetired({ settled, loose }: RetiredKey): string {
  return [settled, loose]
    .map((version) => (isDeletion(version) ? `nothing (${version})` : `version ${version}`))
    .join(' or ');
}

/** @param found - a version, or undefined for no entry */
export function mayHold({ settled, loose }: RetiredKey, found: number | undefined): boolean {
  if (found === undefined) return isDeletion(settled) || isDeletion(loose);
  return !isDeletion(found) && (found === settled || found === loose);
}
