/** Every option of the client and of its pool: type, unit and default. `settings.ts` checks them. */

import type { AddressOptions, RetryPolicy, SocketTarget } from '@wirewright/core';
import type { Runtime } from '@wirewright/core/socket';
import type { DialectOption } from './connection/address.ts';
import type { LdbdLimits, LensLimits } from './protocol/checks.ts';

/**
 * Options of a `ConnectionPool`; a client takes all of these and those of its retries. Durations are in milliseconds.
 *
 * The server is at `host` (default `127.0.0.1`) and `port` (default 8080), at one of several `addresses`, which are
 * doors to one store and are tried in this order, at the unix socket `path`, or behind the open stream that `socket`
 * brings.
 */
export interface ConnectionPoolOptions extends AddressOptions {
  /**
   * The wire protocol of the server. `auto` finds out on the first connection to each address (one more round trip,
   * once). Default `auto`.
   */
  readonly dialect?: DialectOption | undefined;

  /** Connections that may be open at once; they are opened as they are needed. Default 10. */
  readonly maxConnections?: number | undefined;
  /** Connections that are kept open once the client is in use. Default 0. */
  readonly minConnections?: number | undefined;
  /**
   * A connection idle for longer is closed. Default 60 000: a server gives up connections after 300 s (its
   * `serverConnectionTimeout`) without saying so. Infinity keeps them.
   */
  readonly maxIdleMs?: number | undefined;
  /** A connection older than this, give or take a tenth, is replaced. Default Infinity: none is. */
  readonly maxLifetimeMs?: number | undefined;
  /** Calls that may wait for a connection; more are refused with an `OverloadedError`. Default 1000. */
  readonly maxWaiters?: number | undefined;

  /** To open a connection, over all addresses, with what is exchanged before the first request. Default 10 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** For the answer to the first request of an unknown server. Default 2000; never more than `connectTimeoutMs` leaves. */
  readonly probeTimeoutMs?: number | undefined;
  /** For one try, from the moment it has a connection. Default 30 000; Infinity sets no limit. */
  readonly attemptTimeoutMs?: number | undefined;
  /**
   * For a whole call: waiting for a connection, dialling, every try and every pause. Default: what all tries and the
   * longest pauses can take, 130 000 for a client and 30 000 for a pool. Infinity sets no limit.
   */
  readonly timeoutMs?: number | undefined;

  /**
   * `lens` only: the longest request, header included, in bytes. Default 4096: a server takes one read of its buffer
   * as one request. Raise it together with the server's `serverBufferSize`.
   */
  readonly maxRequestBytes?: number | undefined;
  /** The longest answer that is taken in, in bytes. Default 67 108 864 (64 MiB). */
  readonly maxFrameBytes?: number | undefined;
  /**
   * `lens` only: refuses requests over 1200 bytes that hold the beginning of another request, which the server would
   * execute if the network split the request there. Default true.
   */
  readonly injectionGuard?: boolean | undefined;
  /** Accepts keys with a line feed, although KEYS cannot list them unambiguously. Default false. */
  readonly allowNewlineInKeys?: boolean | undefined;
  /** `ldbd` only: the longest key in bytes, at most 65 535. Default 1024. */
  readonly maxKeyBytes?: number | undefined;
  /** `ldbd` only: the longest value in bytes. Default 1 048 576 (1 MiB). */
  readonly maxValueBytes?: number | undefined;
  /**
   * `ldbd` only: how the end of an answer is found. `fence` sends a request with a known answer behind each read;
   * `close` reads to the end of the stream, which costs a connection per read. Default `fence`.
   */
  readonly ldbdReads?: 'fence' | 'close' | undefined;

  /** Time, randomness and sockets from elsewhere, for tests: a fake clock, a virtual network. Not in URLs. */
  readonly runtime?: Runtime | undefined;
}

/**
 * Options of a client. Its retries pause for `min(retryCapMs, retryBaseMs × retryFactor^n)` plus a random addition
 * below `retryJitterMs`, n = 0 before the second try.
 */
export interface LensDBOptions extends ConnectionPoolOptions {
  /** Repeats after a first try that failed. Default 3. */
  readonly maxRetries?: number | undefined;
  /** Default 1000. */
  readonly retryBaseMs?: number | undefined;
  /** Default 2. */
  readonly retryFactor?: number | undefined;
  /** Default 1000. */
  readonly retryJitterMs?: number | undefined;
  /** Default 30 000. */
  readonly retryCapMs?: number | undefined;
  /**
   * Repeats SET, SETEX and DELETE also when the first request may have reached the server. It may then be done twice,
   * or late: a time to live starts again, and a repeated delete may say `false` of a key that it deleted itself.
   * Default true.
   */
  readonly retryWrites?: boolean | undefined;
}

/** What the client works with: every option, checked, with its default. */
export interface Settings {
  readonly targets: readonly SocketTarget[];
  readonly dialect: DialectOption;
  readonly maxConnections: number;
  readonly minConnections: number;
  readonly maxIdleMs: number;
  readonly maxLifetimeMs: number;
  readonly maxWaiters: number;
  readonly connectTimeoutMs: number;
  readonly probeTimeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly timeoutMs: number;
  readonly lens: LensLimits;
  readonly ldbd: LdbdLimits;
  readonly maxFrameBytes: number;
  readonly ldbdReads: 'fence' | 'close';
  readonly retryWrites: boolean;
  readonly policy: RetryPolicy;
  readonly runtime: Runtime;
}
