/** As much of Redis as the cases ask for, in this process. It reads and writes RESP3 by itself, with none of ours. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { certificate, privateKey } from '../support/streams.ts';

export interface RespStoreOptions {
  /** Asked for with HELLO. Default: nobody is. */
  readonly password?: string;
  readonly tls?: boolean;
}

export class RespStore {
  readonly port: number;
  readonly strings = new Map<string, Buffer>();
  readonly lists = new Map<string, Buffer[]>();
  /** Who waits for something in a list. */
  readonly waiting = new Map<string, Visitor[]>();
  readonly visitors = new Set<Visitor>();
  readonly password: string | undefined;
  readonly #server: Server;

  static async listen(options: RespStoreOptions = {}): Promise<RespStore> {
    const server = options.tls ? createTlsServer({ key: privateKey, cert: certificate }) : createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RespStore(server, options);
  }

  private constructor(server: Server, { password, tls }: RespStoreOptions) {
    this.#server = server;
    this.password = password;
    this.port = (server.address() as AddressInfo).port;
    let id = 0;
    server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
      id += 1;
      this.visitors.add(new Visitor(id, socket, this));
    });
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const visitor of this.visitors) visitor.socket.destroy();
    await closed;
  }
}

/** One connection. */
class Visitor {
  readonly id: number;
  readonly socket: Socket;
  readonly #store: RespStore;
  readonly #channels = new Set<string>();
  #received: Buffer = Buffer.alloc(0);
  #queued: Buffer[][] | undefined;
  #known: boolean;
  /** Waits for a list: what comes behind that waits, too. */
  #blocked = false;

  constructor(id: number, socket: Socket, store: RespStore) {
    this.id = id;
    this.socket = socket;
    this.#store = store;
    this.#known = store.password === undefined;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', () => {});
    socket.on('close', () => store.visitors.delete(this));
  }

  /** What was pushed into a list that it waits for. False when it is gone. */
  take(list: string, value: Buffer): boolean {
    if (this.socket.destroyed) return false;
    this.socket.write(array([blob(list), blob(value)]));
    this.#blocked = false;
    this.#onData(Buffer.alloc(0));
    return true;
  }

  #onData(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (!this.#blocked) {
      const command = readCommand(this.#received);
      if (!command) return;
      this.#received = this.#received.subarray(command.end);
      const answer = this.#onCommand(command.parts);
      if (answer !== undefined) this.socket.write(answer);
    }
  }

  #onCommand(parts: Buffer[]): Buffer | string | undefined {
    const name = String(parts[0]).toUpperCase();
    if (!this.#known && name !== 'HELLO') return '-NOAUTH Authentication required.\r\n';
    if (this.#queued && name !== 'EXEC') {
      this.#queued.push(parts);
      return '+QUEUED\r\n';
    }
    return this.#run(name, parts.slice(1));
  }

  #run(name: string, args: Buffer[]): Buffer | string | undefined {
    const { strings, lists } = this.#store;
    const key = String(args[0] ?? '');
    const value = args[1] ?? Buffer.alloc(0);
    switch (name) {
      case 'HELLO':
        return this.#hello(args.map(String));
      case 'PING':
        return '+PONG\r\n';
      case 'GET':
        return blob(strings.get(key));
      case 'SET':
        strings.set(key, value);
        return '+OK\r\n';
      case 'DEL':
        return `:${Number(strings.delete(key)) + Number(lists.delete(key))}\r\n`;
      case 'INCR':
        return this.#increment(key);
      case 'MULTI':
        this.#queued = [];
        return '+OK\r\n';
      case 'EXEC':
        return this.#execute();
      case 'LPUSH':
        return this.#push(key, value);
      case 'BLPOP':
        return this.#pop(key);
      case 'SUBSCRIBE':
        this.#channels.add(key);
        return `>3\r\n$9\r\nsubscribe\r\n$${Buffer.byteLength(key)}\r\n${key}\r\n:${this.#channels.size}\r\n`;
      case 'UNSUBSCRIBE':
        this.#channels.delete(key);
        return `>3\r\n$11\r\nunsubscribe\r\n$${Buffer.byteLength(key)}\r\n${key}\r\n:${this.#channels.size}\r\n`;
      case 'PUBLISH':
        return this.#publish(key, value);
      case 'CLIENT':
        return this.#client(args.map(String));
      default:
        return `-ERR unknown command '${name}'\r\n`;
    }
  }

  #hello([version, , user, password]: readonly string[]): string {
    if (version !== '3') return '-NOPROTO sorry, this protocol version is not supported.\r\n';
    // Where none is asked for, any password will do.
    const wrong = user !== 'default' || password !== (this.#store.password ?? password);
    if (user !== undefined && wrong) return '-WRONGPASS invalid username-password pair\r\n';
    if (user !== undefined) this.#known = true;
    return this.#known
      ? '%1\r\n$5\r\nproto\r\n:3\r\n'
      : '-NOAUTH HELLO must be called with the client authenticated\r\n';
  }

  #increment(key: string): string {
    const number = Number(this.#store.strings.get(key) ?? 0) + 1;
    if (Number.isNaN(number)) return '-ERR value is not an integer or out of range\r\n';
    this.#store.strings.set(key, Buffer.from(String(number)));
    return `:${number}\r\n`;
  }

  #execute(): Buffer | string {
    const queued = this.#queued;
    this.#queued = undefined;
    if (!queued) return '-ERR EXEC without MULTI\r\n';
    return array(queued.map(([name, ...args]) => Buffer.from(this.#run(String(name).toUpperCase(), args) ?? '')));
  }

  #push(key: string, value: Buffer): string {
    for (const visitor of this.#store.waiting.get(key)?.splice(0, 1) ?? [])
      if (visitor.take(key, value)) return ':1\r\n';
    const list = this.#store.lists.get(key) ?? [];
    this.#store.lists.set(key, [value, ...list]);
    return `:${list.length + 1}\r\n`;
  }

  #pop(key: string): Buffer | undefined {
    const value = this.#store.lists.get(key)?.shift();
    if (value) return array([blob(key), blob(value)]);
    this.#blocked = true;
    this.#store.waiting.set(key, [...(this.#store.waiting.get(key) ?? []), this]);
    return undefined;
  }

  #publish(channel: string, message: Buffer): string {
    const readers = [...this.#store.visitors].filter((visitor) => visitor.#channels.has(channel));
    const push = Buffer.concat([Buffer.from('>3\r\n'), blob('message'), blob(channel), blob(message)]);
    for (const reader of readers) reader.socket.write(push);
    return `:${readers.length}\r\n`;
  }

  #client([what, how, id]: readonly string[]): string {
    if (what === 'ID') return `:${this.id}\r\n`;
    if (what !== 'KILL' || how !== 'ID') return '-ERR syntax error\r\n';
    const victim = [...this.#store.visitors].find((visitor) => visitor.id === Number(id));
    victim?.socket.destroy();
    return `:${victim ? 1 : 0}\r\n`;
  }
}

function blob(value: Buffer | string | undefined): Buffer {
  if (value === undefined) return Buffer.from('_\r\n');
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]);
}

function array(items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...items]);
}

/** The first command, if it is whole; its parts are copies. */
function readCommand(bytes: Buffer): { readonly parts: Buffer[]; readonly end: number } | undefined {
  const head = readNumber(bytes, 0);
  if (!head) return undefined;
  const parts: Buffer[] = [];
  let { end } = head;
  for (let left = head.value; left > 0; left -= 1) {
    const size = readNumber(bytes, end);
    if (!size || size.end + size.value + 2 > bytes.length) return undefined;
    parts.push(Buffer.from(bytes.subarray(size.end, size.end + size.value)));
    end = size.end + size.value + 2;
  }
  return { parts, end };
}

/** What stands between a `*` or `$` and the end of its line. */
function readNumber(bytes: Buffer, at: number): { readonly value: number; readonly end: number } | undefined {
  const line = bytes.indexOf('\r\n', at);
  return line === -1 ? undefined : { value: Number(bytes.toString('latin1', at + 1, line)), end: line + 2 };
}
