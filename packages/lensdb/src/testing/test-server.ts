/// <reference lib="esnext.disposable" preserve="true" />
/** A testing server as tests see it. */

import type { Clock } from '@wirewright/core';
import type { RecordedRequest, ServerStats } from './recorder.ts';
import type { StoreAccess } from './store.ts';
import type { CommonSwitches } from './switches.ts';

export interface ListenOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** A unix socket instead of host and port. */
  readonly path?: string;
  /** Time for expiry, idling and pauses: a `FakeClock` where tests decide. Default: the system's. */
  readonly clock?: Clock;
}

/** A running server. `S` are the switches of its dialect. */
export interface TestServer<S extends CommonSwitches> extends AsyncDisposable {
  /** `lensdb://127.0.0.1:49152`, or `lensdb+unix:///path/of/socket`: what the client takes. */
  readonly url: string;
  /** Empty with a unix socket. */
  readonly host: string;
  /** 0 with a unix socket. */
  readonly port: number;
  /** The unix socket, if it is one. */
  readonly path: string | undefined;
  readonly switches: S;
  /**
   * Changes switches while the server runs; what is under way goes on as it began.
   *
   * @throws ArgumentError on a switch that does not exist or a number out of range
   */
  set(changes: Partial<S>): void;
  readonly store: StoreAccess;
  readonly stats: ServerStats;
  /** The last 10 000 requests, oldest first, without keys and values. */
  readonly requests: readonly RecordedRequest[];
  /** Resolves once the counters satisfy `condition`; rejects when the server is closed before. */
  when(condition: (stats: ServerStats) => boolean): Promise<void>;
  /** Sends what a `manual` switch holds: one piece on each connection. @returns how many pieces */
  release(): number;
  /** Sends bytes that nobody asked for, on every connection. */
  send(bytes: Uint8Array): void;
  /** Ends every connection, by FIN or by RST. */
  drop(how: 'fin' | 'reset'): void;
  /** Stops listening and destroys every connection. Calling it again resolves too. */
  close(): Promise<void>;
}
