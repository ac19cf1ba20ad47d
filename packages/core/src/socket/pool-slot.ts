import type { PoolMember } from './pool-options.ts';

/** A member, and what its pool knows of it. */
export class Slot<M extends PoolMember> {
  readonly member: M;
  readonly expiresAt: number;
  leased = false;
  /** Leased to the check, in fact. */
  checked = false;
  /** It was lost or closed: the pool has no member in it any more. */
  gone = false;
  /** Since when it is idle, or leased. */
  since: number;

  constructor(member: M, now: number, lifetimeMs: number) {
    this.member = member;
    this.expiresAt = now + lifetimeMs;
    this.since = now;
  }

  lease(now: number): void {
    this.leased = true;
    this.since = now;
  }

  /** Whether it may be leased, or kept for a lease. */
  isFit(now: number, maxIdleMs: number): boolean {
    return this.member.usable && now < this.expiresAt && (this.leased || now - this.since < maxIdleMs);
  }
}
