/**
 * What is due when, on virtual time: a binary heap by time, and by order of entry among what is due at the same
 * time. Entries are the objects of their owners and are used again, so that scheduling allocates nothing.
 */

/** Something that happens at a time. The three numbers belong to the agenda. */
export interface AgendaEntry {
  at: number;
  order: number;
  /** Position in the heap; -1 while it is not on the agenda. */
  place: number;
  run(): void;
}

function isBefore(one: AgendaEntry, other: AgendaEntry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

export class Agenda {
  readonly #heap: AgendaEntry[] = [];
  #entered = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Puts `entry` down for `at`; one that is on the agenda already is moved there. */
  add(entry: AgendaEntry, at: number): void {
    if (entry.place >= 0) this.remove(entry);
    entry.at = at;
    entry.order = this.#entered++;
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  /** Strikes `entry` out; one that is not on the agenda is left alone. */
  remove(entry: AgendaEntry): void {
    const { place } = entry;
    if (place < 0) return;
    entry.place = -1;
    const last = this.#heap.pop() as AgendaEntry;
    if (last === entry) return;
    this.#sink(last, place);
    if (last.place === place) this.#rise(last, place);
  }

  /** The next entry, which stays on the agenda. */
  peek(): AgendaEntry | undefined {
    return this.#heap[0];
  }

  clear(): void {
    for (const entry of this.#heap) entry.place = -1;
    this.#heap.length = 0;
    this.#entered = 0;
  }

  #rise(entry: AgendaEntry, from: number): void {
    const heap = this.#heap;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above] as AgendaEntry;
      if (!isBefore(entry, parent)) break;
      heap[place] = parent;
      parent.place = place;
      place = above;
    }
    heap[place] = entry;
    entry.place = place;
  }

  #sink(entry: AgendaEntry, from: number): void {
    const heap = this.#heap;
    const half = heap.length >> 1;
    let place = from;
    while (place < half) {
      let below = 2 * place + 1;
      let child = heap[below] as AgendaEntry;
      const right = heap[below + 1];
      if (right && isBefore(right, child)) {
        below += 1;
        child = right;
      }
      if (!isBefore(child, entry)) break;
      heap[place] = child;
      child.place = place;
      place = below;
    }
    heap[place] = entry;
    entry.place = place;
  }
}
