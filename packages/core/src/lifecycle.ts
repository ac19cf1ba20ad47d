/** Open, closing, closed: how every client counts its calls and ends. */

import { Pending, type Timekeeper } from './deadline.ts';
import { Failure } from './errors/failure.ts';

export type LifecycleState = 'open' | 'closing' | 'closed';

/**
 * Counts the calls of a client. `close` lets the running ones end and refuses new ones; `destroy` ends them.
 */
export class Lifecycle {
  readonly #timekeeper: Timekeeper;
  readonly #release: (failure: Failure) => void;
  #state: LifecycleState = 'open';
  #calls = 0;
  /** Settles when no call is left, or the time for that is over. */
  #drained: Pending<undefined> | undefined;
  #closing: Promise<void> | undefined;

  /** @param release - lets go of sockets and timers; called once, when no call is left. */
  constructor(timekeeper: Timekeeper, release: (failure: Failure) => void) {
    this.#timekeeper = timekeeper;
    this.#release = release;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  /** Calls that run now. */
  get calls(): number {
    return this.#calls;
  }

  /** A call begins. The failure, when the client takes none any more. */
  enter(): Failure | undefined {
    if (this.#state !== 'open') return closedFailure(undefined);
    this.#calls += 1;
    return undefined;
  }

  leave(): void {
    this.#calls -= 1;
    if (this.#calls === 0) this.#drained?.settle(undefined);
  }

  /** Refuses new calls, waits for the running ones for at most `timeoutMs`, then destroys. Never rejects. */
  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#drain(timeoutMs);
    return this.#closing;
  }

  /** Ends everything now: pending calls get a `closed` failure whose cause is `reason`. */
  destroy(reason?: unknown): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#timekeeper.abandonAll(reason);
    try {
      this.#release(closedFailure(reason));
    } finally {
      this.#timekeeper.release();
    }
  }

  async #drain(timeoutMs: number): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing';
    if (this.#calls > 0 && this.#state === 'closing' && timeoutMs > 0) {
      await new Promise((resolve) => {
        this.#drained = new Pending<undefined>(resolve, this.#timekeeper.clock.now() + timeoutMs);
        this.#timekeeper.add(this.#drained as Pending);
      });
    }
    this.destroy();
  }
}

function closedFailure(reason: unknown): Failure {
  return new Failure({
    kind: 'closed',
    message: 'the client is closed; make a new one to go on',
    outcome: 'not-sent',
    retryable: false,
    cause: reason,
  });
}
