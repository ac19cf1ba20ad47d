/** One socket and one life: dial, TLS and handshake under one deadline, then bytes both ways until it ends. */

import { abandonedFailure, Pending, type Timekeeper } from '../deadline.ts';
import { formatTarget, type SocketTarget } from '../endpoint.ts';
import { Failure } from '../errors/failure.ts';
import { SlabWriter } from '../kit/framing/slab.ts';
import { WireError } from '../kit/framing/wire-error.ts';
import type { Turns } from '../ports.ts';
import type { Net, NetSocket } from './net.ts';
import type { TlsOptions } from './tls.ts';

/** A protocol on one connection: made when the connection is, used by it alone. */
export interface Wire {
  /**
   * What has to be exchanged before the first request: authentication, detection. Runs under the connection's
   * deadline; a failure ends the connection.
   */
  handshake?(): Promise<Failure | undefined>;
  /**
   * `bytes[0, length)` was received; valid inside the call only. What it throws ends the connection: a
   * `WireError` as the peer's fault.
   */
  onData(bytes: Uint8Array, length: number): void;
  /** The peer has finished sending. Without this method, or unless it returns true, the connection ends. */
  onEnd?(): boolean;
  /** The connection is over: everything pending has to be settled now. Called once. */
  onClose(failure: Failure): void;
}

export type ConnectionState =
  /** The socket is being opened, TLS included. */
  | { readonly is: 'dialing' }
  /** The wire exchanges what comes before the first request. */
  | { readonly is: 'handshaking' }
  | { readonly is: 'up' }
  | { readonly is: 'closed'; readonly failure: Failure };

export interface ConnectionOptions<W extends Wire> {
  readonly net: Net;
  readonly timekeeper: Timekeeper;
  readonly turns: Turns;
  readonly target: SocketTarget;
  readonly tls?: TlsOptions | undefined;
  /** TCP keep-alive probes after this many idle milliseconds; 0 sends none. */
  readonly keepAliveMs: number;
  /** For dialling, TLS and handshake together. */
  readonly connectTimeoutMs: number;
  /** Memory in which requests gather, in bytes. Default 64 KiB. */
  readonly slabBytes?: number;
  readonly createWire: (connection: Connection<W>) => W;
  /** Told once, when a connection that was up is over. */
  readonly onClosed?: ((connection: Connection<W>, failure: Failure) => void) | undefined;
  /** Told after received bytes were handled, and after written ones were taken: there may be room for more. */
  readonly onProgress?: (() => void) | undefined;
}

export class Connection<W extends Wire = Wire> {
  readonly wire: W;
  /** Where requests are written; `flush` or `flushSoon` sends them. */
  readonly out: SlabWriter;
  readonly endpoint: string;
  readonly #options: ConnectionOptions<W>;
  readonly #socket: NetSocket;
  #opening: Pending<Connection<W>> | undefined;
  #state: ConnectionState = { is: 'dialing' };
  #flushScheduled = false;
  #bytesReceived = 0;

  /** Opens a connection: settles when it is up, or with the reason why it is not. Never throws. */
  static open<W extends Wire>(options: ConnectionOptions<W>, signal?: AbortSignal): Promise<Connection<W> | Failure> {
    return new Promise((resolve) => {
      const { timekeeper } = options;
      const dueAt = timekeeper.clock.now() + options.connectTimeoutMs;
      const opening = new Pending<Connection<W>>(resolve, dueAt, signal);
      timekeeper.add(opening as Pending);
      try {
        new Connection(options, opening);
      } catch (error) {
        opening.settle(dialFailure(formatTarget(options.target), error));
      }
    });
  }

  private constructor(options: ConnectionOptions<W>, opening: Pending<Connection<W>>) {
    this.#options = options;
    this.#opening = opening;
    this.endpoint = formatTarget(options.target);
    opening.holder = {
      abandon: (pending, why) => {
        const phase = this.#state.is === 'handshaking' ? 'handshake' : 'connect';
        this.close(this.#enrich(abandonedFailure(pending, why, 'not-sent', phase)));
      },
    };
    this.#socket = options.net.dial(
      { target: options.target, tls: options.tls, keepAliveMs: options.keepAliveMs },
      {
        onOpen: () => this.#onOpen(),
        onData: (buffer, length) => this.#onData(buffer, length),
        onDrain: () => this.#onDrain(),
        onEnd: () => this.#onEnd(),
        onClose: (error) => this.#onSocketClose(error),
      },
    );
    this.out = new SlabWriter(this.#socket, options.slabBytes);
    try {
      this.wire = options.createWire(this);
    } catch (error) {
      this.#state = { is: 'closed', failure: this.#brokenWire(error) };
      this.#socket.destroy();
      throw error;
    }
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get up(): boolean {
    return this.#state.is === 'up';
  }

  /** Bytes received in this connection's life. */
  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** Sends what was written, now. */
  flush(): void {
    if (this.#state.is !== 'dialing' && this.#state.is !== 'closed') this.out.flush();
  }

  /** Sends what was written, at the end of this turn of the event loop, together with all that comes until then. */
  flushSoon(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    this.#options.turns.nextTick(this.#flushScheduledNow);
  }

  readonly #flushScheduledNow = (): void => {
    this.#flushScheduled = false;
    this.flush();
  };

  /** Takes a request's bytes back. False when any of them has left. */
  withdraw(pending: Pending): boolean {
    return this.out.withdraw(pending.from, pending.to);
  }

  /** Whether any byte of a request has left. */
  hasLeft(pending: Pending): boolean {
    return pending.from < this.out.flushed;
  }

  /** Finishes sending; the peer may go on. */
  halfClose(): void {
    this.flush();
    this.#socket.end();
  }

  /** Stops and restarts reading, which makes the peer wait. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Whether the socket keeps the process alive. */
  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  /** Ends the connection at once. What is pending on it ends with `failure`, `not-sent` where nothing had left. */
  close(failure: Failure): void {
    if (this.#state.is === 'closed') return;
    const wasOpening = this.#opening;
    this.#setState({ is: 'closed', failure });
    this.#socket.destroy();
    try {
      this.wire.onClose(failure);
    } finally {
      this.#opening = undefined;
      if (wasOpening) wasOpening.settle(failure.as('not-sent'));
      else this.#options.onClosed?.(this, failure);
    }
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
  }

  #onOpen(): void {
    if (this.#state.is !== 'dialing') return;
    if (!this.wire.handshake) {
      this.#setUp();
      return;
    }
    this.#setState({ is: 'handshaking' });
    void this.#handshake(this.wire.handshake());
  }

  async #handshake(handshake: Promise<Failure | undefined>): Promise<void> {
    let failure: Failure | undefined;
    try {
      failure = await handshake;
    } catch (error) {
      failure = this.#brokenWire(error);
    }
    if (this.#state.is !== 'handshaking') return;
    if (failure) this.close(this.#enrich(failure));
    else this.#setUp();
  }

  #setUp(): void {
    this.#setState({ is: 'up' });
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.settle(this);
    this.flush();
  }

  #onData(buffer: Uint8Array, length: number): void {
    if (this.#state.is === 'closed') return;
    this.#bytesReceived += length;
    try {
      this.wire.onData(buffer, length);
    } catch (error) {
      this.close(this.#brokenWire(error));
      return;
    }
    this.#options.onProgress?.();
  }

  #onDrain(): void {
    if (this.#state.is === 'closed') return;
    this.out.onDrain();
    this.#options.onProgress?.();
  }

  #onEnd(): void {
    if (this.#state.is === 'closed') return;
    let goesOn = false;
    try {
      goesOn = this.wire.onEnd?.() ?? false;
    } catch (error) {
      this.close(this.#brokenWire(error));
      return;
    }
    if (!goesOn) this.close(this.#lost(undefined));
  }

  #onSocketClose(error: Error | undefined): void {
    if (this.#state.is === 'dialing') this.close(dialFailure(this.endpoint, error));
    else this.close(this.#lost(error));
  }

  #enrich(failure: Failure): Failure {
    return failure.endpoint === undefined ? new Failure({ ...failure, endpoint: this.endpoint }) : failure;
  }

  #brokenWire(error: unknown): Failure {
    const isPeers = error instanceof WireError;
    return new Failure({
      kind: 'protocol',
      code: isPeers ? 'PROTOCOL' : 'DECODER_FAILED',
      message: isPeers
        ? `the peer broke the protocol: ${error.message}; the connection was closed`
        : 'the decoder of the answer failed; the connection was closed (the cause tells where)',
      outcome: 'unknown',
      retryable: true,
      cause: error,
      endpoint: this.endpoint,
    });
  }

  #lost(error: Error | undefined): Failure {
    const silent = this.#bytesReceived === 0;
    const how = error ? `: ${errorCode(error)}` : ' by the peer';
    return new Failure({
      kind: 'connection',
      code: silent ? 'REFUSED' : 'CONNECTION_LOST',
      message: silent
        ? `the peer accepted the connection and closed it without an answer${error ? how : ''} (a connection limit?)`
        : `the connection was closed${how}`,
      outcome: 'unknown',
      retryable: true,
      cause: error,
      endpoint: this.endpoint,
    });
  }
}

function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown error';
}

function dialFailure(endpoint: string, error: unknown): Failure {
  return new Failure({
    kind: 'connection',
    code: 'CONNECT_FAILED',
    message: `could not connect to ${endpoint}: ${error === undefined ? 'closed while connecting' : errorCode(error)}`,
    outcome: 'not-sent',
    retryable: true,
    cause: error,
    endpoint,
  });
}
