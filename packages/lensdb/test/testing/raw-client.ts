/** A socket that knows nothing of LensDB: what a server is tested with. */

import { connect, type Socket } from 'node:net';

export class RawClient {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #closed: 'eof' | 'reset' | undefined;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('end', () => this.#close('eof'));
    socket.on('error', () => this.#close('reset'));
  }

  static open(to: {
    readonly host: string;
    readonly port: number;
    readonly path?: string | undefined;
  }): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const place = to.path === undefined ? { host: to.host, port: to.port } : { path: to.path };
      const socket = connect({ ...place, allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawClient(socket));
      });
    });
  }

  #close(how: 'eof' | 'reset'): void {
    this.#closed ??= how;
    this.#wake();
  }

  /** Resolves when the bytes have been handed to the system. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => void this.#socket.write(bytes, () => resolve()));
  }

  /** The next `length` bytes. */
  async read(length: number): Promise<Uint8Array> {
    while (this.#received.length < length) {
      if (this.#closed) throw new Error(`closed (${this.#closed}) after ${this.#received.length} of ${length} bytes`);
      await this.#event();
    }
    const bytes = Uint8Array.from(this.#received.subarray(0, length));
    this.#received = this.#received.subarray(length);
    return bytes;
  }

  async ask(bytes: Uint8Array, answerLength: number): Promise<Uint8Array> {
    await this.send(bytes);
    return await this.read(answerLength);
  }

  /** How the server ends the connection. */
  async closed(): Promise<'eof' | 'reset'> {
    while (!this.#closed) await this.#event();
    return this.#closed;
  }

  /** Bytes that have come and were not read. */
  get unread(): number {
    return this.#received.length;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  halfClose(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #event(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
