/** A place in the pool that somebody holds on to. */

import { type CallLimits, Failure, type Timekeeper } from '@wirewright/core';
import { Semaphore } from '@wirewright/core/kit';
import type { Lease, Pool } from '@wirewright/core/socket';
import type { Held, Place } from './exchange.ts';
import type { LensDBWire } from './wire.ts';

/**
 * Commands run one after the other. A connection that has ended is replaced by the next command: servers keep nothing
 * about a connection that could be lost with it.
 */
export class LeasedPlace implements Place {
  readonly #pool: Pool<LensDBWire>;
  readonly #timekeeper: Timekeeper;
  readonly #turn: Semaphore = new Semaphore({ permits: 1, phase: 'connection' });
  #lease: Lease<LensDBWire> | undefined;
  #returned = false;

  constructor(pool: Pool<LensDBWire>, timekeeper: Timekeeper, lease: Lease<LensDBWire>) {
    this.#pool = pool;
    this.#timekeeper = timekeeper;
    this.#lease = lease;
  }

  /** Gives the connection back, at once or when the command that runs on it has ended. Later commands are refused. */
  end(): void {
    if (this.#returned) return;
    this.#returned = true;
    this.#turn.close(returned());
    if (this.#turn.taken === 0) this.#release();
  }

  tryTake(): Held | undefined {
    const member = this.#lease?.member;
    return member?.usable && this.#turn.tryAcquire() ? this.#hold(member) : undefined;
  }

  async take(limits: CallLimits, fresh: boolean): Promise<Held | Failure> {
    const refused = this.#turn.tryAcquire() ? undefined : await this.#turn.wait(this.#timekeeper, limits);
    if (refused) return refused;
    const current = this.#lease?.member;
    if (current?.usable && !fresh) return this.#hold(current);
    this.#release();
    const lease = await this.#pool.lease(limits, true);
    if (lease instanceof Failure) {
      this.#endTurn();
      return lease;
    }
    this.#lease = lease;
    return this.#hold(lease.member);
  }

  /** One command's turn. */
  #hold(member: LensDBWire): Held {
    return { member, release: this.#endTurn };
  }

  readonly #endTurn = (): void => {
    this.#turn.release();
    if (this.#returned) this.#release();
  };

  #release(): void {
    this.#lease?.release();
    this.#lease = undefined;
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
