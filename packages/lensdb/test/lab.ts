/** A whole client on virtual time and a virtual network, with servers that are a function each. */

import type { NetSocket, SocketHandler } from '@wirewright/core/socket';
import { createFakePorts, type FakePorts, VirtualNet, type VirtualLink } from '@wirewright/core/testing';
import { ConnectionPool, type ConnectionPoolOptions, LensDBClient, type LensDBOptions } from '../src/index.ts';

/** What a server does with one read. Called for each delivery: servers that take a read for a request need no more. */
export type Behaviour = (peer: Peer) => ((bytes: Uint8Array) => void) | void;

/** The server's side of one connection. */
export class Peer implements SocketHandler {
  /** Counts the connections of a lab, from 1. */
  readonly number: number;
  readonly link: VirtualLink;
  /** What came, a chunk for each delivery. */
  readonly received: Uint8Array[] = [];
  /** The client has finished sending. */
  ended = false;
  closed = false;
  readonly #onBytes: (bytes: Uint8Array) => void;

  constructor(number: number, link: VirtualLink, behaviour: Behaviour) {
    this.number = number;
    this.link = link;
    this.#onBytes = behaviour(this) ?? (() => {});
  }

  /** One write for each chunk. */
  send(...chunks: Uint8Array[]): void {
    for (const chunk of chunks) this.link.server.write(chunk);
  }

  end(): void {
    this.link.server.end();
  }

  onOpen(): void {}

  onData(buffer: Uint8Array, length: number): void {
    const bytes = buffer.slice(0, length);
    this.received.push(bytes);
    this.#onBytes(bytes);
  }

  onDrain(): void {}

  onEnd(): void {
    this.ended = true;
  }

  onClose(): void {
    this.closed = true;
  }
}

/** Bytes that a client handed to a socket in one call. */
export interface Written {
  readonly connection: number;
  readonly bytes: Uint8Array;
}

export class Lab {
  readonly ports: FakePorts = createFakePorts();
  readonly net: VirtualNet;
  /** Connections that a server has taken, in order. */
  readonly peers: Peer[] = [];
  /** Each write of a client, in order. */
  readonly writes: Written[] = [];

  constructor() {
    const latency = { latencyMs: [1, 1] } as const;
    this.net = new VirtualNet({ ...this.ports, up: latency, down: latency });
  }

  get now(): number {
    return this.ports.clock.now();
  }

  /** Serves an address, by default the one that a client dials by default. */
  serve(behaviour: Behaviour, address = { host: '127.0.0.1', port: 8080 }): { close(): void } {
    return this.net.listen(address, (link) => {
      const peer = new Peer(this.peers.length + 1, link, behaviour);
      this.peers.push(peer);
      return peer;
    });
  }

  /** Options that put a client into this lab. */
  options<O extends LensDBOptions>(options: O): O {
    const { clock, random, turns } = this.ports;
    return { runtime: { clock, random, turns, net: this.#recording() }, ...options };
  }

  client(options: LensDBOptions = {}): LensDBClient {
    return new LensDBClient(this.options(options));
  }

  pool(options: ConnectionPoolOptions = {}): ConnectionPool {
    return new ConnectionPool(this.options(options));
  }

  /** Lets virtual time run until `promise` has settled. @throws Error when nothing is left that could settle it */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = promise.finally(() => (settled = true));
    done.catch(() => {});
    const { clock } = this.ports;
    for (;;) {
      await clock.advance(0);
      if (settled) return await done;
      const next = clock.nextAt;
      if (next === undefined || next === Infinity) throw new Error('the promise waits for something that never comes');
      await clock.advance(Math.max(0, next - clock.now()));
    }
  }

  /** The error that `promise` rejects with; lets virtual time run. */
  failure(promise: Promise<unknown>): Promise<unknown> {
    return this.run(rejection(promise));
  }

  advance(ms: number): Promise<void> {
    return this.ports.clock.advance(ms);
  }

  /** The network, with each write noted down. */
  #recording(): { dial: VirtualNet['dial'] } {
    return {
      dial: (options, handler) => {
        const socket = this.net.dial(options, handler);
        const connection = this.net.dials;
        const note = (chunk: Uint8Array): void => {
          this.writes.push({ connection, bytes: chunk.slice() });
        };
        return new Proxy(socket, {
          get: (target, name: keyof NetSocket) => {
            if (name === 'write') return (chunk: Uint8Array) => (note(chunk), target.write(chunk));
            const value: unknown = target[name];
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          },
        });
      },
    };
  }
}

/** The error that `promise` rejects with. */
export function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`expected an error, got ${String(value)}`);
    },
    (error: unknown) => error,
  );
}
