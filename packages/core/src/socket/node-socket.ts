/** One stream of Node's behind the `NetSocket` port: its many events become the handler's five calls. */

import type { NetSocket, SocketHandler } from './net.ts';
import type { StreamLike } from './node-foreign-stream.ts';

const nothing = new Uint8Array(0);

export class NodeSocket implements NetSocket {
  readonly #handler: SocketHandler;
  #stream: StreamLike | undefined;
  /** The system nearly always takes what is written to it at once: no callback is asked for then. */
  #plain = false;
  #state: 'opening' | 'open' | 'destroyed' | 'closed' = 'opening';
  #error: Error | undefined;
  #refed = true;
  #ended = false;
  #paused = false;
  /** Bytes were written that the system has not taken yet: `onDrain` is owed. */
  #undrained = false;
  /** What came in before the stream was up, or although reading was paused: TLS decrypts all that it has. */
  #held: Uint8Array[] = [];
  #endHeld = false;

  constructor(handler: SocketHandler) {
    this.#handler = handler;
  }

  /** Whether the owner has let go of it already. */
  get destroyed(): boolean {
    return this.#state === 'destroyed' || this.#state === 'closed';
  }

  /**
   * Gives the socket its stream.
   *
   * @param openEvent what the stream emits when it is up; none when it is
   * @param plain a TCP or unix socket of the platform, with nothing between it and the system
   */
  attach(stream: StreamLike, openEvent: 'connect' | 'secureConnect' | undefined, plain = false): void {
    this.#stream = stream;
    this.#plain = plain;
    stream.on('error', (error: Error) => {
      if (this.#state !== 'destroyed') this.#error ??= error;
    });
    stream.on('close', () => this.#close());
    stream.on('end', () => this.#end());
    if (!this.#refed) stream.unref?.();
    if (openEvent) stream.on(openEvent, () => this.#open());
    else process.nextTick(() => this.#open());
  }

  /** No stream will come. */
  fail(error: unknown): void {
    if (this.#state !== 'opening') return;
    this.#state = 'destroyed';
    this.#error = error instanceof Error ? error : new Error('the socket could not be opened', { cause: error });
    process.nextTick(() => this.#close());
  }

  /** `buffer[0, length)` came in. */
  received(buffer: Uint8Array, length: number): void {
    if (this.destroyed) return;
    if (this.#paused || this.#held.length > 0 || this.#state === 'opening') this.#held.push(buffer.slice(0, length));
    else this.#handler.onData(buffer, length);
  }

  write(chunk: Uint8Array): boolean {
    const stream = this.#writable();
    if (!stream) return false;
    this.#writeTo(stream, chunk);
    return this.#taken(stream);
  }

  writeAll(chunks: readonly Uint8Array[]): boolean {
    const stream = this.#writable();
    if (!stream) return false;
    stream.cork();
    for (const chunk of chunks) this.#writeTo(stream, chunk);
    stream.uncork();
    return this.#taken(stream);
  }

  /** A stream makes a `Buffer` of everything else that it is given, and so of each write. */
  allocate(bytes: number): Uint8Array {
    return Buffer.alloc(bytes);
  }

  end(): void {
    if (this.#ended || this.destroyed) return;
    this.#ended = true;
    if (this.#state === 'open') this.#stream?.end();
  }

  destroy(error?: Error): void {
    if (this.destroyed) return;
    this.#state = 'destroyed';
    this.#error = error;
    this.#held = [];
    if (this.#stream) this.#stream.destroy();
    else process.nextTick(() => this.#close());
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    // A handshake of TLS has to be read: before the stream is open, only the wish is kept.
    if (this.#state === 'open') this.#stream?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#state !== 'open') return;
    if (this.#held.length > 0 || this.#endHeld) process.nextTick(() => this.#releaseHeld());
    else this.#stream?.resume();
  }

  ref(): void {
    this.#refed = true;
    this.#stream?.ref?.();
  }

  unref(): void {
    this.#refed = false;
    this.#stream?.unref?.();
  }

  #writable(): StreamLike | undefined {
    if (this.#state === 'opening') throw new Error('write() before onOpen: the stream is not open yet');
    if (this.#ended) throw new Error('write() after end(): the stream has been finished');
    return this.#state === 'open' ? this.#stream : undefined;
  }

  #writeTo(stream: StreamLike, chunk: Uint8Array): void {
    if (this.#plain) stream.write(chunk);
    else stream.write(chunk, this.#onWritten);
  }

  #taken(stream: StreamLike): boolean {
    if (stream.writableLength === 0) return true;
    this.#undrained = true;
    // Written behind all that waits: the callback comes when the system has taken everything.
    if (this.#plain) stream.write(nothing, this.#onWritten);
    return false;
  }

  readonly #onWritten = (): void => {
    if (!this.#undrained || this.#state !== 'open' || this.#stream?.writableLength !== 0) return;
    this.#undrained = false;
    this.#handler.onDrain();
  };

  #open(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'open';
    if (this.#paused) this.#stream?.pause();
    this.#handler.onOpen();
    // The handler may have finished the stream before it was open, or destroyed it just now.
    if (this.#ended && !this.destroyed) this.#stream?.end();
    if (this.#held.length > 0 || this.#endHeld) this.#releaseHeld();
  }

  #end(): void {
    if (this.destroyed) return;
    if (this.#paused || this.#held.length > 0 || this.#state === 'opening') this.#endHeld = true;
    else this.#handler.onEnd();
  }

  #releaseHeld(): void {
    while (this.#state === 'open' && !this.#paused) {
      const chunk = this.#held.shift();
      if (chunk) this.#handler.onData(chunk, chunk.length);
      else break;
    }
    if (this.#state !== 'open' || this.#paused) return;
    if (this.#endHeld) {
      this.#endHeld = false;
      this.#handler.onEnd();
    } else this.#stream?.resume();
  }

  #close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#held = [];
    this.#handler.onClose(this.#error);
  }
}
