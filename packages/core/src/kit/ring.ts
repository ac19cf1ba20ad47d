/** A double-ended queue in a circular array: O(1) at both ends, no memory kept for what was taken out. */
export class Ring<T> implements Iterable<T> {
  /** The length is a power of two, so that an index wraps by a mask. */
  #slots: (T | undefined)[];
  #head = 0;
  #size = 0;

  /** @param capacity - room to start with; the ring grows by doubling. Bounds are the owner's business. */
  constructor(capacity = 16) {
    let length = 4;
    while (length < capacity) length *= 2;
    this.#slots = new Array<T | undefined>(length).fill(undefined);
  }

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    if (this.#size === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = item;
    this.#size += 1;
  }

  unshift(item: T): void {
    if (this.#size === this.#slots.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = item;
    this.#size += 1;
  }

  /** The first item, which stays. */
  peek(): T | undefined {
    return this.#size === 0 ? undefined : this.#slots[this.#head];
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#size -= 1;
    return item;
  }

  pop(): T | undefined {
    if (this.#size === 0) return undefined;
    this.#size -= 1;
    const index = (this.#head + this.#size) & (this.#slots.length - 1);
    const item = this.#slots[index];
    this.#slots[index] = undefined;
    return item;
  }

  /** Takes one item out of the middle: O(distance from the end), as those that can be taken back are the youngest. */
  remove(item: T): boolean {
    const mask = this.#slots.length - 1;
    for (let i = this.#size - 1; i >= 0; i -= 1) {
      if (this.#slots[(this.#head + i) & mask] !== item) continue;
      for (let j = i; j < this.#size - 1; j += 1) {
        this.#slots[(this.#head + j) & mask] = this.#slots[(this.#head + j + 1) & mask];
      }
      this.pop();
      return true;
    }
    return false;
  }

  /** Keeps only the items that `keep` accepts, in order. */
  retain(keep: (item: T) => boolean): void {
    for (let left = this.#size; left > 0; left -= 1) {
      const item = this.shift() as T;
      if (keep(item)) this.push(item);
    }
  }

  clear(): void {
    this.#slots.fill(undefined);
    this.#head = this.#size = 0;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.#size; i += 1) yield this.#slots[(this.#head + i) & (this.#slots.length - 1)] as T;
  }

  #grow(): void {
    const { length } = this.#slots;
    const slots = new Array<T | undefined>(length * 2).fill(undefined);
    for (let i = 0; i < this.#size; i += 1) slots[i] = this.#slots[(this.#head + i) & (length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
