/** Connections to lease, for those who want to hold on to one. A client needs none: it has its own inside. */

/// <reference lib="esnext.disposable" preserve="true" />

import {
  ArgumentError,
  type CallOptions,
  callOptionRules,
  inspectAsJson,
  OptionChecker,
  type StatusRecord,
} from '@wirewright/core';
import { type CloseOptions, closeTimeoutMs } from './close-options.ts';
import { Connections } from './connection/connections.ts';
import type { LensDBInfo, LensDBStats, LensDBSummary } from './connection/info.ts';
import { LeasedPlace } from './connection/leased-place.ts';
import { Runner } from './connection/runner.ts';
import { system } from './errors.ts';
import { LensDBConnection } from './leased-connection.ts';
import type { ConnectionPoolOptions } from './options.ts';
import { readPoolOptions } from './settings.ts';

const callChecker = new OptionChecker('getConnection()', callOptionRules, system);

/** Opens connections as they are needed, at most `maxConnections`, and lets idle ones go. */
export class ConnectionPool {
  static {
    inspectAsJson(this);
  }

  readonly #connections: Connections;
  /** Who leases what, so that only what came from here is taken back. */
  readonly #leases = new WeakSet<LensDBConnection>();

  /** @throws ArgumentError that names an option which is unknown or out of range */
  constructor(options: ConnectionPoolOptions | string = {}) {
    this.#connections = new Connections(readPoolOptions(options));
  }

  /**
   * A connection of one's own, until it is given back. Waits when all are out.
   *
   * @throws OverloadedError when too many wait, TimeoutError, and what opening a connection throws
   */
  async getConnection(options?: CallOptions): Promise<LensDBConnection> {
    callChecker.check(options);
    const { caller, pool, settings } = this.#connections;
    const lease = caller.unwrap(await caller.run(options, true, (limits) => pool.lease(limits)));
    const place = new LeasedPlace(pool, caller.timekeeper, lease, settings.maxIdleMs);
    const connection = new LensDBConnection(place, new Runner(this.#connections, place, 1));
    this.#leases.add(connection);
    return connection;
  }

  /**
   * Takes a connection back; a second time does nothing.
   *
   * @throws ArgumentError for what is no connection of this pool
   */
  returnConnection(connection: LensDBConnection): void {
    if (!this.#leases.has(connection)) {
      throw new ArgumentError('returnConnection(): expected a connection that this pool has given', { system });
    }
    connection.return();
  }

  /** Opens a first connection now and has the server answer on it. Without this, the first lease does it. */
  connect(options?: CallOptions): Promise<void> {
    return this.#connections.connect(options);
  }

  /** Refuses new calls with a `ClosedError`, lets the running ones end, then closes every connection. */
  async close(options?: CloseOptions): Promise<void> {
    await this.#connections.close(closeTimeoutMs(options));
  }

  /** Ends everything now: pending calls throw a `ClosedError` whose `cause` is `reason`. */
  destroy(reason?: unknown): void {
    this.#connections.destroy(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * The state now, then every change, until it is closed. `degraded` while the last try to open one more
   * connection has failed: there is one for fewer calls than want one.
   */
  status(): AsyncIterableIterator<StatusRecord> {
    return this.#connections.status();
  }

  stats(): LensDBStats {
    return this.#connections.summarize();
  }

  info(): LensDBInfo {
    return this.#connections.info();
  }

  /** Open connections keep the process alive, which is the default, or not. */
  ref(): this {
    this.#connections.keepAlive(true);
    return this;
  }

  unref(): this {
    this.#connections.keepAlive(false);
    return this;
  }

  /** Safe to log. */
  toJSON(): LensDBSummary {
    return this.#connections.toJSON();
  }
}
