/** Leases a bounded number of connections to many callers. */

import type { Pending } from '../deadline.ts';
import { Failure } from '../errors/failure.ts';
import { Waiters } from '../kit/waiters.ts';
import type { Timer } from '../ports.ts';
import { type CallLimits, waitFor } from '../waiting.ts';
import type { Lease, PoolMember, PoolOptions, PoolStats } from './pool-options.ts';

interface Slot<M> {
  readonly member: M;
  readonly expiresAt: number;
  leased: boolean;
  /** Since when it is idle, or leased. */
  since: number;
}

/** After a failed dial, growth beyond what is open waits this long, doubled for each failure in a row. */
const growthPauseMs = 100;
const longestGrowthPauseMs = 5000;

/**
 * Members are leased last in, first out, so that a pool that needs few keeps few warm and the others age out.
 *
 * A failed dial ends those that wait only when no member is open and no other dial is under way: a server
 * that accepts fewer connections than `max` then simply makes the pool smaller.
 */
export class Pool<M extends PoolMember> {
  readonly #options: PoolOptions<M>;
  readonly #slots = new Map<M, Slot<M>>();
  readonly #idle: Slot<M>[] = [];
  readonly #waiters = new Waiters<M>('pool');
  /** Those that want a member nobody has used. */
  readonly #freshWaiters = new Waiters<M>('pool');
  readonly #min: number;
  readonly #max: number;
  readonly #maxWaiters: number;
  readonly #maxIdleMs: number;
  readonly #maxLifetimeMs: number;
  readonly #validateAfterMs: number;
  #dialing = 0;
  #failuresInARow = 0;
  #growAfter = 0;
  #lastFailure: Failure | undefined;
  #sweepTimer: Timer | undefined;
  #growthTimer: Timer | undefined;
  #destroyed: Failure | undefined;
  #opened = 0;
  #closed = 0;
  #failedDials = 0;
  #leases = 0;

  constructor(options: PoolOptions<M>) {
    this.#options = options;
    this.#min = options.min ?? 0;
    this.#max = options.max ?? 10;
    this.#maxWaiters = options.maxWaiters ?? 1000;
    this.#maxIdleMs = options.maxIdleMs ?? 60_000;
    this.#maxLifetimeMs = options.maxLifetimeMs ?? Infinity;
    this.#validateAfterMs = options.validate ? (options.validateAfterMs ?? 30_000) : Infinity;
  }

  stats(): PoolStats {
    return {
      open: this.#slots.size,
      idle: this.#idle.length,
      leased: this.#slots.size - this.#idle.length,
      dialing: this.#dialing,
      waiting: this.#waiters.size + this.#freshWaiters.size,
      opened: this.#opened,
      closed: this.#closed,
      failedDials: this.#failedDials,
      leases: this.#leases,
    };
  }

  /** Why the last dial failed or the last member was lost. */
  get lastFailure(): Failure | undefined {
    return this.#lastFailure;
  }

  /** A member that is ready now, without waiting; undefined sends the caller to `acquire`. */
  tryAcquire(): M | undefined {
    if (this.#waiters.size > 0) return undefined;
    const now = this.#options.timekeeper.clock.now();
    for (let slot = this.#idle.pop(); slot; slot = this.#idle.pop()) {
      if (!this.#fit(slot, now)) {
        this.#discard(slot, idleFailure());
        continue;
      }
      if (now - slot.since > this.#validateAfterMs) {
        this.#idle.push(slot);
        return undefined;
      }
      return this.#lease(slot, now);
    }
    return undefined;
  }

  /**
   * Settles `pending`, which is registered with the timekeeper, with a member, or with a failure: `overloaded`
   * when too many wait, that of the dial when nothing can be opened.
   *
   * @param fresh - ask for a member that is dialled now, as a repeat after a lost connection does: what else is idle
   * may have died with it. An idle member makes room for it.
   */
  acquire(pending: Pending<M>, fresh = false): void {
    if (this.#destroyed) return pending.settle(this.#destroyed);
    if (this.#waiters.size + this.#freshWaiters.size >= this.#maxWaiters) {
      return pending.settle(this.#overloaded());
    }
    if (!fresh) {
      this.#waiters.push(pending);
      this.#serve();
    } else {
      this.#freshWaiters.push(pending);
      const oldest = this.#idle[0];
      if (oldest) this.#discard(oldest, idleFailure());
    }
    this.#grow();
  }

  /** The same as a promise: waits within `limits` for a member. `release` follows. */
  lease(limits: CallLimits, fresh = false): Promise<M | Failure> {
    const ready = fresh || limits.signal?.aborted ? undefined : this.tryAcquire();
    if (ready) return Promise.resolve(ready);
    return waitFor<M>(this.#options.timekeeper, limits, 'pool', (pending: Pending<M>) => this.acquire(pending, fresh));
  }

  /** A lease ends. A member that is not usable any more is closed. */
  release(member: M): void {
    const slot = this.#slots.get(member);
    if (!slot?.leased) return;
    const now = this.#options.timekeeper.clock.now();
    slot.leased = false;
    slot.since = now;
    if (!this.#fit(slot, now) || (this.#freshWaiters.size > this.#dialing && this.#atMax())) {
      this.#discard(slot, idleFailure());
      this.#grow();
      return;
    }
    this.#idle.push(slot);
    if (this.#waiters.size > 0) this.#serve();
    else this.#armSweep();
  }

  /** Leases that have been out for longer than `ms`: what somebody forgot to give back. */
  leaked(ms: number): Lease<M>[] {
    const now = this.#options.timekeeper.clock.now();
    return [...this.#slots.values()]
      .filter((slot) => slot.leased && now - slot.since > ms)
      .map((slot) => ({ member: slot.member, ageMs: now - slot.since }));
  }

  /** Opens members until `min`, and at least one, are there or being dialled. */
  warm(): void {
    const wanted = Math.max(1, this.#min) - this.#slots.size - this.#dialing;
    for (let i = 0; i < wanted; i += 1) this.#dial();
  }

  /** Whether a member is with somebody. */
  isLeased(member: M): boolean {
    return this.#slots.get(member)?.leased ?? false;
  }

  /** Closes everything, leased or not, and ends those that wait. */
  destroy(failure: Failure): void {
    if (this.#destroyed) return;
    this.#destroyed = failure;
    this.#sweepTimer?.cancel();
    this.#growthTimer?.cancel();
    this.#waiters.fail(failure);
    this.#freshWaiters.fail(failure);
    for (const slot of this.#slots.values()) slot.member.close(failure);
    this.#slots.clear();
    this.#idle.length = 0;
  }

  #fit(slot: Slot<M>, now: number): boolean {
    return slot.member.usable && now < slot.expiresAt && (slot.leased || now - slot.since < this.#maxIdleMs);
  }

  #lease(slot: Slot<M>, now: number): M {
    slot.leased = true;
    slot.since = now;
    this.#leases += 1;
    return slot.member;
  }

  /** Gives idle members to those that wait. */
  #serve(): void {
    const now = this.#options.timekeeper.clock.now();
    while (this.#waiters.size > 0) {
      const slot = this.#idle.pop();
      if (!slot) return;
      if (!this.#fit(slot, now)) {
        this.#discard(slot, idleFailure());
        continue;
      }
      if (now - slot.since > this.#validateAfterMs) {
        this.#lease(slot, now);
        void this.#validate(slot);
        continue;
      }
      this.#waiters.shift()?.settle(this.#lease(slot, now));
    }
  }

  async #validate(slot: Slot<M>): Promise<void> {
    let good = false;
    try {
      good = (await this.#options.validate?.(slot.member)) ?? true;
    } catch {
      // A check that fails, however it does, says that the member is no good.
    }
    if (good) this.release(slot.member);
    else this.#discard(slot, idleFailure());
    this.#grow();
  }

  #atMax(): boolean {
    return this.#slots.size + this.#dialing >= this.#max;
  }

  #grow(): void {
    const { timekeeper } = this.#options;
    while (!this.#destroyed && this.#waiters.size + this.#freshWaiters.size > this.#dialing && !this.#atMax()) {
      const wait = this.#growAfter - timekeeper.clock.now();
      if (this.#slots.size > 0 && wait > 0) {
        this.#growLater(wait);
        return;
      }
      this.#dial();
    }
  }

  #growLater(waitMs: number): void {
    if (this.#growthTimer) return;
    this.#growthTimer = this.#options.ports.clock.setTimer(() => {
      this.#growthTimer = undefined;
      this.#grow();
      if (this.#slots.size + this.#dialing < this.#min) this.warm();
    }, waitMs);
    // Those that wait keep the process alive by their own deadlines.
    this.#growthTimer.unref();
  }

  #dial(): void {
    this.#dialing += 1;
    void this.#options.open(this.#onClosed).then((result) => {
      this.#dialing -= 1;
      if (result instanceof Failure) this.#onDialFailed(result);
      else this.#onDialed(result);
    });
  }

  #onDialed(member: M): void {
    if (this.#destroyed) {
      member.close(this.#destroyed);
      return;
    }
    // It may have been lost between being up and being told of here.
    if (!member.usable) {
      this.#grow();
      return;
    }
    const now = this.#options.timekeeper.clock.now();
    const lifetime = this.#maxLifetimeMs * (0.9 + 0.2 * this.#options.ports.random.next());
    const slot: Slot<M> = { member, expiresAt: now + lifetime, leased: false, since: now };
    this.#failuresInARow = 0;
    this.#growAfter = 0;
    this.#opened += 1;
    this.#slots.set(member, slot);
    this.#options.onChange?.(this.#slots.size, undefined);
    const waiter = this.#freshWaiters.shift();
    if (waiter) {
      waiter.settle(this.#lease(slot, now));
      return;
    }
    this.#idle.push(slot);
    this.#serve();
    this.#armSweep();
  }

  #onDialFailed(failure: Failure): void {
    this.#failedDials += 1;
    this.#lastFailure = failure;
    const pause = Math.min(growthPauseMs * 2 ** this.#failuresInARow, longestGrowthPauseMs);
    this.#failuresInARow += 1;
    this.#growAfter = this.#options.timekeeper.clock.now() + pause;
    if (this.#destroyed) return;
    if (this.#slots.size === 0 && this.#dialing === 0) {
      this.#waiters.fail(failure);
      this.#freshWaiters.fail(failure);
    }
    this.#options.onChange?.(this.#slots.size, failure);
    if (this.#waiters.size + this.#freshWaiters.size > 0 || this.#min > this.#slots.size) this.#growLater(pause);
  }

  readonly #onClosed = (member: M, failure: Failure): void => {
    const slot = this.#slots.get(member);
    if (!slot) return;
    this.#lastFailure = failure;
    this.#forget(slot);
    this.#grow();
    if (this.#slots.size + this.#dialing < this.#min) this.#growLater(growthPauseMs);
  };

  #discard(slot: Slot<M>, failure: Failure): void {
    this.#forget(slot);
    slot.member.close(failure);
  }

  #forget(slot: Slot<M>): void {
    if (!this.#slots.delete(slot.member)) return;
    this.#closed += 1;
    const index = this.#idle.indexOf(slot);
    if (index >= 0) this.#idle.splice(index, 1);
    if (!this.#destroyed) this.#options.onChange?.(this.#slots.size, this.#lastFailure);
  }

  /** One timer for the next member that will have been idle for too long. It keeps no process alive. */
  #armSweep(): void {
    const oldest = this.#idle[0];
    if (this.#sweepTimer || !oldest || this.#maxIdleMs === Infinity || this.#destroyed) return;
    const wait = oldest.since + this.#maxIdleMs - this.#options.timekeeper.clock.now();
    this.#sweepTimer = this.#options.ports.clock.setTimer(
      () => {
        this.#sweepTimer = undefined;
        this.#sweep();
      },
      Math.max(wait, 1),
    );
    this.#sweepTimer.unref();
  }

  #sweep(): void {
    const now = this.#options.timekeeper.clock.now();
    for (const slot of this.#idle.filter((idle) => !this.#fit(idle, now))) this.#discard(slot, idleFailure());
    if (this.#slots.size + this.#dialing < this.#min) this.warm();
    this.#armSweep();
  }

  #overloaded(): Failure {
    return new Failure({
      kind: 'overloaded',
      message: `${this.#maxWaiters} calls wait for a connection already (maxWaiters); slow down, or raise it or the pool's size`,
      outcome: 'not-sent',
      retryable: true,
      details: { phase: 'pool' },
    });
  }
}

function idleFailure(): Failure {
  return new Failure({
    kind: 'closed',
    message: 'the pool retired this connection',
    outcome: 'not-sent',
    retryable: true,
  });
}
