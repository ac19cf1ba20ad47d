const noBytes = new Uint8Array(0);

/** A body on its way: in one piece of memory, so that many small parts cost no more than a few large ones. */
export class Body {
  readonly #maxBytes: number;
  #bytes: Uint8Array = noBytes;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Copies `chunk`. False, and nothing is taken, when the body grows longer than it may. */
  add(chunk: Uint8Array): boolean {
    const length = this.#length + chunk.length;
    if (length > this.#maxBytes) return false;
    if (length > this.#bytes.length) {
      const room = Math.min(Math.max(length, 2 * this.#bytes.length), this.#maxBytes);
      const larger = new Uint8Array(room);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
    return true;
  }

  /** All of it, in memory of its own length. */
  finish(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#length);
  }
}
