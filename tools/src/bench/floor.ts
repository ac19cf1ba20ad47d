/**
 * The floor: the least that a client on this wire has to do. It sends requests that were encoded before, one write a
 * turn, reads into a static buffer, finds where answers end, copies each of them and settles one promise for it. No
 * deadline, no errors, no reconnect.
 */

import type { Socket } from 'node:net';
import type { FloorAddress } from './dial.ts';
import { dial } from './dial.ts';

/** The length of the frame that starts at `start`; 0 while `bytes[start, end)` is too short to tell. */
export type FrameLength = (bytes: Uint8Array, start: number, end: number) => number;

export interface FloorOptions {
  readonly address: FloorAddress;
  /** What is sent, over and over: requests of one length. */
  readonly requests: readonly Uint8Array[];
  readonly frameLength: FrameLength;
  /** Every answer has to be this long: an error in its place is found out. */
  readonly answerBytes: number;
  /** Sent first; answered by one frame. */
  readonly greeting?: Uint8Array;
}

/** More than any case has in flight; a power of two. */
const capacity = 1024;

export class Floor {
  readonly #options: FloorOptions;
  /** All requests in a row, and how often one of them was asked for. */
  readonly #encoded: Uint8Array;
  #asked = 0;
  #written = 0;
  #flushScheduled = false;
  readonly #waiting: (((answer: Uint8Array) => void) | undefined)[] = new Array(capacity).fill(undefined);
  #head = 0;
  #tail = 0;
  #answerBytes = 0;
  #carry: Uint8Array | undefined;
  #socket: Socket | undefined;

  static async connect(options: FloorOptions): Promise<Floor> {
    const floor = new Floor(options);
    floor.#socket = await dial(options.address, (bytes, length) => floor.#onData(bytes, length));
    if (options.greeting) await floor.#greet(options.greeting);
    floor.#answerBytes = options.answerBytes;
    return floor;
  }

  private constructor(options: FloorOptions) {
    this.#options = options;
    this.#encoded = concat(options.requests);
  }

  /** Sends the next request. @returns its answer, in memory of its own */
  readonly call = (): Promise<Uint8Array> => {
    this.#asked += 1;
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      process.nextTick(this.#flush);
    }
    return new Promise((resolve) => {
      this.#waiting[this.#tail] = resolve;
      this.#tail = (this.#tail + 1) & (capacity - 1);
    });
  };

  readonly close = (): void => {
    this.#socket?.destroy();
  };

  #greet(greeting: Uint8Array): Promise<Uint8Array> {
    this.#socket?.write(greeting);
    return new Promise((resolve) => {
      this.#waiting[this.#tail] = resolve;
      this.#tail = (this.#tail + 1) & (capacity - 1);
    });
  }

  readonly #flush = (): void => {
    this.#flushScheduled = false;
    const count = this.#options.requests.length;
    const size = this.#encoded.length / count;
    const socket = this.#socket as Socket;
    if (this.#asked - this.#written > 1) socket.cork();
    while (this.#written < this.#asked) {
      const from = this.#written % count;
      const some = Math.min(this.#asked - this.#written, count - from);
      socket.write(this.#encoded.subarray(from * size, (from + some) * size));
      this.#written += some;
    }
    socket.uncork();
  };

  #onData(received: Uint8Array, length: number): void {
    let [bytes, end, at] = [received, length, 0];
    if (this.#carry) {
      bytes = concat([this.#carry, received.subarray(0, length)]);
      end = bytes.length;
      this.#carry = undefined;
    }
    while (at < end) {
      const size = this.#options.frameLength(bytes, at, end);
      if (size === 0 || at + size > end) {
        this.#carry = bytes.slice(at, end);
        return;
      }
      this.#onFrame(bytes, at, at + size);
      at += size;
    }
  }

  #onFrame(bytes: Uint8Array, start: number, end: number): void {
    if (this.#answerBytes !== 0 && end - start !== this.#answerBytes) {
      throw new Error(`an answer of ${end - start} bytes, ${this.#answerBytes} were expected`);
    }
    const settle = this.#waiting[this.#head];
    if (!settle) throw new Error('an answer came that no call waits for');
    this.#waiting[this.#head] = undefined;
    this.#head = (this.#head + 1) & (capacity - 1);
    settle(bytes.slice(start, end));
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
