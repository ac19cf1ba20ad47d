/**
 * Keeps one connection alive: dials again with back-off, numbers the connections (epochs), and lets calls that
 * were not sent wait for the next one.
 */

import { abandonedFailure, type Abandonment, type Pending } from '../deadline.ts';
import { Failure } from '../errors/failure.ts';
import { ArgumentError } from '../errors/kinds.ts';
import { WaitingRoom } from '../kit/waiting-room.ts';
import type { Timer } from '../ports.ts';
import { fullJitter } from '../retry/backoff.ts';
import type { Connection } from './connection.ts';
import { Liveness } from './liveness.ts';
import type { SessionOptions, SessionState, SessionWire } from './session-options.ts';

type Bounds = Required<Pick<SessionOptions<never, never>, 'maxWaiting' | 'maxWaitingBytes' | 'backoff'>>;

/** Where the back-off function fails: there has to be some. */
const pauseWithoutBackoffMs = 1000;

const defaultBackoff = fullJitter({ baseMs: 50, capMs: 5000 });

export class Session<Request, W extends SessionWire<Request>> {
  readonly #options: SessionOptions<Request, W> & Bounds;
  readonly #room: WaitingRoom<Request>;
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
    const { maxWaiting = 10_000, maxWaitingBytes = 16 * 1024 * 1024, backoff = defaultBackoff } = options;
    this.#options = { ...options, maxWaiting, maxWaitingBytes, backoff };
    this.#room = new WaitingRoom(maxWaiting, maxWaitingBytes, (pending, why) => this.#gaveUp(pending, why));
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
    return this.#room.size;
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
      if (this.#room.size === 0 && !wire.full) {
        this.#send(wire, request, pending);
        return;
      }
    } else if (this.#state.is === 'closed') {
      pending.settle(this.#state.cause.as('not-sent'));
      return;
    }
    if (!this.#room.enter(request, pending, bytes)) {
      pending.settle(this.#overloaded());
      return;
    }
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
    this.#room.fail(failure.as('not-sent'));
    this.#connection?.close(failure);
    this.#connection = undefined;
  }

  #setState(state: SessionState): void {
    this.#state = state;
    this.#guarded(() => this.#options.onState?.(state));
  }

  /** What a callback throws is a bug of its own: it surfaces by itself (uncaught), and leaves this machine running. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#options.ports.clock.setTimer(() => {
        throw error;
      }, 0);
    }
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
    // A peer may fall silent while it is being asked what comes first, too.
    this.#startLiveness(result);
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

  #startLiveness(connection: Connection<W>): void {
    if (!this.#options.liveness) return;
    this.#liveness = new Liveness(this.#options.ports.clock, connection, this.#options.liveness);
    this.#liveness.start();
  }

  #onUp(connection: Connection<W>, epoch: number): void {
    this.#lastFailure = undefined;
    this.#setState({ is: 'up', epoch, endpoint: connection.endpoint });
    this.#serve();
  }

  #onClosed(connection: Connection<W>, epoch: number, failure: Failure): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#liveness?.stop();
    this.#liveness = undefined;
    this.#guarded(() => this.#options.onDown?.(epoch, failure));
    // Being up proves little without a handshake: a peer that accepts and closes without a word has failed again.
    if (connection.bytesReceived > 0) this.#failuresInARow = 0;
    if (this.#state.is !== 'closed') this.#onFailed(failure);
  }

  #onFailed(failure: Failure): void {
    this.#lastFailure = failure;
    // Wrong credentials are wrong again in a second: those that wait are told, and the next call tries anew.
    if ((failure.kind === 'authentication' || failure.kind === 'unsupported') && !failure.retryable) {
      this.#setState({ is: 'idle', cause: failure });
      this.#room.fail(failure.as('not-sent'));
      return;
    }
    if (this.#room.size === 0 && !this.#wanted) {
      this.#setState({ is: 'idle', cause: failure });
      return;
    }
    this.#failuresInARow += 1;
    const pause = this.#pauseMs();
    this.#redialTimer = this.#options.ports.clock.setTimer(() => this.#redial(failure), pause);
    // Calls that wait keep the process alive by their deadlines, and so does a connection that is wanted.
    if (!this.#wanted || !this.#refed) this.#redialTimer.unref();
    // Last: who is told may destroy the session, or dial at once.
    this.#setState({ is: 'down', cause: failure, retryInMs: pause });
  }

  #pauseMs(): number {
    const { ports, backoff } = this.#options;
    let pause = pauseWithoutBackoffMs;
    this.#guarded(() => {
      const asked = backoff(this.#failuresInARow, ports.random);
      if (!(asked >= 0)) throw new ArgumentError(`backoff() must give a pause of 0 ms or more, not ${String(asked)}`);
      pause = asked;
    });
    return pause;
  }

  #redial(failure: Failure): void {
    if (this.#state.is !== 'down') return;
    if (this.#room.size === 0 && !this.#wanted) this.#setState({ is: 'idle', cause: failure });
    else this.#dial();
  }

  /** Lets waiting calls go, as far as there is room. */
  #serve(): void {
    if (this.#state.is !== 'up' || this.#room.size === 0) return;
    const { wire } = this.#connection as Connection<W>;
    while (!wire.full) {
      const call = this.#room.leave();
      if (!call) return;
      this.#send(wire, call.request, call.pending);
    }
  }

  #send(wire: W, request: Request, pending: Pending): void {
    try {
      wire.send(request, pending);
    } catch (error) {
      pending.settle(
        new Failure({
          kind: 'protocol',
          code: 'ENCODER_FAILED',
          message: 'the request could not be encoded; nothing was sent (the cause tells why)',
          outcome: 'not-sent',
          retryable: false,
          cause: error,
        }),
      );
    }
  }

  /** What a call that waited is told: why there is no connection, where that is the reason. */
  #gaveUp(pending: Pending, why: Abandonment): Failure {
    const up = this.#state.is === 'up';
    const failure = abandonedFailure(pending, why, 'not-sent', up ? 'queue' : 'connect');
    const last = this.#lastFailure;
    if (up || why !== 'deadline' || !last) return failure;
    return new Failure({ ...failure, cause: last.cause, details: { ...failure.details, lastFailure: last.code } });
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
