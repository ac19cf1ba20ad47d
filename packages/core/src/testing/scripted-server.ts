/** A server on a real socket whose connections are played by a test, step by step. */

/// <reference lib="esnext.disposable" preserve="true" />

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { ScriptError } from './script-error.ts';
import { ScriptedConnection } from './scripted-connection.ts';

export interface ScriptedServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: one that is free. */
  readonly port?: number;
  /** A unix path instead of host and port. */
  readonly path?: string;
  /** Speaks TLS with this certificate (PEM). */
  readonly tls?: { readonly key: string | Uint8Array; readonly cert: string | Uint8Array };
  /** Plays every connection as it comes. What it throws ends the connection, and is thrown again by `close`. */
  readonly script?: (connection: ScriptedConnection) => Promise<void>;
}

export class ScriptedServer {
  /** Where to dial; for TLS on the host, `localhost` may be what the certificate names. */
  readonly target: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly #server: Server;
  readonly #options: ScriptedServerOptions;
  readonly #connections: ScriptedConnection[] = [];
  readonly #sockets = new Set<Socket>();
  /** Below TLS, by the client's address: what a reset is sent on. */
  readonly #carriers = new Map<string, Socket>();
  #unaccepted: ScriptedConnection[] = [];
  #acceptors: { resolve(connection: ScriptedConnection): void; reject(error: Error): void }[] = [];
  #failures: unknown[] = [];
  #closed = false;

  /** Starts to listen. @throws the system's error when the address cannot be had */
  static async listen(options: ScriptedServerOptions = {}): Promise<ScriptedServer> {
    const common = { allowHalfOpen: true, noDelay: true };
    const tls = options.tls && (await import('node:tls'));
    const server = tls ? tls.createServer({ ...common, ...(options.tls as object) }) : createServer(common);
    if (options.path !== undefined) server.listen(options.path);
    else server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedServer(server, options);
  }

  private constructor(server: object, options: ScriptedServerOptions) {
    this.#server = server as Server;
    this.#options = options;
    const host = options.host ?? '127.0.0.1';
    this.target =
      options.path === undefined
        ? { host, port: (this.#server.address() as AddressInfo).port }
        : { path: options.path };
    this.#server.on('connection', (carrier: Socket) => this.#onCarrier(carrier));
    this.#server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => this.#onSocket(socket));
  }

  /** The port that it listens on; 0 on a unix path. */
  get port(): number {
    return 'port' in this.target ? this.target.port : 0;
  }

  /** All connections so far, oldest first. */
  get connections(): readonly ScriptedConnection[] {
    return this.#connections;
  }

  /** The next connection that was not accepted yet. @throws ScriptError when the server is closed before it comes */
  accept(): Promise<ScriptedConnection> {
    const connection = this.#unaccepted.shift();
    if (connection) return Promise.resolve(connection);
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => this.#acceptors.push({ resolve, reject }));
  }

  /** Accepts connection after connection, until the server is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ScriptedConnection, void, undefined> {
    for (;;) {
      const next = await this.accept().catch(() => undefined);
      if (!next) return;
      yield next;
    }
  }

  /** Takes no more connections: dials are refused. Those that it has go on. */
  stopListening(): void {
    this.#closed = true;
    this.#server.close();
    for (const { reject } of this.#acceptors.splice(0)) reject(closedError());
  }

  /** Ends everything. @throws the first error that a script threw before */
  async close(): Promise<void> {
    const isListening = this.#server.listening;
    const stopped = isListening || this.#sockets.size > 0 ? once(this.#server, 'close') : undefined;
    const failures = this.#failures;
    this.#failures = [];
    this.stopListening();
    for (const socket of this.#sockets) socket.destroy();
    await stopped;
    for (const connection of this.#connections) await connection.untilClosed();
    if (failures.length > 0) throw failures[0];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #onCarrier(carrier: Socket): void {
    this.#sockets.add(carrier);
    carrier.on('close', () => this.#sockets.delete(carrier));
    carrier.on('error', () => {});
    if (this.#closed) carrier.destroy();
    const key = addressOf(carrier);
    this.#carriers.set(key, carrier);
    carrier.on('close', () => {
      if (this.#carriers.get(key) === carrier) this.#carriers.delete(key);
    });
  }

  #onSocket(socket: Socket): void {
    // On a unix path, clients have no address; nor is there a reset.
    const isOverTls = this.#options.tls !== undefined && socket.remoteAddress !== undefined;
    const carrier = isOverTls ? (this.#carriers.get(addressOf(socket)) ?? socket) : socket;
    const connection = new ScriptedConnection(this.#connections.length + 1, socket, carrier);
    this.#connections.push(connection);
    const acceptor = this.#acceptors.shift();
    if (acceptor) acceptor.resolve(connection);
    else this.#unaccepted.push(connection);
    void this.#play(connection);
  }

  async #play(connection: ScriptedConnection): Promise<void> {
    try {
      await this.#options.script?.(connection);
    } catch (error) {
      // That the script misses its connection when the server ends it is no failure.
      if (!this.#closed) this.#failures.push(error);
      connection.destroy();
    }
  }
}

function addressOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}

function closedError(): ScriptError {
  return new ScriptError('the scripted server is closed');
}
