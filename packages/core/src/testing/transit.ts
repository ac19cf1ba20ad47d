/** The bytes of one direction that are under way, and when they arrive. */

const initialBytes = 512;

/** Copies `from[start, start + count)`. */
function copyBytes(from: Uint8Array, start: number, count: number, to: Uint8Array, at: number): void {
  // A view costs more than a few bytes do.
  if (count < 48) for (let index = 0; index < count; index += 1) to[at + index] = from[start + index] as number;
  else to.set(from.subarray(start, start + count), at);
}

/** A queue of bytes with times of arrival, which never decrease. */
export class Transit {
  /** Memory of others of its kind that are no more, to be used again. */
  readonly #spare: Uint8Array[];
  /** What is under way: `#bytes[#head, #tail)`. */
  #bytes: Uint8Array | undefined;
  #head = 0;
  #tail = 0;
  /** Bytes that ever came out. */
  #out = 0;
  /** Until which byte of the stream what arrives when; `[#first, #last)` count. The arrays only grow: see `#forget`. */
  readonly #ends: number[] = [];
  readonly #times: number[] = [];
  #first = 0;
  #last = 0;

  constructor(spare: Uint8Array[]) {
    this.#spare = spare;
  }

  /** Bytes under way. */
  get length(): number {
    return this.#tail - this.#head;
  }

  /** When the next byte arrives; undefined when none is under way. */
  get nextTime(): number | undefined {
    return this.#first < this.#last ? this.#times[this.#first] : undefined;
  }

  /** How many bytes have arrived by `now`. */
  arrived(now: number): number {
    let end = this.#out;
    for (let index = this.#first; index < this.#last; index += 1) {
      if ((this.#times[index] as number) > now) break;
      end = this.#ends[index] as number;
    }
    return end - this.#out;
  }

  /** Puts `chunk[from, from + count)` on its way. What arrives at the same time arrives together. */
  send(chunk: Uint8Array, from: number, count: number, time: number): void {
    const bytes = this.#makeRoom(count);
    copyBytes(chunk, from, count, bytes, this.#tail);
    this.#tail += count;
    const end = this.#out + this.length;
    if (this.#last > this.#first && this.#times[this.#last - 1] === time) this.#ends[this.#last - 1] = end;
    else {
      this.#ends[this.#last] = end;
      this.#times[this.#last++] = time;
    }
  }

  /** Takes the first `count` bytes out, into the beginning of `to`. */
  receive(count: number, to: Uint8Array): void {
    copyBytes(this.#bytes as Uint8Array, this.#head, count, to, 0);
    this.#head += count;
    this.#out += count;
    if (this.#head === this.#tail) this.#forget();
    else while ((this.#ends[this.#first] as number) <= this.#out) this.#first += 1;
  }

  /** Loses everything, and gives the memory back. */
  clear(): void {
    this.#forget();
    if (this.#bytes) this.#spare.push(this.#bytes);
    this.#bytes = undefined;
  }

  /** To shorten an array to nothing and fill it again costs more than all the rest. */
  #forget(): void {
    this.#head = this.#tail = 0;
    this.#first = this.#last = 0;
  }

  #makeRoom(count: number): Uint8Array {
    const bytes = (this.#bytes ??= this.#spare.pop() ?? new Uint8Array(initialBytes));
    if (this.#tail + count <= bytes.length) return bytes;
    const kept = this.length;
    let room = bytes;
    if (kept + count > bytes.length) {
      room = new Uint8Array(Math.max(2 * bytes.length, kept + count));
      room.set(bytes.subarray(this.#head, this.#tail));
    } else bytes.copyWithin(0, this.#head, this.#tail);
    this.#bytes = room;
    this.#head = 0;
    this.#tail = kept;
    return room;
  }
}
