/** Sockets that do what a test says, and nothing by themselves. */

import type { DialOptions, Net, NetSocket, SocketHandler } from '../../src/socket/net.ts';

export class PuppetSocket implements NetSocket {
  readonly options: DialOptions;
  readonly handler: SocketHandler;
  /** Whether the system takes at once what is written. */
  taking = true;
  sent = '';
  /** What was called, in order. */
  readonly log: string[] = [];
  #held: Uint8Array[] = [];
  #ended = false;

  constructor(options: DialOptions, handler: SocketHandler) {
    this.options = options;
    this.handler = handler;
  }

  get destroyed(): boolean {
    return this.log.includes('destroy');
  }

  write(chunk: Uint8Array): boolean {
    return this.writeAll([chunk]);
  }

  writeAll(chunks: readonly Uint8Array[]): boolean {
    if (this.#ended) throw new Error('write() after end()');
    this.#held.push(...chunks);
    this.log.push(`write ${chunks.reduce((sum, { length }) => sum + length, 0)}`);
    if (this.taking) this.#take();
    return this.taking;
  }

  /** The system takes what it held. */
  drain(): void {
    this.#take();
    this.handler.onDrain();
  }

  receive(text: string): void {
    const buffer = new Uint8Array(64).fill(0xee);
    buffer.set(Buffer.from(text));
    this.handler.onData(buffer, text.length);
  }

  end(): void {
    this.#ended = true;
    this.log.push('end');
  }

  destroy(): void {
    this.log.push('destroy');
  }

  pause(): void {
    this.log.push('pause');
  }

  resume(): void {
    this.log.push('resume');
  }

  ref(): void {
    this.log.push('ref');
  }

  unref(): void {
    this.log.push('unref');
  }

  #take(): void {
    for (const chunk of this.#held.splice(0)) this.sent += Buffer.from(chunk).toString('latin1');
  }
}

export class PuppetNet implements Net {
  readonly sockets: PuppetSocket[] = [];

  dial(options: DialOptions, handler: SocketHandler): PuppetSocket {
    const socket = new PuppetSocket(options, handler);
    this.sockets.push(socket);
    return socket;
  }
}
