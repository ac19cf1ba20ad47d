/**
 * The floor: the least that a client on this wire has to do. It sends requests that were encoded before, one write a
 * turn, reads into a static buffer, finds where answers end, copies each of them and settles one promise for it. No
 * deadline, no errors, no reconnect.
 */

import type { Socket } from 'node:net';
import { dial, type FloorAddress } from './dial.ts';

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
  /** The request to be sent next. */
  #next = 0;
  /** What this turn sends. */
  #out: Uint8Array;
  #used = 0;
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
    this.#out = this.#makeOut();
  }

  /** Sends the next request. @returns its answer, in memory of its own */
  readonly call = (): Promise<Uint8Array> => {
    const { requests } = this.#options;
    const request = requests[this.#next] as Uint8Array;
    this.#next = this.#next + 1 < requests.length ? this.#next + 1 : 0;
    if (this.#used === 0) process.nextTick(this.#flush);
    this.#out.set(request, this.#used);
    this.#used += request.length;
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
    const socket = this.#socket as Socket;
    socket.write(this.#out.subarray(0, this.#used));
    this.#used = 0;
    // The socket still reads what the system did not take at once.
    if (socket.writableLength > 0) this.#out = this.#makeOut();
  };

  #makeOut(): Uint8Array {
    return new Uint8Array(capacity * (this.#options.requests[0]?.length ?? 0));
  }

  #onData(bytes: Uint8Array, length: number): void {
    let at = this.#carry ? this.#complete(this.#carry, bytes, length) : 0;
    while (at < length) {
      const size = this.#options.frameLength(bytes, at, length);
      if (size === 0 || at + size > length) {
        this.#carry = bytes.slice(at, length);
        return;
      }
      this.#onFrame(bytes, at, at + size);
      at += size;
    }
  }

  /** Joins the beginning of a frame with what is missing of it. @returns where the next frame starts */
  #complete(carry: Uint8Array, bytes: Uint8Array, length: number): number {
    const take = this.#answerBytes === 0 ? length : Math.min(length, this.#answerBytes - carry.length);
    const joined = concat([carry, bytes.subarray(0, take)]);
    const size = this.#options.frameLength(joined, 0, joined.length);
    if (size === 0 || size > joined.length) {
      this.#carry = joined;
      return length;
    }
    this.#carry = undefined;
    this.#onFrame(joined, 0, size);
    return size - carry.length;
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
