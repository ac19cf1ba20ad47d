/** Leases a bounded number of connections to many callers. */

import type { Pending } from '../deadline.ts';
import { Failure } from '../errors/failure.ts';
import { Waiters } from '../kit/waiters.ts';
import type { Timer } from '../ports.ts';
import { type CallLimits, waitFor } from '../waiting.ts';
import { firstPauseMs, GrowthPause } from './growth-pause.ts';
import { openerFailed } from './connection-failures.ts';
import { lostOnArrival, overloadedFailure, retiredFailure } from './pool-failures.ts';
import { checkPoolOptions, type Lease, type PoolMember, type PoolOptions, type PoolStats } from './pool-options.ts';
import { tell } from './tell.ts';
import { Slot } from './pool-slot.ts';

/**
 * Members are leased last in, first out, so that a pool that needs few keeps few warm and the others age out.
 *
 * A failed dial ends those that wait only when no member is open and no other dial is under way: a server
 * that accepts fewer connections than `max` then simply makes the pool smaller.
 *
 * What happens in callbacks is safe: everything is in its new state before anybody is told.
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
  /** Members that are being checked: who waits for one of them needs no new one. */
  #validating = 0;
  readonly #pause = new GrowthPause();
  #lastFailure: Failure | undefined;
  #sweepTimer: Timer | undefined;
  #growthTimer: Timer | undefined;
  #destroyed: Failure | undefined;
  #opened = 0;
  #closed = 0;
  #failedDials = 0;
  #leases = 0;

  /** @throws ArgumentError for a bound that is none. */
  constructor(options: PoolOptions<M>) {
    checkPoolOptions(options);
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
    const now = this.#now();
    for (let slot = this.#idle.pop(); slot; slot = this.#idle.pop()) {
      if (!slot.isFit(now, this.#maxIdleMs)) {
        this.#discard(slot, retiredFailure());
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
   * may have died with it. An idle member makes room for it. When none can be dialled, what there is has to do.
   */
  acquire(pending: Pending<M>, fresh = false): void {
    if (pending.settled) return;
    if (this.#destroyed) return pending.settle(this.#destroyed);
    if (this.#waiters.size + this.#freshWaiters.size >= this.#maxWaiters) {
      return pending.settle(overloadedFailure(this.#maxWaiters));
    }
    if (!fresh) {
      this.#waiters.push(pending);
      this.#serve();
    } else {
      this.#freshWaiters.push(pending);
      const oldest = this.#idle[0];
      if (oldest) this.#discard(oldest, retiredFailure());
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
    const now = this.#now();
    slot.leased = false;
    slot.since = now;
    if (!slot.isFit(now, this.#maxIdleMs) || (this.#freshWaiters.size > this.#dialing && this.#atMax())) {
      this.#discard(slot, retiredFailure());
      this.#grow();
      return;
    }
    this.#idle.push(slot);
    if (this.#waiters.size > 0) this.#serve();
    else this.#armSweep();
  }

  /** Leases that have been out for longer than `ms`: what somebody forgot to give back. */
  leaked(ms: number): Lease<M>[] {
    const now = this.#now();
    return [...this.#slots.values()]
      .filter((slot) => slot.leased && now - slot.since > ms)
      .map((slot) => ({ member: slot.member, ageMs: now - slot.since }));
  }

  /** Opens members until `min`, and at least one, are there or being dialled. */
  warm(): void {
    if (this.#destroyed) return;
    const wanted = Math.max(1, this.#min) - this.#slots.size - this.#dialing;
    for (let i = 0; i < wanted; i += 1) void this.#dial();
  }

  /** Whether a member is with somebody. */
  isLeased(member: M): boolean {
    return this.#slots.get(member)?.leased ?? false;
  }

  /** Closes everything, leased or not, and ends those that wait. What is being dialled is closed when it is up. */
  destroy(failure: Failure): void {
    if (this.#destroyed) return;
    this.#destroyed = failure;
    this.#sweepTimer?.cancel();
    this.#growthTimer?.cancel();
    const members = [...this.#slots.keys()];
    this.#slots.clear();
    this.#idle.length = 0;
    this.#closed += members.length;
    this.#waiters.fail(failure);
    this.#freshWaiters.fail(failure);
    for (const member of members) member.close(failure);
  }

  #lease(slot: Slot<M>, now: number): M {
    slot.lease(now);
    this.#leases += 1;
    return slot.member;
  }

  /** Gives idle members to those that wait. */
  #serve(): void {
    const now = this.#now();
    while (this.#waiters.size > 0) {
      const slot = this.#idle.pop();
      if (!slot) return;
      if (!slot.isFit(now, this.#maxIdleMs)) {
        this.#discard(slot, retiredFailure());
        continue;
      }
      if (now - slot.since > this.#validateAfterMs) {
        // Those below it have been idle for longer still: no more are checked than are waited for.
        if (this.#validating >= this.#waiters.size) return void this.#idle.push(slot);
        slot.lease(now);
        slot.checked = true;
        void this.#validate(slot);
        continue;
      }
      const waiter = this.#waiters.shift();
      if (waiter) waiter.settle(this.#lease(slot, now));
      else this.#idle.push(slot);
    }
  }

  async #validate(slot: Slot<M>): Promise<void> {
    let good = false;
    this.#validating += 1;
    try {
      good = (await this.#options.validate?.(slot.member)) ?? true;
    } catch {
      // A check that fails, however it does, says that the member is no good.
    }
    this.#endCheck(slot);
    if (good) this.release(slot.member);
    else this.#discard(slot, retiredFailure());
    this.#grow();
  }

  #endCheck(slot: Slot<M>): void {
    if (slot.checked) this.#validating -= 1;
    slot.checked = false;
  }

  #now(): number {
    return this.#options.timekeeper.clock.now();
  }

  #atMax(): boolean {
    return this.#slots.size + this.#dialing >= this.#max;
  }

  /** Members that those who wait still miss, beyond what is on its way to them. */
  #missing(): number {
    const waiting = Math.max(0, this.#waiters.size - this.#validating) + this.#freshWaiters.size;
    return waiting - this.#dialing;
  }

  #grow(): void {
    while (!this.#destroyed && this.#missing() > 0 && !this.#atMax()) {
      const wait = this.#pause.left(this.#now());
      if (this.#slots.size > 0 && wait > 0) {
        this.#growLater(wait);
        return;
      }
      void this.#dial();
    }
  }

  /** Dials what is missing to `min`; not at once, as what ended a member may end the next. */
  #keepMin(): void {
    if (this.#slots.size + this.#dialing >= this.#min) return;
    this.#growLater(Math.max(firstPauseMs, this.#pause.left(this.#now())));
  }

  #growLater(waitMs: number): void {
    if (this.#growthTimer || this.#destroyed) return;
    this.#growthTimer = this.#options.ports.clock.setTimer(() => {
      this.#growthTimer = undefined;
      this.#grow();
      if (this.#pause.left(this.#now()) > 0) this.#keepMin();
      else if (this.#slots.size + this.#dialing < this.#min) this.warm();
    }, waitMs);
    // Those that wait keep the process alive by their own deadlines.
    this.#growthTimer.unref();
  }

  async #dial(): Promise<void> {
    this.#dialing += 1;
    let result: M | Failure;
    try {
      result = await this.#options.open(this.#onClosed);
    } catch (error) {
      result = openerFailed(error);
    }
    this.#dialing -= 1;
    if (result instanceof Failure) this.#onDialFailed(result);
    else this.#onDialed(result);
  }

  #onDialed(member: M): void {
    if (this.#destroyed) {
      member.close(this.#destroyed);
      return;
    }
    // A peer that lets everybody in and then hangs up refuses, for what it is to us.
    if (!member.usable) {
      member.close(retiredFailure());
      this.#onDialFailed(lostOnArrival());
      return;
    }
    const now = this.#now();
    const lifetime = this.#maxLifetimeMs * (0.9 + 0.2 * this.#options.ports.random.next());
    const slot = new Slot(member, now, lifetime);
    this.#pause.onSuccess();
    this.#opened += 1;
    this.#slots.set(member, slot);
    const waiter = this.#freshWaiters.shift();
    if (waiter) {
      waiter.settle(this.#lease(slot, now));
    } else {
      this.#idle.push(slot);
      this.#serve();
      this.#armSweep();
    }
    if (this.#slots.size + this.#dialing < this.#min) this.warm();
    this.#changed(undefined);
  }

  #onDialFailed(failure: Failure): void {
    this.#failedDials += 1;
    this.#lastFailure = failure;
    const pause = this.#pause.onFailure(this.#now());
    if (this.#destroyed) return;
    if (this.#slots.size > 0) {
      this.#contentFresh();
    } else if (this.#dialing === 0) {
      this.#waiters.fail(failure);
      this.#freshWaiters.fail(failure);
    }
    if (this.#missing() > 0 || this.#min > this.#slots.size) this.#growLater(pause);
    this.#changed(failure);
  }

  /** Those that wanted a new member, and get none, take what there is. */
  #contentFresh(): void {
    while (this.#freshWaiters.size > this.#dialing) {
      const waiter = this.#freshWaiters.shift();
      if (!waiter) break;
      this.#waiters.push(waiter);
    }
    this.#serve();
  }

  readonly #onClosed = (member: M, failure: Failure): void => {
    const slot = this.#slots.get(member);
    if (!slot) return;
    this.#lastFailure = failure;
    this.#forget(slot);
    this.#grow();
    this.#keepMin();
    this.#changed(failure);
  };

  #discard(slot: Slot<M>, failure: Failure): void {
    if (!this.#forget(slot)) return;
    slot.member.close(failure);
    this.#keepMin();
    this.#changed(this.#lastFailure);
  }

  /** False when it was forgotten before: lost, or closed with the pool. */
  #forget(slot: Slot<M>): boolean {
    if (!this.#slots.delete(slot.member)) return false;
    this.#closed += 1;
    this.#endCheck(slot);
    const index = this.#idle.indexOf(slot);
    if (index >= 0) this.#idle.splice(index, 1);
    return true;
  }

  #changed(failure: Failure | undefined): void {
    if (!this.#destroyed) tell('onChange', this.#options.onChange, this.#slots.size, failure);
  }

  /** One timer for the next member that will have been idle for too long. It keeps no process alive. */
  #armSweep(): void {
    const oldest = this.#idle[0];
    if (this.#sweepTimer || !oldest || this.#maxIdleMs === Infinity || this.#destroyed) return;
    const wait = oldest.since + this.#maxIdleMs - this.#now();
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
    const now = this.#now();
    for (const slot of this.#idle.filter((idle) => !idle.isFit(now, this.#maxIdleMs)))
      this.#discard(slot, retiredFailure());
    if (this.#slots.size + this.#dialing < this.#min) this.warm();
    this.#armSweep();
  }
}
