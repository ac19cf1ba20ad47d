/** The server's end of one real connection, played by a test: read, write, end, reset, each awaited by events. */

import type { Socket } from 'node:net';
import type { FrameMeter } from '../kit/framing/meter.ts';
import { resetSocket, turnOfEventLoop } from './event-loop.ts';
import { ScriptError } from './script-error.ts';

interface Wait {
  /** For the message, when it cannot be any more: "4 bytes". */
  readonly what: string;
  /** Whether it has come true; settles the promise then. */
  attempt(): boolean;
  reject(error: Error): void;
  /** It may still come true after the client has finished sending. */
  readonly outlivesEnd: boolean;
}

export class ScriptedConnection {
  /** Counts the connections of its server, from 1. */
  readonly number: number;
  readonly #socket: Socket;
  /** Sends the reset: the TCP socket below TLS. */
  readonly #carrier: Socket;
  #bytes: Uint8Array = new Uint8Array(1024);
  #length = 0;
  #consumed = 0;
  #ended = false;
  #error: Error | undefined;
  #closed = false;
  #waits: Wait[] = [];

  /** Made by `ScriptedServer`. */
  constructor(number: number, socket: object, carrier: object) {
    this.number = number;
    this.#socket = socket as Socket;
    this.#carrier = carrier as Socket;
    this.#socket.on('data', (chunk: Uint8Array) => this.#append(chunk));
    this.#socket.on('end', () => {
      this.#ended = true;
      this.#look();
    });
    this.#socket.on('error', (error: Error) => (this.#error ??= error));
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#look();
    });
  }

  /** Everything received so far, whether it was read or not: a copy. */
  get received(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** How many bytes were received and not read. */
  get unread(): number {
    return this.#length - this.#consumed;
  }

  /** The client has finished sending. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The client has cut the connection with a reset. */
  get wasReset(): boolean {
    return (this.#error as { code?: unknown } | undefined)?.code === 'ECONNRESET';
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The next `count` bytes. @throws ScriptError when the connection ends before */
  read(count: number): Promise<Uint8Array> {
    return this.readUntil(() => count, `${count} bytes`);
  }

  /** What there is, at least a byte. @throws ScriptError when the connection ends before */
  readSome(): Promise<Uint8Array> {
    return this.readUntil((bytes) => bytes.length, 'a byte');
  }

  /** The next frame, whole. @throws ScriptError when the connection ends before; what the meter throws */
  readFrame(meter: FrameMeter): Promise<Uint8Array> {
    return this.readUntil((bytes) => meter.measure(bytes, 0, bytes.length), 'a frame');
  }

  /**
   * The next bytes, as many as `measure` says when it is shown all that is unread: 0 while it cannot tell, or more
   * than there is, waits for more.
   *
   * @param what what is waited for, to be told when it does not come
   * @throws ScriptError when the connection ends before; what `measure` throws
   */
  readUntil(measure: (bytes: Uint8Array) => number, what: string = 'bytes'): Promise<Uint8Array> {
    return this.#wait(what, () => {
      const unread = this.#bytes.subarray(this.#consumed, this.#length);
      const count = unread.length > 0 ? measure(unread) : 0;
      if (count <= 0 || count > unread.length) return undefined;
      this.#consumed += count;
      return unread.slice(0, count);
    });
  }

  /**
   * Reads as many bytes as `expected` has, and compares.
   *
   * @throws ScriptError that says where they differ; the bytes are in its `expected` and `actual`
   */
  async expect(expected: Uint8Array): Promise<void> {
    if (expected.length === 0) return;
    const actual = await this.readUntil((bytes) => {
      const count = Math.min(expected.length, bytes.length);
      return count === expected.length || firstDifference(expected, bytes) >= 0 ? count : 0;
    }, `${expected.length} expected bytes`);
    const at = firstDifference(expected, actual);
    if (at < 0) return;
    const error = new ScriptError(
      `connection ${this.number}: byte ${at} of ${expected.length} is not the expected one ` +
        `(at ${this.#consumed - actual.length + at} of the connection)`,
    );
    // Not enumerable: they are the client's data, and may be secret.
    Object.defineProperties(error, { expected: { value: expected }, actual: { value: actual } });
    throw error;
  }

  /** Waits until the client has finished sending, and reads nothing. @throws ScriptError when it is lost before */
  async readEnd(): Promise<void> {
    await this.#wait('the end', () => this.#ended || undefined);
  }

  /** Waits until the connection is closed, by whomever. */
  async untilClosed(): Promise<void> {
    await this.#wait('the close', () => this.#closed || undefined, true);
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /**
   * Sends `bytes` in pieces of these sizes (a number: all of that size; the rest after a list goes as one), so that
   * a client in this process receives each on its own: the event loop turns in between.
   */
  async writePieces(bytes: Uint8Array, sizes: number | readonly number[]): Promise<void> {
    let from = 0;
    for (let index = 0; from < bytes.length; index += 1) {
      const size = typeof sizes === 'number' ? sizes : (sizes[index] ?? bytes.length);
      const piece = bytes.subarray(from, from + Math.max(1, size));
      await new Promise<void>((resolve) => this.#socket.write(piece, () => resolve()));
      await turnOfEventLoop();
      from += piece.length;
    }
  }

  /** Finishes sending; the client may go on. */
  end(): void {
    this.#socket.end();
  }

  /** Cuts the connection with a reset. On a unix socket, which has none, it closes. */
  reset(): void {
    // The carrier knows nothing of TLS: closing it must not look like the end of a stream.
    resetSocket(this.#carrier);
  }

  /** Closes both directions, in order, as soon as the system has taken what was written. */
  close(): void {
    this.#socket.destroySoon();
  }

  /** Closes both directions at once: what the system has not taken is lost. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Reads no more, until `resume`: the client's writes fill up. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
    this.#look();
  }

  /** Settles with the first result of `attempt` that is not undefined; waits that came earlier go first. */
  #wait<T>(what: string, attempt: () => T | undefined, outlivesEnd = false): Promise<T> {
    return new Promise((resolve, reject) => {
      const tryIt = (): boolean => {
        const result = attempt();
        if (result !== undefined) resolve(result);
        return result !== undefined;
      };
      this.#waits.push({ what, attempt: tryIt, reject, outlivesEnd });
      this.#look();
    });
  }

  #look(): void {
    for (let wait = this.#waits[0]; wait; wait = this.#waits[0]) {
      try {
        if (!wait.attempt()) {
          if (!this.#isOver(wait)) return;
          wait.reject(this.#missed(wait));
        }
      } catch (error) {
        wait.reject(error as Error);
      }
      this.#waits.shift();
    }
  }

  /** Whether nothing can come any more that a wait could be for. */
  #isOver(wait: Wait): boolean {
    return this.#closed || (this.#ended && !wait.outlivesEnd);
  }

  #missed({ what }: Wait): ScriptError {
    const code = (this.#error as { code?: string } | undefined)?.code;
    const how = this.#error ? `was lost (${code ?? this.#error.message})` : this.#closed ? 'is closed' : 'ended';
    return new ScriptError(
      `connection ${this.number}: waited for ${what}, but it ${how} with ${this.unread} bytes unread ` +
        `of ${this.#length} received`,
    );
  }
}

function firstDifference(expected: Uint8Array, actual: Uint8Array): number {
  const count = Math.min(expected.length, actual.length);
  for (let at = 0; at < count; at += 1) if (expected[at] !== actual[at]) return at;
  return -1;
}
