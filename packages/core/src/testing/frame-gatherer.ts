/** Cuts a stream into frames, for tools that count them. */

import type { FrameMeter } from '../kit/framing/meter.ts';

export class FrameGatherer {
  readonly #meter: FrameMeter;
  #bytes: Uint8Array = new Uint8Array(0);
  #broken = false;

  constructor(meter: FrameMeter) {
    this.#meter = meter;
  }

  /**
   * Adds what was received, which must not change any more, and returns the frames that are whole now. A stream that
   * the meter throws at is not cut any more: it is returned as it comes.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    let bytes = chunk;
    if (this.#bytes.length > 0) {
      bytes = new Uint8Array(this.#bytes.length + chunk.length);
      bytes.set(this.#bytes);
      bytes.set(chunk, this.#bytes.length);
    }
    const frames: Uint8Array[] = [];
    let from = 0;
    while (from < bytes.length) {
      const length = this.#measure(bytes, from);
      if (length === 0 || from + length > bytes.length) break;
      frames.push(bytes.subarray(from, from + length));
      from += length;
    }
    this.#bytes = bytes.subarray(from);
    return frames;
  }

  /** What is left of a frame that did not become whole. */
  rest(): Uint8Array {
    const rest = this.#bytes;
    this.#bytes = new Uint8Array(0);
    return rest;
  }

  #measure(bytes: Uint8Array, from: number): number {
    if (this.#broken) return bytes.length - from;
    try {
      return this.#meter.measure(bytes, from, bytes.length);
    } catch {
      this.#broken = true;
      return bytes.length - from;
    }
  }
}
