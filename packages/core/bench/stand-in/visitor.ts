/**
 * One connection of a stand-in for Redis, where there is none: strings, publish and subscribe, and as much of a
 * greeting as clients ask for. It serves the benchmark, and nothing else.
 */

import type { Socket } from 'node:net';

const [cr, lineFeed, digit0] = [0x0d, 0x0a, 0x30];
const ok = Buffer.from('+OK\r\n');

export class Visitor {
  readonly #socket: Socket;
  readonly #store: Map<string, Buffer>;
  readonly #subscribers: Map<string, Set<Visitor>>;
  #received: Buffer = Buffer.alloc(0);
  #answers: Buffer[] = [];
  #flushScheduled = false;
  #resp3 = false;

  constructor(socket: Socket, store: Map<string, Buffer>, subscribers: Map<string, Set<Visitor>>) {
    this.#socket = socket;
    this.#store = store;
    this.#subscribers = subscribers;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const visitors of subscribers.values()) visitors.delete(this);
    });
  }

  #onData(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let at = 0;
    for (;;) {
      const command = readCommand(this.#received, at);
      if (!command) break;
      at = command.end;
      this.#do(command.parts);
    }
    this.#received = this.#received.subarray(at);
  }

  #do([name = Buffer.alloc(0), ...args]: readonly Buffer[]): void {
    const [first, second] = args;
    switch (name.toString('latin1').toUpperCase()) {
      case 'GET':
        return this.#blob(this.#store.get(text(first)));
      case 'SET':
        // The chunk that it is a part of would be kept as long as it.
        this.#store.set(text(first), Buffer.from(second ?? ''));
        return this.#answer(ok);
      case 'DEL':
        return this.#number(this.#store.delete(text(first)) ? 1 : 0);
      case 'HELLO':
        this.#resp3 = text(first) === '3';
        return this.#answer(Buffer.from(`${this.#resp3 ? '%' : '*'}1\r\n$5\r\nproto\r\n:${this.#resp3 ? 3 : 2}\r\n`));
      case 'PING':
        return this.#answer(Buffer.from('+PONG\r\n'));
      case 'INFO':
        return this.#blob(Buffer.from('loading:0\r\n'));
      case 'SUBSCRIBE':
        for (const [count, channel] of args.entries()) this.#subscribe(text(channel), count + 1);
        return;
      case 'PUBLISH':
        return this.#number(this.#publish(text(first), second ?? Buffer.alloc(0)));
      default:
        return this.#answer(ok);
    }
  }

  #subscribe(channel: string, count: number): void {
    const visitors = this.#subscribers.get(channel) ?? new Set();
    this.#subscribers.set(channel, visitors.add(this));
    this.#push(Buffer.from('subscribe'), Buffer.from(channel));
    this.#number(count);
  }

  #publish(channel: string, message: Buffer): number {
    const visitors = this.#subscribers.get(channel) ?? new Set<Visitor>();
    for (const visitor of visitors) {
      visitor.#push(Buffer.from('message'), Buffer.from(channel));
      visitor.#blob(message);
    }
    return visitors.size;
  }

  /** The beginning of a push of three values, with the first two. */
  #push(kind: Buffer, channel: Buffer): void {
    this.#answer(Buffer.from(this.#resp3 ? '>3\r\n' : '*3\r\n'));
    this.#blob(kind);
    this.#blob(channel);
  }

  #blob(value: Buffer | undefined): void {
    if (!value) return this.#answer(Buffer.from(this.#resp3 ? '_\r\n' : '$-1\r\n'));
    this.#answer(Buffer.from(`$${value.length}\r\n`));
    this.#answer(value);
    this.#answer(Buffer.from('\r\n'));
  }

  #number(value: number): void {
    this.#answer(Buffer.from(`:${value}\r\n`));
  }

  #answer(bytes: Buffer): void {
    this.#answers.push(bytes);
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    process.nextTick(() => {
      this.#flushScheduled = false;
      this.#socket.write(Buffer.concat(this.#answers));
      this.#answers = [];
    });
  }
}

/** The command that starts at `at`, if it is whole. Its parts are views. */
function readCommand(
  bytes: Buffer,
  at: number,
): { readonly parts: readonly Buffer[]; readonly end: number } | undefined {
  const parts: Buffer[] = [];
  const head = readLength(bytes, at);
  if (!head) return undefined;
  let { end } = head;
  for (let left = head.length; left > 0; left -= 1) {
    const part = readLength(bytes, end);
    if (!part || part.end + part.length + 2 > bytes.length) return undefined;
    parts.push(bytes.subarray(part.end, part.end + part.length));
    end = part.end + part.length + 2;
  }
  return { parts, end };
}

/** The number behind a `*` or a `$`. */
function readLength(bytes: Buffer, at: number): { readonly length: number; readonly end: number } | undefined {
  let length = 0;
  for (let i = at + 1; i < bytes.length - 1; i += 1) {
    if (bytes[i] === cr && bytes[i + 1] === lineFeed) return { length, end: i + 2 };
    length = length * 10 + (bytes[i] ?? 0) - digit0;
  }
  return undefined;
}

function text(bytes: Buffer | undefined): string {
  return bytes?.toString() ?? '';
}
