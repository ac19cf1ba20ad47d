/// <reference lib="esnext.disposable" preserve="true" />

import type { PoolMember } from './pool-options.ts';
import type { Slot } from './pool-slot.ts';

/** The right to use a member of a pool, until it is released. */
export interface Lease<M> extends Disposable {
  readonly member: M;
  /**
   * Gives the member back; one that is not usable any more is closed. Releasing again does nothing, also when the
   * member is with somebody else by then.
   */
  release(): void;
}

export class SlotLease<M extends PoolMember> implements Lease<M> {
  readonly member: M;
  readonly #giveBack: (slot: Slot<M>) => void;
  #slot: Slot<M> | undefined;

  constructor(slot: Slot<M>, giveBack: (slot: Slot<M>) => void) {
    this.member = slot.member;
    this.#slot = slot;
    this.#giveBack = giveBack;
  }

  release(): void {
    const slot = this.#slot;
    if (!slot) return;
    this.#slot = undefined;
    this.#giveBack(slot);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
