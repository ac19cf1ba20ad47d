/** A byte stream that a user's `socket` factory brought, made to keep the promises of Node's own sockets. */

import type { ByteStream } from '../endpoint.ts';

/** What `NodeSocket` needs of a stream; Node's sockets have it. */
export interface StreamLike {
  write(chunk: Uint8Array, callback?: () => void): boolean;
  /** Bytes that were written and that the system has not taken. */
  readonly writableLength: number;
  cork(): void;
  uncork(): void;
  end(): unknown;
  destroy(): unknown;
  pause(): unknown;
  resume(): unknown;
  ref?(): unknown;
  unref?(): unknown;
  on(event: string, listener: (...args: never[]) => void): unknown;
}

type Callback = () => void;

/**
 * Adds two things. Written memory may be reused by its owner, while a stream may pass on the very same object:
 * chunks are copied. And the end is told once, after `destroy` or an error, also where the stream would never
 * emit 'close'.
 */
export class ForeignStream implements StreamLike {
  readonly #stream: ByteStream;
  /** Written, and not called back yet. */
  #pendingBytes = 0;
  #full = false;
  #onClose: Callback | undefined;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    stream.on('close', () => this.#closed());
    stream.on('error', () => this.destroy());
  }

  get writableLength(): number {
    return this.#full ? this.#pendingBytes : 0;
  }

  write(chunk: Uint8Array, callback?: Callback): boolean {
    const { length } = chunk;
    this.#pendingBytes += length;
    // Not `slice`: of a `Buffer` that is the same memory.
    const hasRoom = this.#stream.write(new Uint8Array(chunk), () => {
      this.#pendingBytes -= length;
      if (this.#pendingBytes === 0) this.#full = false;
      callback?.();
    });
    if (!hasRoom && this.#pendingBytes > 0) this.#full = true;
    return hasRoom;
  }

  cork(): void {
    (this.#stream as Partial<StreamLike>).cork?.();
  }

  uncork(): void {
    (this.#stream as Partial<StreamLike>).uncork?.();
  }

  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
    process.nextTick(() => this.#closed());
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  ref(): void {
    (this.#stream as Partial<StreamLike>).ref?.();
  }

  unref(): void {
    (this.#stream as Partial<StreamLike>).unref?.();
  }

  on(event: string, listener: (...args: never[]) => void): void {
    if (event === 'close') this.#onClose = listener;
    else this.#stream.on(event, listener);
  }

  #closed(): void {
    const onClose = this.#onClose;
    this.#onClose = undefined;
    onClose?.();
  }
}
