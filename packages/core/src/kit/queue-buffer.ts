import { dropped, mergeNotices, type Notice } from '../notices.ts';
import { Ring } from './ring.ts';

/** In the ring of sizes, what is not an item. */
const noticeSize = -1;

/**
 * What a queue holds: items and, between them, notices. A notice is never dropped, so notices that stand side by
 * side are merged by kind: there are never more than a few per item.
 */
export class QueueBuffer<T> {
  /** Items and notices, and their bytes, in step. */
  readonly #entries = new Ring<T | Notice>();
  readonly #sizes = new Ring<number>();
  #items = 0;
  #bytes = 0;
  /** Dropped before the first entry, and the notices that stood among what was dropped. */
  #droppedFirst = 0;
  #firstNotices: Notice[] = [];
  /** Dropped after the last entry. */
  #droppedLast = 0;

  get items(): number {
    return this.#items;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(item: T, bytes: number): void {
    if (this.#droppedLast > 0) this.#closeDropped();
    this.#entries.push(item);
    this.#sizes.push(bytes);
    this.#items += 1;
    this.#bytes += bytes;
  }

  addNotice(notice: Notice): void {
    if (this.#droppedLast > 0) this.#closeDropped();
    const passed: Notice[] = [];
    let added = notice;
    for (let size = this.#sizes.pop(); size !== undefined; size = this.#sizes.pop()) {
      if (size !== noticeSize) {
        this.#sizes.push(size);
        break;
      }
      const earlier = this.#entries.pop() as Notice;
      const merged = mergeNotices(earlier, added);
      if (merged) added = merged;
      else passed.unshift(earlier);
    }
    for (const one of passed) this.#pushNotice(one);
    this.#pushNotice(added);
  }

  /** Throws the first item away; a notice at its place says so. */
  dropFirst(): void {
    for (let size = this.#sizes.shift(); size !== undefined; size = this.#sizes.shift()) {
      const entry = this.#entries.shift();
      if (size !== noticeSize) {
        this.#items -= 1;
        this.#bytes -= size;
        this.#droppedFirst += 1;
        return;
      }
      this.#moveToFront(entry as Notice);
    }
  }

  /** An item that would come next was not taken; a notice at its place says so. */
  dropLast(): void {
    this.#droppedLast += 1;
  }

  /** The next item or notice; undefined when there is none. */
  take(): T | Notice | undefined {
    if (this.#droppedFirst > 0) {
      const count = this.#droppedFirst;
      this.#droppedFirst = 0;
      return dropped(count);
    }
    if (this.#firstNotices.length > 0) return this.#firstNotices.shift();
    if (this.#sizes.size === 0 && this.#droppedLast > 0) this.#closeDropped();
    const size = this.#sizes.shift();
    if (size !== undefined && size !== noticeSize) {
      this.#items -= 1;
      this.#bytes -= size;
    }
    return this.#entries.shift();
  }

  clear(): void {
    this.#entries.clear();
    this.#sizes.clear();
    this.#firstNotices = [];
    this.#items = this.#bytes = this.#droppedFirst = this.#droppedLast = 0;
  }

  #pushNotice(notice: Notice): void {
    this.#entries.push(notice);
    this.#sizes.push(noticeSize);
  }

  /** Later drops are counted anew, behind what is added now. */
  #closeDropped(): void {
    const notice = dropped(this.#droppedLast);
    this.#droppedLast = 0;
    this.addNotice(notice);
  }

  #moveToFront(notice: Notice): void {
    if (notice.notice === 'dropped') {
      this.#droppedFirst += notice.count;
      return;
    }
    for (const [index, earlier] of this.#firstNotices.entries()) {
      const merged = mergeNotices(earlier, notice);
      if (!merged) continue;
      this.#firstNotices[index] = merged;
      return;
    }
    this.#firstNotices.push(notice);
  }
}
