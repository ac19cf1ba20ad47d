/** The first exchange on a connection to a server that is not known yet, with its deadline. */

import {
  abandonedFailure,
  type Abandonment,
  Failure,
  type Holder,
  type Pending,
  type Timekeeper,
  waitFor,
} from '@wirewright/core';
import { noAnswer } from './failures.ts';
import { type Greeted, Greeting, type GreetingOptions } from './greeting.ts';

export interface HandshakeOptions extends GreetingOptions {
  readonly timekeeper: Timekeeper;
  /** For the answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Something was learned: now, before any further byte. A failure where the connection is of no use all the same. */
  readonly onGreeted: (greeted: Greeted) => Failure | undefined;
}

export class Handshake implements Holder {
  readonly #options: HandshakeOptions;
  readonly #greeting: Greeting;
  #pending: Pending<undefined> | undefined;
  #over = false;

  constructor(options: HandshakeOptions) {
    this.#options = options;
    this.#greeting = new Greeting(options);
  }

  /** Nothing more is expected: what comes now is for the requests. */
  get over(): boolean {
    return this.#over;
  }

  run(): Promise<Failure | undefined> {
    const { timekeeper, timeoutMs } = this.#options;
    const limits = { dueAt: timekeeper.clock.now() + timeoutMs };
    return waitFor<undefined>(timekeeper, limits, 'probe', (pending) => {
      this.#pending = pending;
      pending.holder = this;
      this.#greeting.start();
    });
  }

  onData(bytes: Uint8Array, length: number): void {
    this.#settle(this.#greeting.onData(bytes, length));
  }

  /** The peer has finished sending. False when that tells nothing. */
  onEnd(): boolean {
    this.#settle(this.#greeting.onEnd());
    return this.#over;
  }

  /** The connection is over: also that may tell something, if it was the peer who ended it. */
  onClose(failure: Failure): void {
    if (failure.kind === 'connection' && !this.#over) this.onEnd();
    this.#over = true;
    this.#pending?.settle(failure);
  }

  abandon(pending: Pending, why: Abandonment): void {
    const { endpoint } = this.#options;
    pending.settle(why === 'deadline' ? noAnswer(endpoint) : abandonedFailure(pending, why, 'not-sent', 'probe'));
  }

  #settle(greeted: Greeted | Failure | undefined): void {
    if (!greeted) return;
    this.#over = true;
    const failure = greeted instanceof Failure ? greeted : this.#options.onGreeted(greeted);
    this.#pending?.settle(failure);
  }
}
