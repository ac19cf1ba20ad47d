/** What both testing servers share: a listening socket, its connections, and the means to watch and to break them. */

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Clock, systemPorts } from '@wirewright/core';
import { Recorder, type RecordedRequest, type ServerStats } from './recorder.ts';
import type { RequestHandler } from './request-handler.ts';
import { ServedConnection } from './served-connection.ts';
import type { TestStore } from './store.ts';
import { applySwitches, type CommonSwitches } from './switches.ts';
import type { ListenOptions, TestServer } from './test-server.ts';

export interface ListenerSetup<S extends CommonSwitches> {
  readonly switches: S;
  readonly createStore: (clock: Clock, switches: () => S) => TestStore;
  readonly createHandler: (store: TestStore, switches: () => S) => RequestHandler;
}

export class Listener<S extends CommonSwitches> implements TestServer<S> {
  readonly store: TestStore;
  readonly #clock: Clock;
  readonly #handler: RequestHandler;
  readonly #recorder: Recorder = new Recorder();
  readonly #connections: Map<Socket, ServedConnection> = new Map();
  readonly #server: Server;
  #switches: S;
  #address: { readonly host: string; readonly port: number; readonly path: string | undefined };
  #closed: Promise<void> | undefined;

  private constructor(options: ListenOptions, setup: ListenerSetup<S>) {
    this.#clock = options.clock ?? systemPorts.clock;
    this.#switches = setup.switches;
    const switches = (): S => this.#switches;
    this.store = setup.createStore(this.#clock, switches);
    this.#handler = setup.createHandler(this.store, switches);
    this.#address = { host: options.host ?? '127.0.0.1', port: options.port ?? 0, path: options.path };
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  /** @throws the system's error when the address cannot be listened on */
  static async start<S extends CommonSwitches>(options: ListenOptions, setup: ListenerSetup<S>): Promise<Listener<S>> {
    const listener = new Listener(options, setup);
    await listener.#listen();
    return listener;
  }

  #listen(): Promise<void> {
    const { host, port, path } = this.#address;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path === undefined ? { host, port } : { path }, () => {
        this.#server.off('error', reject);
        const bound = this.#server.address() as AddressInfo | string;
        if (typeof bound === 'object') this.#address = { host, port: bound.port, path };
        else this.#address = { host: '', port: 0, path };
        resolve();
      });
    });
  }

  #accept(socket: Socket): void {
    const recorder = this.#recorder;
    recorder.count({ accepted: 1 });
    // A client that is gone is none of the server's errors.
    socket.on('error', () => undefined);
    const { maxConnections, fault } = this.#switches;
    const refused = this.#connections.size >= maxConnections;
    if (refused || fault === 'close-at-once') {
      if (refused) recorder.count({ refused: 1 });
      socket.destroy();
      return;
    }
    const { accepted } = recorder.stats;
    const connection = new ServedConnection({
      socket,
      number: accepted,
      handler: this.#handler,
      switches: () => this.#switches,
      clock: this.#clock,
      recorder,
    });
    this.#connections.set(socket, connection);
    recorder.count({ open: 1 });
    socket.on('close', () => {
      this.#connections.delete(socket);
      recorder.count({ open: -1 });
    });
  }

  get url(): string {
    const { host, port, path } = this.#address;
    if (path !== undefined) return `lensdb+unix://${path.split('/').map(encodeURIComponent).join('/')}`;
    return `lensdb://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  get host(): string {
    return this.#address.host;
  }

  get port(): number {
    return this.#address.port;
  }

  get path(): string | undefined {
    return this.#address.path;
  }

  get switches(): S {
    return this.#switches;
  }

  set(changes: Partial<S>): void {
    this.#switches = applySwitches(this.#switches, changes);
    this.store.wake();
  }

  get stats(): ServerStats {
    return this.#recorder.stats;
  }

  get requests(): readonly RecordedRequest[] {
    return this.#recorder.requests;
  }

  when(condition: (stats: ServerStats) => boolean): Promise<void> {
    return this.#recorder.when(condition);
  }

  release(): number {
    let released = 0;
    for (const connection of this.#connections.values()) if (connection.release()) released++;
    return released;
  }

  send(bytes: Uint8Array): void {
    for (const connection of this.#connections.values()) connection.send(bytes);
  }

  drop(how: 'fin' | 'reset'): void {
    for (const connection of this.#connections.values()) connection.drop(how);
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const connection of this.#connections.values()) connection.destroy();
      this.#recorder.close();
    });
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
