/** Leases a bounded number of connections to many callers. */

import type { Pending } from '../deadline.ts';
import { Failure } from '../errors/failure.ts';
import { forAll } from '../for-all.ts';
import { Waiters } from '../kit/waiters.ts';
import { type CallLimits, waitFor } from '../waiting.ts';
import { openerFailed } from './connection-failures.ts';
import { lostOnArrival, overloadedFailure, retiredFailure } from './pool-failures.ts';
import { PoolGrowth } from './pool-growth.ts';
import { IdleMembers } from './pool-idle.ts';
import { type Lease, SlotLease } from './pool-lease.ts';
import { checkPoolOptions, type Leak, type PoolMember, type PoolOptions, type PoolStats } from './pool-options.ts';
import { Slot } from './pool-slot.ts';
import { tell } from './tell.ts';

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
  readonly #idle: IdleMembers<M>;
  readonly #growth: PoolGrowth;
  readonly #waiters = new Waiters<Lease<M>>('pool');
  /** Those that want a member nobody has used. */
  readonly #freshWaiters = new Waiters<Lease<M>>('pool');
  readonly #maxWaiters: number;
  readonly #maxIdleMs: number;
  readonly #maxLifetimeMs: number;
  readonly #validateAfterMs: number;
  /** Members that are being checked: who waits for one of them needs no new one. */
  #validating = 0;
  #lastFailure: Failure | undefined;
  #destroyed: Failure | undefined;
  #opened = 0;
  #closed = 0;
  #leases = 0;

  /** @throws ArgumentError for a bound that is none. */
  constructor(options: PoolOptions<M>) {
    checkPoolOptions(options);
    const { ports, min = 0, max = 10, maxIdleMs = 60_000 } = options;
    this.#options = options;
    this.#maxWaiters = options.maxWaiters ?? 1000;
    this.#maxIdleMs = maxIdleMs;
    this.#maxLifetimeMs = options.maxLifetimeMs ?? Infinity;
    this.#validateAfterMs = options.validate ? (options.validateAfterMs ?? 30_000) : Infinity;
    this.#idle = new IdleMembers({
      clock: ports.clock,
      maxIdleMs,
      retire: (slot) => this.#discard(slot, retiredFailure()),
      onSwept: () => this.#growth.warmToMin(),
    });
    this.#growth = new PoolGrowth({
      clock: ports.clock,
      min,
      max,
      open: () => this.#slots.size,
      missing: () => this.#missing(),
      dial: () => void this.#dial(),
    });
  }

  stats(): PoolStats {
    return {
      open: this.#slots.size,
      idle: this.#idle.size,
      leased: this.#slots.size - this.#idle.size,
      dialing: this.#growth.dialing,
      waiting: this.#waiters.size + this.#freshWaiters.size,
      opened: this.#opened,
      closed: this.#closed,
      failedDials: this.#growth.failedDials,
      leases: this.#leases,
    };
  }

  /** Why the last dial failed or the last member was lost. */
  get lastFailure(): Failure | undefined {
    return this.#lastFailure;
  }

  /**
   * A member that is ready now, without waiting; undefined sends the caller to `acquire`.
   *
   * @param now - the time, for a caller that has just looked at the clock
   */
  tryAcquire(now: number = this.#now()): Lease<M> | undefined {
    if (this.#waiters.size > 0) return undefined;
    const slot = this.#idle.pop(now);
    if (!slot) return undefined;
    if (now - slot.since <= this.#validateAfterMs) return this.#lease(slot, now);
    this.#idle.push(slot);
    return undefined;
  }

  /**
   * Settles `pending`, which is registered with the timekeeper, with a lease, or with a failure: `overloaded`
   * when too many wait, that of the dial when nothing can be opened.
   *
   * @param fresh - ask for a member that is dialled now, as a repeat after a lost connection does: what else is idle
   * may have died with it. An idle member makes room for it. When none can be dialled, what there is has to do.
   */
  acquire(pending: Pending<Lease<M>>, fresh = false): void {
    if (pending.settled) return;
    if (this.#destroyed) return pending.settle(this.#destroyed);
    if (this.#waiters.size + this.#freshWaiters.size >= this.#maxWaiters) {
      return pending.settle(overloadedFailure(this.#maxWaiters));
    }
    if (!fresh || this.#growth.paused) {
      this.#waiters.push(pending);
      this.#serve();
    } else {
      this.#freshWaiters.push(pending);
      const { oldest } = this.#idle;
      if (oldest) this.#discard(oldest, retiredFailure());
    }
    this.#growth.grow();
  }

  /** The same as a promise: waits within `limits` for a member, to be released after use. */
  lease(limits: CallLimits, fresh = false): Promise<Lease<M> | Failure> {
    const ready = fresh || limits.signal?.aborted ? undefined : this.tryAcquire();
    if (ready) return Promise.resolve(ready);
    return waitFor<Lease<M>>(this.#options.timekeeper, limits, 'pool', (pending) => this.acquire(pending, fresh));
  }

  /** Leases that have been out for longer than `ms`: what somebody forgot to release. */
  leaked(ms: number): Leak<M>[] {
    const now = this.#now();
    return [...this.#slots.values()]
      .filter((slot) => slot.leased && !slot.checked && now - slot.since > ms)
      .map((slot) => ({ member: slot.member, ageMs: now - slot.since }));
  }

  /** Opens members until `min`, and at least one, are there or being dialled. */
  warm(): void {
    this.#growth.warm();
  }

  /** Closes everything, leased or not, and ends those that wait. What is being dialled is closed when it is up. */
  destroy(failure: Failure): void {
    if (this.#destroyed) return;
    this.#destroyed = failure;
    this.#growth.end();
    this.#idle.end();
    const slots = [...this.#slots.values()];
    for (const slot of slots) this.#forget(slot);
    this.#waiters.fail(failure);
    this.#freshWaiters.fail(failure);
    forAll(slots, ({ member }) => member.close(failure));
  }

  #lease(slot: Slot<M>, now: number): Lease<M> {
    slot.lease(now);
    this.#leases += 1;
    return new SlotLease(slot, this.#giveBack);
  }

  readonly #giveBack = (slot: Slot<M>): void => {
    if (slot.gone) return;
    const now = this.#now();
    slot.leased = false;
    slot.since = now;
    const isInTheWay = this.#freshWaiters.size > this.#growth.dialing && this.#growth.atMax;
    if (isInTheWay || !slot.isFit(now, this.#maxIdleMs)) {
      this.#discard(slot, retiredFailure());
      this.#growth.grow();
      return;
    }
    this.#idle.push(slot);
    if (this.#waiters.size > 0) this.#serve();
    else this.#idle.watch();
  };

  /** Gives idle members to those that wait. */
  #serve(): void {
    const now = this.#now();
    while (this.#waiters.size > 0) {
      const slot = this.#idle.pop(now);
      if (!slot) return;
      if (now - slot.since > this.#validateAfterMs) {
        // Those below it have been idle for longer still: no more are checked than are waited for.
        if (this.#validating >= this.#waiters.size) return this.#idle.push(slot);
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
    if (good) this.#giveBack(slot);
    else this.#discard(slot, retiredFailure());
    this.#growth.grow();
  }

  #endCheck(slot: Slot<M>): void {
    if (slot.checked) this.#validating -= 1;
    slot.checked = false;
  }

  #now(): number {
    return this.#options.timekeeper.clock.now();
  }

  /** Members that those who wait still miss, beyond what is on its way to them. */
  #missing(): number {
    const waiting = Math.max(0, this.#waiters.size - this.#validating) + this.#freshWaiters.size;
    return waiting - this.#growth.dialing;
  }

  async #dial(): Promise<void> {
    let result: M | Failure;
    try {
      result = await this.#options.open(this.#onClosed);
    } catch (error) {
      result = openerFailed(error);
    }
    if (result instanceof Failure) return this.#onDialFailed(result);
    if (this.#destroyed) {
      this.#growth.onDialed();
      return result.close(this.#destroyed);
    }
    if (result.usable) return this.#onDialed(result);
    // A peer that lets everybody in and then hangs up refuses, for what it is to us.
    result.close(retiredFailure());
    this.#onDialFailed(lostOnArrival());
  }

  #onDialed(member: M): void {
    const now = this.#now();
    const lifetime = this.#maxLifetimeMs * (0.9 + 0.2 * this.#options.ports.random.next());
    const slot = new Slot(member, now, lifetime);
    this.#growth.onDialed();
    this.#opened += 1;
    this.#slots.set(member, slot);
    const waiter = this.#freshWaiters.shift();
    if (waiter) {
      waiter.settle(this.#lease(slot, now));
    } else {
      this.#idle.push(slot);
      this.#serve();
      this.#idle.watch();
    }
    this.#growth.warmToMin();
    this.#changed(undefined);
  }

  #onDialFailed(failure: Failure): void {
    this.#growth.onDialFailed();
    this.#lastFailure = failure;
    if (this.#destroyed) return;
    if (this.#slots.size > 0) {
      this.#contentFresh();
    } else if (this.#growth.dialing === 0) {
      // Together, and once: who asks anew when it is told waits for the next dial.
      for (let waiter = this.#freshWaiters.shift(); waiter; waiter = this.#freshWaiters.shift()) {
        this.#waiters.push(waiter);
      }
      this.#waiters.fail(failure);
    }
    this.#growth.retry();
    this.#changed(failure);
  }

  /** Those that wanted a new member, and get none, take what there is. */
  #contentFresh(): void {
    while (this.#freshWaiters.size > this.#growth.dialing) {
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
    this.#growth.grow();
    this.#growth.keepMin();
    this.#changed(failure);
  };

  #discard(slot: Slot<M>, failure: Failure): void {
    if (slot.gone) return;
    this.#forget(slot);
    slot.member.close(failure);
    this.#growth.keepMin();
    this.#changed(this.#lastFailure);
  }

  #forget(slot: Slot<M>): void {
    slot.gone = true;
    this.#slots.delete(slot.member);
    this.#closed += 1;
    this.#endCheck(slot);
    this.#idle.remove(slot);
  }

  #changed(failure: Failure | undefined): void {
    if (!this.#destroyed) tell('onChange', this.#options.onChange, this.#slots.size, failure);
  }
}
