/**
 * Keeps one connection alive: dials again with back-off, numbers the connections (epochs), and lets calls that
 * were not sent wait for the next one.
 */

import { abandonedFailure, type Abandonment, type Pending } from '../deadline.ts';
import { Failure } from '../errors/failure.ts';
import type { Timer } from '../ports.ts';
import type { Connection } from './connection.ts';
import { encoderFailed, openerFailed } from './connection-failures.ts';
import { Liveness } from './liveness.ts';
import { defaultRedialBackoff, redialPauseMs } from './redial-pause.ts';
import { SessionLanes } from './session-lanes.ts';
import { setUpFailed, setUpTooSlow, waitingRoomFull } from './session-failures.ts';
import { checkSessionOptions, type SessionOptions, type SessionState, type SessionWire } from './session-options.ts';
import { tell } from './tell.ts';

type Bounds = Required<
  Pick<SessionOptions<never, never>, 'maxWaiting' | 'maxWaitingBytes' | 'backoff' | 'setUpTimeoutMs'>
>;

export class Session<Request, W extends SessionWire<Request>> {
  readonly #options: SessionOptions<Request, W> & Bounds;
  readonly #lanes: SessionLanes<Request>;
  #state: SessionState = { is: 'idle', cause: undefined };
  #epoch = 0;
  #connection: Connection<W> | undefined;
  #liveness: Liveness<W> | undefined;
  #failuresInARow = 0;
  #lastFailure: Failure | undefined;
  #redialTimer: Timer | undefined;
  /** Runs while `onUp` does. */
  #setUpTimer: Timer | undefined;
  #firstLane = 0;
  /** Whether the connection is wanted when no call waits for it. */
  #wanted = false;
  #refed = true;

  /** @throws ArgumentError for an option that is none */
  constructor(options: SessionOptions<Request, W>) {
    checkSessionOptions(options);
    const { lanes = 1, maxWaiting = 10_000, maxWaitingBytes = 16 * 1024 * 1024 } = options;
    const { backoff = defaultRedialBackoff, setUpTimeoutMs = 30_000 } = options;
    this.#options = { ...options, maxWaiting, maxWaitingBytes, backoff, setUpTimeoutMs };
    this.#lanes = new SessionLanes(lanes, maxWaiting, maxWaitingBytes, (pending, why) => this.#abandoned(pending, why));
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The number of the current connection, or of the last try to get one. Tries count from 1, failed ones too. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The wire, while it is up. */
  get wire(): W | undefined {
    return this.#state.is === 'up' ? this.#connection?.wire : undefined;
  }

  /** Calls that wait for a connection, or for room on it. */
  get waiting(): number {
    return this.#lanes.waiting;
  }

  /**
   * Sends a request, now or as soon as there is a connection with room for it. `pending` is registered with the
   * timekeeper; it settles in any case.
   *
   * @param bytes - about how large the request is, for the bound of what may wait
   * @param lane - whose turn it waits for, and whose room: see the option `lanes`
   * @throws RangeError for a lane that there is not
   */
  submit(request: Request, pending: Pending, bytes: number, lane = 0): void {
    const room = this.#lanes.room(lane);
    if (this.#state.is === 'up') {
      // None for as long as `onDown` runs: who calls from there waits for the next one.
      const wire = this.#connection?.wire;
      if (wire && room.size === 0 && !wire.isFull(lane)) {
        this.#send(wire, request, pending, lane);
        return;
      }
    } else if (this.#state.is === 'closed') {
      pending.settle(this.#state.cause.as('not-sent'));
      return;
    }
    if (!room.enter(request, pending, bytes)) {
      const { maxWaiting, maxWaitingBytes } = this.#options;
      pending.settle(waitingRoomFull(maxWaiting, maxWaitingBytes, this.#lastFailure));
      return;
    }
    if (this.#state.is === 'idle') this.#dial();
  }

  /** Connects, and keeps the connection from now on, whether or not calls wait for it. */
  start(): void {
    this.#wanted = true;
    if (this.#refed) this.#redialTimer?.ref();
    if (this.#state.is === 'idle') this.#dial();
  }

  /** Does not wait for the back-off: the caller knows that the peer is there again. */
  redialNow(): void {
    if (this.#state.is !== 'down') return;
    this.#redialTimer?.cancel();
    this.#dial();
  }

  /**
   * Ends the current connection with `failure`, if there is one; calls that wait go to the next one. A failure of
   * authentication, permission or support that is not retryable ends them, as one of a try does.
   */
  drop(failure: Failure): void {
    this.#connection?.close(failure);
  }

  /** Whether the connection keeps the process alive, and the pause before the next one if it is wanted. */
  ref(): void {
    this.#refed = true;
    this.#connection?.ref();
    if (this.#wanted) this.#redialTimer?.ref();
  }

  unref(): void {
    this.#refed = false;
    this.#connection?.unref();
    this.#redialTimer?.unref();
  }

  /**
   * Ends everything: calls that wait end `not-sent`, sent ones as the wire says. A dial under way ends with its
   * timekeeper, or at its own time limit.
   */
  destroy(failure: Failure): void {
    if (this.#state.is === 'closed') return;
    this.#setState({ is: 'closed', cause: failure });
    this.#redialTimer?.cancel();
    this.#lanes.fail(failure.as('not-sent'));
    this.#connection?.close(failure);
    this.#connection = undefined;
  }

  #setState(state: SessionState): void {
    this.#state = state;
    tell('onState', this.#options.onState, state);
  }

  #dial(): void {
    this.#epoch += 1;
    const epoch = this.#epoch;
    this.#setState({ is: 'connecting', epoch, cause: this.#lastFailure });
    // Who was told may have ended the session.
    if (!this.#closedBy()) void this.#connect(epoch);
  }

  async #connect(epoch: number): Promise<void> {
    const result = await this.#open(epoch);
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
    const failure = await this.#runOnUp(result, epoch);
    // It may have been lost, or the session closed, meanwhile: `onClosed` has seen to that.
    if (this.#connection !== result) return;
    if (failure) result.close(failure);
    else this.#onUp(result, epoch);
  }

  #closedBy(): Failure | undefined {
    return this.#state.is === 'closed' ? this.#state.cause : undefined;
  }

  async #open(epoch: number): Promise<Connection<W> | Failure> {
    try {
      return await this.#options.open({
        onClosed: (connection, failure) => this.#onClosed(connection, epoch, failure),
        onProgress: () => this.#serve(),
      });
    } catch (error) {
      return openerFailed(error);
    }
  }

  async #runOnUp(connection: Connection<W>, epoch: number): Promise<Failure | undefined> {
    const { onUp, setUpTimeoutMs, ports } = this.#options;
    if (!onUp) return undefined;
    const { endpoint, wire } = connection;
    const timer = ports.clock.setTimer(() => connection.close(setUpTooSlow(setUpTimeoutMs, endpoint)), setUpTimeoutMs);
    // The connection itself keeps the process alive, if that is wanted.
    timer.unref();
    this.#setUpTimer = timer;
    try {
      return await onUp(wire, epoch);
    } catch (error) {
      return setUpFailed(error, endpoint);
    } finally {
      timer.cancel();
    }
  }

  #startLiveness(connection: Connection<W>): void {
    if (!this.#options.liveness) return;
    this.#liveness = new Liveness(this.#options.ports, connection, this.#options.liveness);
    this.#liveness.start();
  }

  #onUp(connection: Connection<W>, epoch: number): void {
    this.#lastFailure = undefined;
    this.#setState({ is: 'up', epoch, endpoint: connection.endpoint });
    this.#serve();
  }

  #onClosed(connection: Connection<W>, epoch: number, failure: Failure): void {
    if (this.#connection !== connection) return;
    const wasUp = this.#state.is === 'up';
    this.#connection = undefined;
    this.#setUpTimer?.cancel();
    this.#liveness?.stop();
    this.#liveness = undefined;
    tell('onDown', this.#options.onDown, epoch, failure);
    // Being up proves little without a handshake: a peer that accepts and closes without a word has failed again. So
    // has one on which what comes first could not be done.
    if (wasUp && connection.bytesReceived > 0) this.#failuresInARow = 0;
    if (this.#state.is !== 'closed') this.#onFailed(failure);
  }

  #onFailed(failure: Failure): void {
    this.#lastFailure = failure;
    if (isFinal(failure)) return this.#giveUp(failure);
    if (!this.#isNeeded) {
      this.#setState({ is: 'idle', cause: failure });
      return;
    }
    this.#failuresInARow += 1;
    const pause = redialPauseMs(this.#options.backoff, this.#failuresInARow, this.#options.ports.random);
    if (pause === Infinity) return this.#giveUp(failure);
    this.#redialTimer = this.#options.ports.clock.setTimer(() => this.#redial(failure), pause);
    // Calls that wait keep the process alive by their deadlines, and so does a connection that is wanted.
    if (!this.#wanted || !this.#refed) this.#redialTimer.unref();
    // Last: who is told may destroy the session, or dial at once.
    this.#setState({ is: 'down', cause: failure, retryInMs: pause });
  }

  /** Those that wait are told, and the next call, or `start`, tries anew. */
  #giveUp(failure: Failure): void {
    const { taken } = this.#lanes;
    this.#failuresInARow = 0;
    this.#setState({ is: 'idle', cause: failure });
    this.#lanes.fail(failure.as('not-sent'), taken);
    // Who was told may have called, and a connection is tried after all.
    if (this.#state.is !== 'idle') return;
    this.#wanted = false;
    tell('onGaveUp', this.#options.onGaveUp, failure);
  }

  #redial(failure: Failure): void {
    if (this.#isNeeded) this.#dial();
    else this.#setState({ is: 'idle', cause: failure });
  }

  get #isNeeded(): boolean {
    return this.#wanted || this.waiting > 0;
  }

  /** Lets waiting calls go, as far as there is room: of each lane first in its turn, as they may share some of it. */
  #serve(): void {
    const { count } = this.#lanes;
    this.#firstLane = this.#firstLane + 1 < count ? this.#firstLane + 1 : 0;
    for (let i = 0; i < count; i += 1) this.#serveLane((this.#firstLane + i) % count);
  }

  #serveLane(lane: number): void {
    const room = this.#lanes.room(lane);
    if (room.size === 0) return;
    // Each time anew: writing a request may end the connection, and the rest waits for the next one.
    for (let { wire } = this; wire && !wire.isFull(lane); { wire } = this) {
      const call = room.leave();
      if (!call) return;
      this.#send(wire, call.request, call.pending, lane);
    }
  }

  #send(wire: W, request: Request, pending: Pending, lane: number): void {
    try {
      wire.send(request, pending, lane);
    } catch (error) {
      pending.settle(encoderFailed(error));
    }
  }

  /** What a call that waited is told: why there is no connection, where that is the reason. */
  #abandoned(pending: Pending, why: Abandonment): Failure {
    const up = this.#state.is === 'up';
    const failure = abandonedFailure(pending, why, 'not-sent', up ? 'queue' : 'connect');
    const last = this.#lastFailure;
    if (why !== 'deadline' || !last) return failure;
    return new Failure({ ...failure, cause: last.cause, details: { ...failure.details, lastFailure: last.code } });
  }
}

/** Wrong credentials are wrong again in a second, and what a server cannot do it cannot do in a second either. */
function isFinal({ kind, retryable }: Failure): boolean {
  return !retryable && (kind === 'authentication' || kind === 'permission' || kind === 'unsupported');
}
