/** The LensDB client. */

/// <reference lib="esnext.disposable" preserve="true" />

import { type CallOptions, inspectAsJson, type StatusRecord } from '@wirewright/core';
import { type CloseOptions, closeTimeoutMs } from './close-options.ts';
import { Commands } from './commands/commands.ts';
import { Connections } from './connection/connections.ts';
import type { LensDBInfo, LensDBMetrics, LensDBStats, LensDBSummary } from './connection/info.ts';
import { Runner } from './connection/runner.ts';
import type { LensDBOptions } from './options.ts';
import { readClientOptions } from './settings.ts';

/**
 * A client of one LensDB store. Share one among all parts of a program: it opens connections as they are needed, at
 * most `maxConnections`, and each carries one request at a time.
 *
 * Every call ends by its deadline, and throws errors of `LensDBError` and of the classes of core; tries that failed
 * are repeated where that is safe.
 */
export class LensDBClient extends Commands {
  static {
    inspectAsJson(this);
  }

  readonly #connections: Connections;

  /**
   * Connects when it is used first.
   *
   * @param options - or a URL: `lensdb://host:port,host2:port?dialect=lens`
   * @throws ArgumentError that names an option which is unknown or out of range
   */
  constructor(options: LensDBOptions | string = {}) {
    const connections = new Connections(readClientOptions(options));
    super(new Runner(connections, connections, connections.settings.maxConnections));
    this.#connections = connections;
  }

  /** A client that is connected: the server has answered. */
  static async connect(options: LensDBOptions | string = {}): Promise<LensDBClient> {
    const client = new LensDBClient(options);
    try {
      await client.connect();
    } catch (error) {
      client.destroy(error);
      throw error;
    }
    return client;
  }

  /**
   * Opens a connection, unless one is open, and has the server answer on it. Without this, the first call does it.
   *
   * Not repeated: an address that is wrong is told at once.
   */
  connect(options?: CallOptions): Promise<void> {
    return this.#connections.connect(options);
  }

  /**
   * Refuses new calls with a `ClosedError`, lets the running ones end, then closes every connection. What has not ended
   * by then is ended as by `destroy`. Closing again waits for the same end.
   */
  async close(options?: CloseOptions): Promise<void> {
    await this.#connections.close(closeTimeoutMs(options));
  }

  /** The same as `close`, under its documented name. */
  disconnect(options?: CloseOptions): Promise<void> {
    return this.close(options);
  }

  /** Ends everything now: pending calls throw a `ClosedError` whose `cause` is `reason`. */
  destroy(reason?: unknown): void {
    this.#connections.destroy(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * The state now, then every change, until the client is closed. `degraded` while the last try to open one more
   * connection has failed: there is one for fewer calls than want one.
   */
  status(): AsyncIterableIterator<StatusRecord> {
    return this.#connections.status();
  }

  /** The client's own counters. The server's are `serverStats()`. */
  stats(): LensDBStats {
    return this.#connections.summarize();
  }

  /** The documented counters, by command: `get_success`, `get_error` … */
  getMetrics(): LensDBMetrics {
    return this.#connections.metrics();
  }

  /** What is known of the server and its limits; nothing is sent. */
  info(): LensDBInfo {
    return this.#connections.info();
  }

  /** Open connections keep the process alive. This is the default. */
  ref(): this {
    this.#connections.keepAlive(true);
    return this;
  }

  /** Open connections do not keep the process alive; calls that wait still do. */
  unref(): this {
    this.#connections.keepAlive(false);
    return this;
  }

  /** Safe to log. */
  toJSON(): LensDBSummary {
    return this.#connections.toJSON();
  }
}

/** Runs `use` with a client that is connected, and closes it afterwards, however `use` ends. */
export async function withClient<T>(
  options: LensDBOptions | string,
  use: (client: LensDBClient) => Promise<T> | T,
): Promise<T> {
  const client = await LensDBClient.connect(options);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
