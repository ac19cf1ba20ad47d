/**
 * Gathers outgoing requests in one piece of memory, so that a turn's worth of them leaves in one write, and
 * knows at any time which bytes have left and which can still be taken back.
 */

/** Where the bytes go. Both writes say whether the memory may be reused at once. */
export interface ByteSink {
  write(chunk: Uint8Array): boolean;
  writeAll(chunks: readonly Uint8Array[]): boolean;
  /** Memory that this sink takes parts of with least effort, all zeros. Default: a `Uint8Array`. */
  allocate?(bytes: number): Uint8Array;
}

/** Some bytes that wait: `bytes[start, end)`, at `position` of the stream. */
interface Segment {
  readonly bytes: Uint8Array;
  readonly start: number;
  end: number;
  readonly position: number;
}

const defaultSlabBytes = 64 * 1024;
const noBytes = new Uint8Array(0);

/** Position behind its last byte. */
function endOf(segment: Segment): number {
  return segment.position + (segment.end - segment.start);
}

/**
 * Positions count every byte ever reserved on this writer, from 0, and name a request's bytes: `[from, to)`.
 *
 * While the sink holds bytes, `flush` writes nothing: what is written meanwhile gathers, can be taken back,
 * and leaves together after `onDrain`.
 */
export class SlabWriter {
  /** The memory that `reserve` gave room in. Changes with each `reserve`. */
  bytes: Uint8Array;
  readonly #sink: ByteSink;
  readonly #slabBytes: number;
  /** Unflushed part of `bytes`. */
  #start = 0;
  #end = 0;
  /** Position of `#end` in the stream. */
  #position = 0;
  #closed: Segment[] = [];
  #closedBytes = 0;
  #flushed = 0;
  #busy = false;

  constructor(sink: ByteSink, slabBytes: number = defaultSlabBytes) {
    this.#sink = sink;
    this.#slabBytes = slabBytes;
    this.bytes = noBytes;
  }

  /** Position of the next byte. */
  get position(): number {
    return this.#position;
  }

  /** All bytes before this position were handed to the sink, or taken back. */
  get flushed(): number {
    return this.#flushed;
  }

  /** Bytes that wait for a flush. */
  get queued(): number {
    return this.#closedBytes + (this.#end - this.#start);
  }

  /** The sink holds bytes that the system has not taken yet. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Makes room for `count` bytes in a row in `bytes`, and returns the offset to write them at. `commit` follows. */
  reserve(count: number): number {
    if (this.#end + count > this.bytes.length) {
      this.#close();
      const room = Math.max(this.#slabBytes, count);
      this.bytes = this.#sink.allocate?.(room) ?? new Uint8Array(room);
      this.#start = this.#end = 0;
    }
    return this.#end;
  }

  /** `count` bytes were written at the offset that `reserve` gave. */
  commit(count: number): void {
    this.#end += count;
    this.#position += count;
  }

  /** Appends a large chunk by reference: it must not change until it has left. */
  appendShared(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#close();
    this.#closed.push({ bytes: chunk, start: 0, end: chunk.length, position: this.#position });
    this.#closedBytes += chunk.length;
    this.#position += chunk.length;
  }

  /** Takes the bytes `[from, to)` back. False when any of them has left. */
  withdraw(from: number, to: number): boolean {
    if (from < this.#flushed) return false;
    this.#close();
    const segments = this.#closed;
    // From the young end: many are given up at once, the youngest first.
    let first = segments.length;
    while (first > 0 && endOf(segments[first - 1] as Segment) > from) first -= 1;
    const kept: Segment[] = [];
    let past = first;
    for (; past < segments.length; past += 1) {
      const segment = segments[past] as Segment;
      if (segment.position >= to) break;
      const end = endOf(segment);
      const before = from - segment.position;
      if (before > 0) kept.push({ ...segment, end: segment.start + before });
      const after = end - to;
      if (after > 0) kept.push({ bytes: segment.bytes, start: segment.end - after, end: segment.end, position: to });
      this.#closedBytes -= Math.min(end, to) - Math.max(segment.position, from);
    }
    segments.splice(first, past - first, ...kept);
    return true;
  }

  /** Hands everything that waits to the sink in one write, unless the sink still holds earlier bytes. */
  flush(): void {
    if (this.#busy || this.queued === 0) return;
    // Everything is as if it had left before the sink is called: what is written meanwhile comes behind.
    this.#flushed = this.#position;
    const taken = this.#closed.length === 0 ? this.#writeSlab() : this.#writeAll();
    this.#busy = !taken;
    if (taken && this.queued === 0) this.#rewind();
  }

  /** The sink holds nothing any more. */
  onDrain(): void {
    this.#busy = false;
    if (this.queued === 0) this.#rewind();
    else this.flush();
  }

  #writeSlab(): boolean {
    const chunk = this.bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return this.#sink.write(chunk);
  }

  #writeAll(): boolean {
    this.#close();
    const chunks = this.#closed.map((segment) => segment.bytes.subarray(segment.start, segment.end));
    this.#closed = [];
    this.#closedBytes = 0;
    const only = chunks.length === 1 ? chunks[0] : undefined;
    return only ? this.#sink.write(only) : this.#sink.writeAll(chunks);
  }

  /** Nobody reads this memory any more: it is used again, unless one large request asked for more than usual. */
  #rewind(): void {
    this.#start = this.#end = 0;
    if (this.bytes.length > this.#slabBytes) this.bytes = noBytes;
  }

  #close(): void {
    if (this.#end === this.#start) return;
    const count = this.#end - this.#start;
    this.#closed.push({ bytes: this.bytes, start: this.#start, end: this.#end, position: this.#position - count });
    this.#closedBytes += count;
    this.#start = this.#end;
  }
}
