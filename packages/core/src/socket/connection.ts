/** One socket and one life: dial, TLS and handshake under one deadline, then bytes both ways until it ends. */

import { abandonedFailure, Pending, type TickListener, type Timekeeper } from '../deadline.ts';
import { formatTarget, type SocketTarget } from '../endpoint.ts';
import { Failure } from '../errors/failure.ts';
import { SlabWriter } from '../kit/framing/slab.ts';
import { OptionChecker } from '../options.ts';
import type { Turns } from '../ports.ts';
import { brokenWire, dialFailure, lostFailure, stalledFailure } from './connection-failures.ts';
import { FlushTiming } from './flush-timing.ts';
import type { Net, NetSocket } from './net.ts';
import { tell } from './tell.ts';
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
  /**
   * A request that has left was given up. Without this method its late answer is waited for and swallowed; a protocol
   * that cannot, closes the connection here.
   */
  onTombstone?(): void;
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
  /** TCP keep-alive probes after this many idle milliseconds; 0 sends none. Default 30 000. */
  readonly keepAliveMs?: number;
  /** For dialling, TLS and handshake together. Default 10 000. */
  readonly connectTimeoutMs?: number;
  /** Memory in which requests gather, in bytes. Default 64 KiB. */
  readonly slabBytes?: number;
  readonly createWire: (connection: Connection<W>) => W;
  /** Told once, when a connection that was up is over. What it throws is warned of. */
  readonly onClosed?: ((connection: Connection<W>, failure: Failure) => void) | undefined;
  /**
   * Told after received bytes were handled, and after what had gathered has left: there may be room for more. What it
   * throws ends the connection, as the wire's own.
   */
  readonly onProgress?: (() => void) | undefined;
}

const connectionOptions = new OptionChecker('Connection', {
  keepAliveMs: { kind: 'number', min: 0, unit: 'ms' },
  connectTimeoutMs: { kind: 'number', above: 0, infinity: true, unit: 'ms' },
  slabBytes: { kind: 'integer', min: 1, unit: 'bytes' },
  createWire: { kind: 'function' },
});

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
  readonly #timing = new FlushTiming();
  #paused = false;
  /** FIN is to be sent when nothing waits any more. */
  #finishing = false;
  #bytesReceived = 0;
  readonly #stallListeners: TickListener[] = [];

  /**
   * Opens a connection: settles when it is up, or with the reason why it is not. Never throws: of an option that is
   * none, the failure's error is an `ArgumentError`.
   */
  static open<W extends Wire>(options: ConnectionOptions<W>, signal?: AbortSignal): Promise<Connection<W> | Failure> {
    return new Promise((resolve) => {
      const { timekeeper } = options;
      try {
        connectionOptions.checkKnown(options);
      } catch (error) {
        return resolve(dialFailure(formatTarget(options.target), error));
      }
      const dueAt = timekeeper.clock.now() + (options.connectTimeoutMs ?? 10_000);
      const opening = new Pending<Connection<W>>(resolve, dueAt, signal);
      timekeeper.add(opening as Pending);
      // Its signal was aborted already, or its client destroyed: nobody would own what is dialled now.
      if (opening.settled) return;
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
      { target: options.target, tls: options.tls, keepAliveMs: options.keepAliveMs ?? 30_000 },
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
      this.#state = { is: 'closed', failure: brokenWire(this.endpoint, error) };
      this.#unlisten();
      this.#socket.destroy();
      throw error;
    }
    const { state } = this;
    // Whoever made the wire closed the connection, or aborted the call, meanwhile: nobody has told the wire.
    if (state.is === 'closed') this.#endWire(state.failure);
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
    this.#timing.onFlush();
    if (this.#state.is === 'dialing' || this.#state.is === 'closed') return;
    try {
      this.out.flush();
      this.#finish();
    } catch (error) {
      this.#onWriteFailed(error);
    }
  }

  /** A stream that throws when it is written to is lost; of what was in that write nobody knows. */
  #onWriteFailed(error: unknown): void {
    this.close(lostFailure(this.endpoint, this.#bytesReceived, error));
  }

  /**
   * Sends the request that was written, at the end of this turn of the event loop, together with all that come until
   * then; sooner when they are many, or it comes alone.
   */
  flushSoon(): void {
    if (this.#timing.onRequest()) this.flush();
    if (this.out.queued === 0) return;
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    this.#options.turns.nextTick(this.#flushScheduledNow);
  }

  readonly #flushScheduledNow = (): void => {
    this.#flushScheduled = false;
    this.flush();
    // Nothing else tells of room that came from here: what was taken at once leaves no drain to wait for, and what
    // was given up before it left brings no answer.
    this.#progress();
  };

  /** Takes a request's bytes back. False when any of them has left. */
  withdraw(pending: Pending): boolean {
    return this.out.withdraw(pending.from, pending.to);
  }

  /** Whether any byte of a request has left. */
  hasLeft(pending: Pending): boolean {
    return pending.from < this.out.flushed;
  }

  /** For the connection's tables: a request was given up after it left. */
  onTombstone(): void {
    this.wire.onTombstone?.();
  }

  /**
   * Ends the connection when abandoned requests have held up the others for longer than `stallMs`: their answers will
   * not come, and nobody else's can be told from them. Looked at while calls are pending, and by `closeIfStalled`.
   */
  limitStall(table: { stalledMs(now: number): number }, stallMs: number): void {
    const listener: TickListener = {
      onTick: (now) => {
        if (table.stalledMs(now) > stallMs) this.close(stalledFailure(this.endpoint, stallMs));
      },
    };
    this.#stallListeners.push(listener);
    this.#options.timekeeper.listen(listener);
  }

  /** Before a request joins abandoned ones: ends the connection when they have stalled it. */
  closeIfStalled(): void {
    const now = this.#options.timekeeper.clock.now();
    for (const listener of this.#stallListeners) listener.onTick(now);
  }

  /** Finishes sending, after what was written; the peer may go on. */
  halfClose(): void {
    this.#finishing = true;
    this.flush();
  }

  /** Stops and restarts reading, which makes the peer wait. */
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  /** Nothing is received because we do not read. */
  get paused(): boolean {
    return this.#paused;
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
    const opening = this.#opening;
    this.#opening = undefined;
    this.#setState({ is: 'closed', failure });
    this.#unlisten();
    this.#socket.destroy();
    const reason = this.#endWire(failure);
    if (opening) opening.settle(reason.as('not-sent'));
    else tell('onClosed', this.#options.onClosed, this, reason);
  }

  /** A wire that throws here has a bug: that is then the reason, and whoever closes connections goes on. */
  #endWire(failure: Failure): Failure {
    try {
      // It is not there yet when who makes it closes the connection.
      (this.wire as W | undefined)?.onClose(failure);
      return failure;
    } catch (error) {
      return brokenWire(this.endpoint, error);
    }
  }

  /** FIN follows the last byte that waits. */
  #finish(): void {
    if (!this.#finishing || this.out.queued > 0) return;
    this.#finishing = false;
    this.#socket.end();
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
  }

  #unlisten(): void {
    for (const listener of this.#stallListeners) this.#options.timekeeper.unlisten(listener);
  }

  #onOpen(): void {
    if (this.#state.is !== 'dialing') return;
    if (!this.wire.handshake) {
      this.#setUp();
      return;
    }
    this.#setState({ is: 'handshaking' });
    void this.#handshake();
  }

  async #handshake(): Promise<void> {
    let failure: Failure | undefined;
    try {
      failure = await this.wire.handshake?.();
    } catch (error) {
      failure = brokenWire(this.endpoint, error);
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
    this.#timing.onReceived();
    try {
      this.wire.onData(buffer, length);
    } catch (error) {
      this.close(brokenWire(this.endpoint, error));
      return;
    }
    this.#progress();
  }

  #progress(): void {
    if (this.#state.is !== 'up') return;
    try {
      this.#options.onProgress?.();
    } catch (error) {
      this.close(brokenWire(this.endpoint, error));
    }
  }

  #onDrain(): void {
    if (this.#state.is === 'closed') return;
    try {
      this.out.onDrain();
      this.#finish();
    } catch (error) {
      this.#onWriteFailed(error);
    }
    this.#progress();
  }

  #onEnd(): void {
    if (this.#state.is === 'closed') return;
    let goesOn = false;
    try {
      goesOn = this.wire.onEnd?.() ?? false;
    } catch (error) {
      this.close(brokenWire(this.endpoint, error));
      return;
    }
    if (!goesOn) this.close(lostFailure(this.endpoint, this.#bytesReceived, undefined));
  }

  #onSocketClose(error: Error | undefined): void {
    if (this.#state.is === 'dialing') this.close(dialFailure(this.endpoint, error));
    else this.close(lostFailure(this.endpoint, this.#bytesReceived, error));
  }

  #enrich(failure: Failure): Failure {
    return failure.endpoint === undefined ? new Failure({ ...failure, endpoint: this.endpoint }) : failure;
  }
}
