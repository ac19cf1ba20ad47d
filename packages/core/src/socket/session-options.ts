/** What a session is told, and what it tells. */

import type { Pending, Timekeeper } from '../deadline.ts';
import type { Failure } from '../errors/failure.ts';
import { OptionChecker } from '../options.ts';
import type { Ports } from '../ports.ts';
import type { Backoff } from '../retry/backoff.ts';
import type { Connection, Wire } from './connection.ts';
import { livenessOptions, type LivenessOptions } from './liveness.ts';

/** A wire that takes requests while earlier ones are unanswered. */
export interface SessionWire<Request> extends Wire {
  /**
   * No more requests of this lane now: as many as may be are unanswered, or wait to be written.
   *
   * @param lane - as given to `submit`; 0 in a session that has one
   */
  isFull(lane: number): boolean;
  /**
   * Writes a request and remembers `pending` until its answer. Not called while its lane is full. When it throws,
   * nothing of the request may be left.
   */
  send(request: Request, pending: Pending, lane: number): void;
}

export type SessionState =
  /** Nothing was asked for yet, or the last try ended in a way that trying again does not mend. */
  | { readonly is: 'idle'; readonly cause: Failure | undefined }
  | { readonly is: 'connecting'; readonly epoch: number; readonly cause: Failure | undefined }
  | { readonly is: 'up'; readonly epoch: number; readonly endpoint: string }
  /** Between two tries. */
  | { readonly is: 'down'; readonly cause: Failure; readonly retryInMs: number }
  | { readonly is: 'closed'; readonly cause: Failure };

/** What callbacks throw is warned of and ends nothing, unless it says otherwise here. */
export interface SessionOptions<Request, W extends SessionWire<Request>> {
  readonly ports: Ports;
  readonly timekeeper: Timekeeper;
  /**
   * Opens a connection, handshake included. `hooks` go into its options. Must settle, as `Connection.open` does within
   * its `connectTimeoutMs`; what it throws is a failed try.
   */
  readonly open: (hooks: ConnectionHooks<W>) => Promise<Connection<W> | Failure>;
  /**
   * Runs on each new connection before any call is let through: subscriptions are made again here. A failure, also
   * what it throws, ends the connection, and so does `setUpTimeoutMs`. What it sends goes to the wire directly.
   */
  readonly onUp?: (wire: W, epoch: number) => Promise<Failure | undefined>;
  /** For `onUp`, in milliseconds. Default 30 000. */
  readonly setUpTimeoutMs?: number;
  /** A connection is gone that `onUp` was called for. */
  readonly onDown?: (epoch: number, failure: Failure) => void;
  readonly onState?: (state: SessionState) => void;
  /**
   * No connection will be tried any more before the next call, or `start`: wrong credentials are wrong again in a
   * second. Calls that waited were told. Whoever waits for pushes has to be told here, or waits for ever.
   */
  readonly onGaveUp?: (failure: Failure) => void;
  /**
   * The pause after failed try n, n from 1, in milliseconds. Infinity gives up: calls that wait end with the failure,
   * and the next one tries anew. Default: full jitter from 50 ms to 5 s, also where what it gives is no pause.
   */
  readonly backoff?: Backoff;
  /**
   * Kinds of requests that do not wait for each other, for a wire with several tables: those that block beside those
   * that do not, batches beside commands. Default 1.
   */
  readonly lanes?: number;
  /** Calls of a lane that may wait for a connection, or for room on it. Default 10 000. */
  readonly maxWaiting?: number;
  /** And their size in bytes; a single one may be larger. Default 16 MiB. */
  readonly maxWaitingBytes?: number;
  readonly liveness?: LivenessOptions<W> | undefined;
}

const sessionOptions = new OptionChecker('Session', {
  open: { kind: 'function' },
  onUp: { kind: 'function' },
  setUpTimeoutMs: { kind: 'number', above: 0, infinity: true, unit: 'ms' },
  onDown: { kind: 'function' },
  onState: { kind: 'function' },
  onGaveUp: { kind: 'function' },
  backoff: { kind: 'function' },
  lanes: { kind: 'integer', min: 1 },
  maxWaiting: { kind: 'integer', min: 1, infinity: true },
  maxWaitingBytes: { kind: 'number', min: 1, infinity: true, unit: 'bytes' },
  liveness: { kind: 'object' },
});

/** @throws ArgumentError for an option that is none */
export function checkSessionOptions(options: object & { readonly liveness?: object | undefined }): void {
  sessionOptions.checkKnown(options);
  if (options.liveness) livenessOptions.checkKnown(options.liveness);
}

/** What a session has to be told of a connection that it asked for. */
export interface ConnectionHooks<W extends Wire> {
  readonly onClosed: (connection: Connection<W>, failure: Failure) => void;
  readonly onProgress: () => void;
}
