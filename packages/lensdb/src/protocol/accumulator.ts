/** Received bytes of one answer, in one growing array. */

const smallest = 512;
/** An array that grew beyond this is given up after its answer. */
const largestKept = 64 * 1024;

export class Accumulator {
  readonly #limit: number;
  #bytes: Uint8Array = new Uint8Array(smallest);
  #length = 0;

  /** @param limit most bytes that are ever held */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The memory; only `[0, length)` has a meaning, and only until the next call. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get length(): number {
    return this.#length;
  }

  /** @returns false, with nothing taken, when the limit would be passed */
  append(bytes: Uint8Array, start: number, end: number): boolean {
    const length = this.#length + (end - start);
    if (length > this.#limit) return false;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, Math.min(this.#limit, this.#bytes.length * 2)));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(start, end), this.#length);
    this.#length = length;
    return true;
  }

  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > largestKept) this.#bytes = new Uint8Array(smallest);
  }
}
