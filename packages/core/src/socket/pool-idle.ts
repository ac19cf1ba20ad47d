/** The members of a pool that nobody has. */

import type { Clock, Timer } from '../ports.ts';
import type { PoolMember } from './pool-options.ts';
import type { Slot } from './pool-slot.ts';

export interface IdleMembersOptions<M extends PoolMember> {
  readonly clock: Clock;
  readonly maxIdleMs: number;
  /** Closes a member that is not fit any more. It is not idle by then. */
  readonly retire: (slot: Slot<M>) => void;
  /** Some were looked for that have been idle for too long. */
  readonly onSwept: () => void;
}

/** Last in, first out, so that a pool that needs few keeps few warm and the others age out. */
export class IdleMembers<M extends PoolMember> {
  readonly #options: IdleMembersOptions<M>;
  readonly #slots: Slot<M>[] = [];
  #timer: Timer | undefined;
  #ended = false;

  constructor(options: IdleMembersOptions<M>) {
    this.#options = options;
  }

  get size(): number {
    return this.#slots.length;
  }

  /** The one that has been idle for longest. */
  get oldest(): Slot<M> | undefined {
    return this.#slots[0];
  }

  push(slot: Slot<M>): void {
    this.#slots.push(slot);
  }

  /** The last that came, taken out. Those behind it that are not fit any more are retired. */
  pop(now: number): Slot<M> | undefined {
    for (let slot = this.#slots.pop(); slot; slot = this.#slots.pop()) {
      if (slot.isFit(now, this.#options.maxIdleMs)) return slot;
      this.#options.retire(slot);
    }
    return undefined;
  }

  remove(slot: Slot<M>): void {
    const index = this.#slots.indexOf(slot);
    if (index >= 0) this.#slots.splice(index, 1);
  }

  /** One timer for the next that will have been idle for too long. It keeps no process alive. */
  watch(): void {
    const { clock, maxIdleMs } = this.#options;
    const { oldest } = this;
    if (this.#timer || !oldest || maxIdleMs === Infinity || this.#ended) return;
    const wait = oldest.since + maxIdleMs - clock.now();
    this.#timer = clock.setTimer(this.#sweep, Math.max(wait, 1));
    this.#timer.unref();
  }

  /** Forgets all of them, and watches none any more. */
  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#slots.length = 0;
  }

  readonly #sweep = (): void => {
    const { clock, maxIdleMs, retire, onSwept } = this.#options;
    this.#timer = undefined;
    const now = clock.now();
    for (const slot of this.#slots.filter((idle) => !idle.isFit(now, maxIdleMs))) retire(slot);
    onSwept();
    this.watch();
  };
}
