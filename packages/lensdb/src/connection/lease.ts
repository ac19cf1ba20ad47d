/** A place in the pool that somebody holds on to. */

import { type CallLimits, Failure, type Timekeeper } from '@wirewright/core';
import { Semaphore } from '@wirewright/core/kit';
import type { Pool } from '@wirewright/core/socket';
import type { Place } from './exchange.ts';
import type { LensDBWire } from './wire.ts';

/**
 * Commands run one after the other. A connection that has ended is replaced by the next command: servers keep nothing
 * about a connection that could be lost with it.
 */
export class Lease implements Place {
  readonly #pool: Pool<LensDBWire>;
  readonly #timekeeper: Timekeeper;
  readonly #turn: Semaphore = new Semaphore({ permits: 1, phase: 'connection' });
  #wire: LensDBWire | undefined;
  #returned = false;

  constructor(pool: Pool<LensDBWire>, timekeeper: Timekeeper, wire: LensDBWire) {
    this.#pool = pool;
    this.#timekeeper = timekeeper;
    this.#wire = wire;
  }

  /** Gives the connection back, at once or when the command that runs on it has ended. Later commands are refused. */
  end(): void {
    if (this.#returned) return;
    this.#returned = true;
    this.#turn.close(returned());
    if (this.#turn.taken === 0) this.#release();
  }

  tryTake(): LensDBWire | undefined {
    if (!this.#wire?.usable || !this.#turn.tryAcquire()) return undefined;
    return this.#wire;
  }

  async take(limits: CallLimits, fresh: boolean): Promise<LensDBWire | Failure> {
    const refused = this.#turn.tryAcquire() ? undefined : await this.#turn.wait(this.#timekeeper, limits);
    if (refused) return refused;
    if (this.#wire?.usable && !fresh) return this.#wire;
    this.#release();
    const wire = await this.#pool.lease(limits, true);
    if (wire instanceof Failure) this.giveBack();
    else this.#wire = wire;
    return wire;
  }

  readonly giveBack = (): void => {
    this.#turn.release();
    if (this.#returned) this.#release();
  };

  #release(): void {
    if (this.#wire) this.#pool.release(this.#wire);
    this.#wire = undefined;
  }
}

function returned(): Failure {
  return new Failure({
    kind: 'closed',
    message: 'this connection was given back to its pool; get another one',
    outcome: 'not-sent',
    retryable: false,
  });
}
