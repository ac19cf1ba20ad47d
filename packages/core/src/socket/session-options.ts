/** What a session is told, and what it tells. */

import type { Pending, Timekeeper } from '../deadline.ts';
import type { Failure } from '../errors/failure.ts';
import type { Ports } from '../ports.ts';
import type { Backoff } from '../retry/backoff.ts';
import type { Connection, Wire } from './connection.ts';
import type { LivenessOptions } from './liveness.ts';

/** A wire that takes requests while earlier ones are unanswered. */
export interface SessionWire<Request> extends Wire {
  /** No more requests now: as many as may be are unanswered, or wait to be written. */
  readonly full: boolean;
  /** Writes a request and remembers `pending` until its answer. Not called while `full`. */
  send(request: Request, pending: Pending): void;
}

export type SessionState =
  /** Nothing was asked for yet, or the last try ended in a way that trying again does not mend. */
  | { readonly is: 'idle'; readonly cause: Failure | undefined }
  | { readonly is: 'connecting'; readonly epoch: number; readonly cause: Failure | undefined }
  | { readonly is: 'up'; readonly epoch: number; readonly endpoint: string }
  /** Between two tries. */
  | { readonly is: 'down'; readonly cause: Failure; readonly retryInMs: number }
  | { readonly is: 'closed'; readonly cause: Failure };

export interface SessionOptions<Request, W extends SessionWire<Request>> {
  readonly ports: Ports;
  readonly timekeeper: Timekeeper;
  /** Opens a connection, handshake included. `hooks` go into its options. Must not reject. */
  readonly open: (hooks: ConnectionHooks<W>) => Promise<Connection<W> | Failure>;
  /**
   * Runs on each new connection before any call is let through: subscriptions are made again here. A failure ends
   * the connection. What it sends goes to the wire directly, and needs a deadline of its own: liveness finds out that
   * a peer is silent, but not that it answers everything else.
   */
  readonly onUp?: (wire: W, epoch: number) => Promise<Failure | undefined>;
  /** A connection that was up is gone. */
  readonly onDown?: (epoch: number, failure: Failure) => void;
  readonly onState?: (state: SessionState) => void;
  /** The pause after failed try n, n from 1, in milliseconds. Default: full jitter from 50 ms to 5 s. */
  readonly backoff?: Backoff;
  /** Calls that may wait for a connection, or for room on it. Default 10 000. */
  readonly maxWaiting?: number;
  /** And their size in bytes. Default 16 MiB. */
  readonly maxWaitingBytes?: number;
  readonly liveness?: LivenessOptions<W> | undefined;
}

/** What a session has to be told of a connection that it asked for. */
export interface ConnectionHooks<W extends Wire> {
  readonly onClosed: (connection: Connection<W>, failure: Failure) => void;
  readonly onProgress: () => void;
}
