/** Cuts a stream of received bytes into frames, in place where a frame came whole. */

import type { FrameMeter } from './meter.ts';
import { WireError } from './wire-error.ts';

export interface FrameSink {
  /**
   * One frame, `bytes[start, end)`.
   *
   * Not `owned`: the memory belongs to the socket and is valid inside this call only; what must last is copied.
   * `owned`: the frame arrived in pieces and was put together in memory of its own, which the sink may keep.
   */
  onFrame(bytes: Uint8Array, start: number, end: number, owned: boolean): void;
}

export interface FrameSplitterOptions {
  /** Frames may not be longer, in bytes. Checked before memory for one is taken. */
  readonly maxFrameBytes: number;
}

/** A frame whose length is still unknown grows from this. */
const headBytes = 64;

export class FrameSplitter {
  readonly #meter: FrameMeter;
  readonly #sink: FrameSink;
  readonly #maxFrameBytes: number;
  /** The beginning of a frame that has not come whole. */
  #carry: Uint8Array | undefined;
  #have = 0;
  /** The length of that frame, 0 while unknown. */
  #need = 0;
  #stopped = false;

  /** @throws RangeError when `maxFrameBytes` is no limit. */
  constructor(meter: FrameMeter, sink: FrameSink, options: FrameSplitterOptions) {
    if (!(options.maxFrameBytes >= 1))
      throw new RangeError(`maxFrameBytes must be 1 or more; got ${options.maxFrameBytes}`);
    this.#meter = meter;
    this.#sink = sink;
    this.#maxFrameBytes = options.maxFrameBytes;
  }

  /** Bytes held of a frame that has not come whole. */
  get carried(): number {
    return this.#have;
  }

  /** No more frames, not even from the chunk that is being cut. For a sink that closes its connection. */
  stop(): void {
    this.#stopped = true;
    this.#drop();
  }

  /**
   * Takes the next chunk of the stream, `chunk[0, length)`.
   *
   * @throws WireError when the bytes are no frame, or one longer than `maxFrameBytes`; the stream is lost then.
   */
  push(chunk: Uint8Array, length: number): void {
    let at = this.#carry ? this.#fill(chunk, length) : 0;
    while (at < length && !this.#stopped) {
      const size = this.#measure(chunk, at, length);
      if (size === 0 || at + size > length) {
        this.#keep(chunk, at, length, size);
        return;
      }
      this.#sink.onFrame(chunk, at, at + size, false);
      at += size;
    }
  }

  #measure(bytes: Uint8Array, start: number, end: number): number {
    const size = this.#meter.measure(bytes, start, end);
    if (size > this.#maxFrameBytes) {
      throw new WireError(`a frame of ${size} bytes was announced, maxFrameBytes is ${this.#maxFrameBytes}`);
    }
    if (size > 0 ? Number.isInteger(size) : size === 0) return size;
    throw new WireError(
      `the frame meter told a length of ${size}; a positive integer, or 0 for "not yet", is expected`,
    );
  }

  #keep(chunk: Uint8Array, start: number, end: number, size: number): void {
    const have = end - start;
    if (size === 0) this.#checkUnmeasured(have);
    this.#carry = new Uint8Array(size === 0 ? this.#room(have) : size);
    this.#carry.set(chunk.subarray(start, end));
    this.#have = have;
    this.#need = size;
  }

  /** Memory for a frame of unknown length: twice what there is, as far as a frame may go. */
  #room(have: number): number {
    return Math.min(Math.max(headBytes, have * 2), this.#maxFrameBytes);
  }

  #checkUnmeasured(have: number): void {
    if (have > this.#maxFrameBytes) {
      throw new WireError(`a frame has no end after ${have} bytes, maxFrameBytes is ${this.#maxFrameBytes}`);
    }
  }

  /** Continues the carried frame. Returns where in the chunk the next frame starts. */
  #fill(chunk: Uint8Array, length: number): number {
    let at = 0;
    while (this.#need === 0) {
      if (at === length) return at;
      at = this.#lengthen(chunk, at, length);
      this.#need = this.#measure(this.#carry as Uint8Array, 0, this.#have);
      if (this.#need > 0) at = this.#resize(at);
    }
    const carry = this.#carry as Uint8Array;
    const take = Math.min(this.#need - this.#have, length - at);
    carry.set(chunk.subarray(at, at + take), this.#have);
    this.#have += take;
    if (this.#have < this.#need) return at + take;
    const size = this.#need;
    this.#drop();
    this.#sink.onFrame(carry, 0, size, true);
    return at + take;
  }

  /** Adds some more of the chunk to a frame of unknown length: as much again as there is, so that copying stays linear. */
  #lengthen(chunk: Uint8Array, at: number, length: number): number {
    const carry = this.#carry as Uint8Array;
    const take = Math.min(length - at, Math.max(headBytes, this.#have), this.#maxFrameBytes - this.#have);
    if (take === 0) this.#checkUnmeasured(this.#have + 1);
    if (this.#have + take > carry.length) {
      this.#carry = new Uint8Array(this.#room(this.#have + take));
      this.#carry.set(carry.subarray(0, this.#have));
    }
    (this.#carry as Uint8Array).set(chunk.subarray(at, at + take), this.#have);
    this.#have += take;
    return at + take;
  }

  /** The length is known now: gives back what was taken too much, and makes room for what is missing. */
  #resize(at: number): number {
    const surplus = this.#have - this.#need;
    if (surplus > at) throw new WireError('the frame meter told the end of a frame too late');
    if (surplus > 0) {
      this.#have = this.#need;
      return at - surplus;
    }
    const carry = this.#carry as Uint8Array;
    if (carry.length < this.#need) {
      this.#carry = new Uint8Array(this.#need);
      this.#carry.set(carry.subarray(0, this.#have));
    }
    return at;
  }

  #drop(): void {
    this.#carry = undefined;
    this.#have = this.#need = 0;
  }
}
