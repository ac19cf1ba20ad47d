/**
 * Keeps one connection alive: dials again with back-off, numbers the connections (epochs), and lets calls that
 * were not sent wait for the next one.
 */

import { abandonedFailure, type Abandonment, type Holder, type Pending, type Timekeeper } from '../deadline.ts';
import { Failure } from '../errors/failure.ts';
import { Ring } from '../kit/ring.ts';
import type { Ports, Timer } from '../ports.ts';
import type { Backoff } from '../retry/backoff.ts';
import type { Connection, Wire } from './connection.ts';
import { Liveness, type LivenessOptions } from './liveness.ts';

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
   * the connection. What it sends goes to the wire directly.
   */
  readonly onUp?: (wire: W, epoch: number) => Promise<Failure | undefined>;
  /** A connection that was up is gone. */
  readonly onDown?: (epoch: number, failure: Failure) => void;
  readonly onState?: (state: SessionState) => void;
  /** The pause after failed try n, n from 1, in milliseconds. */
  readonly backoff: Backoff;
  /** Calls that may wait for a connection, or for room on it. */
  readonly maxWaiting: number;
  /** And their size in bytes. */
  readonly maxWaitingBytes: number;
  readonly liveness?: LivenessOptions<W> | undefined;
}

/** What a session has to be told of a connection that it asked for. */
export interface ConnectionHooks<W extends Wire> {
  readonly onClosed: (connection: Connection<W>, failure: Failure) => void;
  readonly onProgress: () => void;
}

interface WaitingCall<Request> {
  readonly request: Request;
  readonly pending: Pending;
  readonly bytes: number;
}

export class Session<Request, W extends SessionWire<Request>> implements Holder {
  readonly #options: SessionOptions<Request, W>;
  readonly #waiting = new Ring<WaitingCall<Request>>();
  #waitingBytes = 0;
  /** Calls in the room that gave up already. */
  #gone = 0;
  #state: SessionState = { is: 'idle', cause: undefined };
  #epoch = 0;
  #connection: Connection<W> | undefined;
  #liveness: Liveness<W> | undefined;
  #failuresInARow = 0;
  #lastFailure: Failure | undefined;
  #redialTimer: Timer | undefined;
  /** Whether the connection is wanted when no call waits for it. */
  #wanted = false;
  #refed = true;

  constructor(options: SessionOptions<Request, W>) {
    this.#options = options;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The number of the current connection, or of the last one. The first is 1. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The wire, while it is up. */
  get wire(): W | undefined {
    return this.#state.is === 'up' ? this.#connection?.wire : undefined;
  }

  /** Calls that wait for a connection, or for room on it. */
  get waiting(): number {
    return this.#waiting.size - this.#gone;
  }

  /**
   * Sends a request, now or as soon as there is a connection with room for it. `pending` is registered with the
   * timekeeper; it settles in any case.
   *
   * @param bytes - about how large the request is, for the bound of what may wait
   */
  submit(request: Request, pending: Pending, bytes: number): void {
    if (this.#state.is === 'up') {
      const { wire } = this.#connection as Connection<W>;
      if (this.#waiting.size === 0 && !wire.full) {
        wire.send(request, pending);
        return;
      }
    } else if (this.#state.is === 'closed') {
      pending.settle(this.#state.cause.as('not-sent'));
      return;
    }
    if (!this.#mayWait(bytes)) {
      pending.settle(this.#overloaded());
      return;
    }
    pending.holder = this;
    this.#waiting.push({ request, pending, bytes });
    this.#waitingBytes += bytes;
    if (this.#state.is === 'idle') this.#dial();
  }

  /** Connects, and keeps the connection from now on, whether or not calls wait for it. */
  start(): void {
    this.#wanted = true;
    if (this.#state.is === 'idle') this.#dial();
  }

  /** Does not wait for the back-off: the caller knows that the peer is there again. */
  redialNow(): void {
    if (this.#state.is !== 'down') return;
    this.#redialTimer?.cancel();
    this.#dial();
  }

  /** Ends the current connection with `failure`; calls that wait go to the next one. */
  drop(failure: Failure): void {
    this.#connection?.close(failure);
  }

  ref(): void {
    this.#refed = true;
    this.#connection?.ref();
  }

  unref(): void {
    this.#refed = false;
    this.#connection?.unref();
  }

  /** Ends everything: calls that wait end `not-sent`, sent ones as the wire says. */
  destroy(failure: Failure): void {
    if (this.#state.is === 'closed') return;
    this.#setState({ is: 'closed', cause: failure });
    this.#redialTimer?.cancel();
    this.#liveness?.stop();
    this.#failWaiting(failure);
    this.#connection?.close(failure);
    this.#connection = undefined;
  }

  abandon(pending: Pending, why: Abandonment): void {
    this.#gone += 1;
    const failure = abandonedFailure(pending, why, 'not-sent', this.#state.is === 'up' ? 'queue' : 'connect');
    const last = this.#state.is === 'up' ? undefined : this.#lastFailure;
    pending.settle(
      why === 'deadline' && last
        ? new Failure({ ...failure, cause: last.cause, details: { ...failure.details, lastFailure: last.code } })
        : failure,
    );
    if (this.#gone > 32 && this.#gone > this.waiting) this.#sweepWaiting();
  }

  #setState(state: SessionState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }

  #dial(): void {
    this.#epoch += 1;
    const epoch = this.#epoch;
    this.#setState({ is: 'connecting', epoch, cause: this.#lastFailure });
    void this.#connect(epoch);
  }

  async #connect(epoch: number): Promise<void> {
    const result = await this.#options.open({
      onClosed: (connection, failure) => this.#onClosed(connection, epoch, failure),
      onProgress: () => this.#serve(),
    });
    const closed = this.#closedBy();
    if (result instanceof Failure) {
      if (!closed) this.#onFailed(result);
      return;
    }
    if (closed) {
      result.close(closed);
      return;
    }
    // Lost between being up and being told of here.
    if (result.state.is === 'closed') {
      this.#onFailed(result.state.failure);
      return;
    }
    this.#connection = result;
    if (!this.#refed) result.unref();
    const failure = await this.#runOnUp(result.wire, epoch);
    // It may have been lost, or the session closed, meanwhile: `onClosed` has seen to that.
    if (this.#connection !== result) return;
    if (failure) result.close(failure);
    else this.#onUp(result, epoch);
  }

  #closedBy(): Failure | undefined {
    return this.#state.is === 'closed' ? this.#state.cause : undefined;
  }

  async #runOnUp(wire: W, epoch: number): Promise<Failure | undefined> {
    try {
      return await this.#options.onUp?.(wire, epoch);
    } catch (error) {
      return new Failure({
        kind: 'connection',
        code: 'SETUP_FAILED',
        message: 'what has to be done on a new connection failed (the cause tells how)',
        outcome: 'not-sent',
        retryable: true,
        cause: error,
      });
    }
  }

  #onUp(connection: Connection<W>, epoch: number): void {
    this.#failuresInARow = 0;
    this.#lastFailure = undefined;
    if (this.#options.liveness) {
      this.#liveness = new Liveness(this.#options.ports.clock, connection, this.#options.liveness);
      this.#liveness.start();
    }
    this.#setState({ is: 'up', epoch, endpoint: connection.endpoint });
    this.#serve();
  }

  #onClosed(connection: Connection<W>, epoch: number, failure: Failure): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#liveness?.stop();
    this.#liveness = undefined;
    this.#options.onDown?.(epoch, failure);
    if (this.#state.is !== 'closed') this.#onFailed(failure);
  }

  #onFailed(failure: Failure): void {
    this.#lastFailure = failure;
    // Wrong credentials are wrong again in a second: those that wait are told, and the next call tries anew.
    if ((failure.kind === 'authentication' || failure.kind === 'unsupported') && !failure.retryable) {
      this.#setState({ is: 'idle', cause: failure });
      this.#failWaiting(failure);
      return;
    }
    if (this.waiting === 0 && !this.#wanted) {
      this.#setState({ is: 'idle', cause: failure });
      return;
    }
    this.#failuresInARow += 1;
    const { ports, backoff } = this.#options;
    const pause = Math.max(0, backoff(this.#failuresInARow, ports.random));
    this.#setState({ is: 'down', cause: failure, retryInMs: pause });
    this.#redialTimer = ports.clock.setTimer(() => this.#redial(failure), pause);
    // Calls that wait keep the process alive by their deadlines, and so does a connection that is wanted.
    if (!this.#wanted || !this.#refed) this.#redialTimer.unref();
  }

  #redial(failure: Failure): void {
    if (this.#state.is !== 'down') return;
    if (this.waiting === 0 && !this.#wanted) this.#setState({ is: 'idle', cause: failure });
    else this.#dial();
  }

  /** Lets waiting calls go, as far as there is room. */
  #serve(): void {
    if (this.#state.is !== 'up' || this.#waiting.size === 0) return;
    const { wire } = this.#connection as Connection<W>;
    while (this.#waiting.size > 0 && !wire.full) {
      const { request, pending, bytes } = this.#waiting.shift() as WaitingCall<Request>;
      this.#waitingBytes -= bytes;
      if (pending.settled) this.#gone -= 1;
      else wire.send(request, pending);
    }
  }

  #mayWait(bytes: number): boolean {
    const { maxWaiting, maxWaitingBytes } = this.#options;
    return this.waiting < maxWaiting && this.#waitingBytes + bytes <= maxWaitingBytes;
  }

  #sweepWaiting(): void {
    this.#waiting.retain(({ pending, bytes }) => {
      if (pending.settled) this.#waitingBytes -= bytes;
      return !pending.settled;
    });
    this.#gone = 0;
  }

  #failWaiting(failure: Failure): void {
    for (let call = this.#waiting.shift(); call; call = this.#waiting.shift()) {
      call.pending.settle(failure.as('not-sent'));
    }
    this.#waitingBytes = this.#gone = 0;
  }

  #overloaded(): Failure {
    const { maxWaiting, maxWaitingBytes } = this.#options;
    return new Failure({
      kind: 'overloaded',
      message: `too many calls wait for the connection (bounds: ${maxWaiting} calls, ${maxWaitingBytes} bytes); slow down, or raise the bounds`,
      outcome: 'not-sent',
      retryable: true,
      cause: this.#lastFailure?.cause,
      details: { phase: 'queue' },
    });
  }
}
