/** When a pool dials: for those that wait, for what is missing to `min`, and not into a server that refuses. */

import type { Clock, Timer } from '../ports.ts';
import { firstPauseMs, GrowthPause } from './growth-pause.ts';

export interface PoolGrowthOptions {
  readonly clock: Clock;
  readonly min: number;
  readonly max: number;
  /** Members that are open. */
  readonly open: () => number;
  /** Members that are waited for, beyond those that are on their way to who waits. Those being dialled are not. */
  readonly missing: () => number;
  /** Begins to open a member; says by `onDialed` or `onDialFailed` when that has ended. */
  readonly dial: () => void;
}

export class PoolGrowth {
  readonly #options: PoolGrowthOptions;
  readonly #pause = new GrowthPause();
  #dialing = 0;
  #failedDials = 0;
  #timer: Timer | undefined;
  #ended = false;

  constructor(options: PoolGrowthOptions) {
    this.#options = options;
  }

  get dialing(): number {
    return this.#dialing;
  }

  get failedDials(): number {
    return this.#failedDials;
  }

  /** Nothing more is dialled for a while, as long as any member is open. */
  get paused(): boolean {
    return this.#options.open() > 0 && this.#pauseLeft > 0;
  }

  get atMax(): boolean {
    return this.#size >= this.#options.max;
  }

  /** Dials for those that wait. */
  grow(): void {
    while (!this.#ended && this.#options.missing() > 0 && !this.atMax) {
      if (this.paused) return this.#later(this.#pauseLeft);
      this.#dial();
    }
  }

  /** Dials until `min`, and at least one, are open or being dialled. */
  warm(): void {
    const wanted = Math.max(1, this.#options.min) - this.#size;
    for (let i = 0; i < wanted && !this.#ended; i += 1) this.#dial();
  }

  /** Dials what is missing to `min`, if anything is. */
  warmToMin(): void {
    if (!this.#isBelowMin) return;
    if (this.paused) this.#later(this.#pauseLeft);
    else this.warm();
  }

  /** The same after a member has ended; not at once, as what ended it may end the next. */
  keepMin(): void {
    if (this.#isBelowMin) this.#later(Math.max(firstPauseMs, this.#pauseLeft));
  }

  /** A dial has ended. To be said before anybody is told, so that it does not count any more. */
  onDialed(): void {
    this.#dialing -= 1;
    this.#pause.onSuccess();
  }

  onDialFailed(): void {
    this.#dialing -= 1;
    this.#failedDials += 1;
    this.#pause.onFailure(this.#options.clock.now());
  }

  /** After a failed dial, when those that it ends are told: dials again for whoever is left, and for `min`. */
  retry(): void {
    if (this.#options.missing() > 0 || this.#options.min > this.#options.open()) this.#later(this.#pauseLeft);
  }

  /** Dials no more. */
  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
  }

  /** Members that are open or being dialled. */
  get #size(): number {
    return this.#options.open() + this.#dialing;
  }

  get #isBelowMin(): boolean {
    return this.#size < this.#options.min;
  }

  get #pauseLeft(): number {
    return this.#pause.left(this.#options.clock.now());
  }

  #dial(): void {
    this.#dialing += 1;
    this.#options.dial();
  }

  #later(waitMs: number): void {
    if (this.#timer || this.#ended) return;
    this.#timer = this.#options.clock.setTimer(() => {
      this.#timer = undefined;
      this.grow();
      this.warmToMin();
    }, waitMs);
    // Those that wait keep the process alive by their own deadlines.
    this.#timer.unref();
  }
}
