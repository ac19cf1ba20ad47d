/** A place in the pool that somebody holds on to. */

import { type CallLimits, Failure, type Timekeeper } from '@wirewright/core';
import { Semaphore } from '@wirewright/core/kit';
import type { Lease, Pool } from '@wirewright/core/socket';
import type { Held, Place } from './exchange.ts';
import { spent } from './failures.ts';
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
  /** A connection that was idle for longer is not used again: its server may have given it up. */
  readonly #maxIdleMs: number;
  #idleSince: number;
  #returned = false;

  constructor(pool: Pool<LensDBWire>, timekeeper: Timekeeper, lease: Lease<LensDBWire>, maxIdleMs: number) {
    this.#pool = pool;
    this.#timekeeper = timekeeper;
    this.#lease = lease;
    this.#maxIdleMs = maxIdleMs;
    this.#idleSince = timekeeper.clock.now();
  }

  /** Gives the connection back, at once or when the command that runs on it has ended. Later commands are refused. */
  end(): void {
    if (this.#returned) return;
    this.#returned = true;
    this.#turn.close(returned());
    if (this.#turn.taken === 0) this.#release();
  }

  tryTake(now: number): Held | undefined {
    const member = this.#fitAt(now);
    return member && this.#turn.tryAcquire() ? this.#hold(member) : undefined;
  }

  async take(limits: CallLimits, fresh: boolean): Promise<Held | Failure> {
    const refused = this.#turn.tryAcquire() ? undefined : await this.#turn.wait(this.#timekeeper, limits);
    if (refused) return refused;
    const current = fresh ? undefined : this.#fitAt(this.#timekeeper.clock.now());
    if (current) return this.#hold(current);
    // Closed first: the pool would take it for one that was used just now.
    this.#lease?.member.close(spent(this.#lease.member.endpoint));
    this.#release();
    const lease = await this.#pool.lease(limits, true);
    if (lease instanceof Failure) {
      this.#endTurn();
      return lease;
    }
    this.#lease = lease;
    return this.#hold(lease.member);
  }

  #fitAt(now: number): LensDBWire | undefined {
    const member = this.#lease?.member;
    return member?.usable && now - this.#idleSince < this.#maxIdleMs ? member : undefined;
  }

  /** One command's turn. */
  #hold(member: LensDBWire): Held {
    return { member, release: this.#endTurn };
  }

  readonly #endTurn = (): void => {
    this.#idleSince = this.#timekeeper.clock.now();
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
