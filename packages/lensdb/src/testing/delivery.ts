/** Sends one answer the way the switches say: late, in pieces, in part, damaged. */

import type { Clock, Timer } from '@wirewright/core';
import type { CommonSwitches } from './switches.ts';

export interface DeliveryTarget {
  write(bytes: Uint8Array): void;
  /** Something waits for `release()`, or does no longer. */
  held(change: 1 | -1): void;
}

/** How it ended: the connection goes on, closes, or is dead. */
export type Delivered = 'done' | 'close' | 'dead';

export class Delivery {
  readonly #clock: Clock;
  readonly #target: DeliveryTarget;
  readonly #pauseMs: number | 'manual';
  readonly #pieces: Uint8Array[];
  readonly #end: Delivered;
  readonly #onEnd: (how: Delivered) => void;
  #timer: Timer | undefined;
  #isHeld = false;

  constructor(
    answer: Uint8Array,
    switches: CommonSwitches,
    clock: Clock,
    target: DeliveryTarget,
    onEnd: (how: Delivered) => void,
  ) {
    this.#clock = clock;
    this.#target = target;
    this.#pauseMs = switches.piecePauseMs;
    this.#onEnd = onEnd;
    this.#end = endOf(switches);
    this.#pieces = cut(damaged(answer, switches), switches.pieceBytes);
    if (switches.answerDelayMs === 0) this.#next();
    else this.#wait(switches.answerDelayMs);
  }

  /** Sends what was held back by hand. @returns whether anything was */
  release(): boolean {
    if (!this.#isHeld) return false;
    this.#unhold();
    this.#next();
    return true;
  }

  cancel(): void {
    this.#timer?.cancel();
    if (this.#isHeld) this.#unhold();
  }

  #unhold(): void {
    this.#isHeld = false;
    this.#target.held(-1);
  }

  #wait(pause: number | 'manual'): void {
    if (pause === 'manual') {
      this.#isHeld = true;
      this.#target.held(1);
      return;
    }
    this.#timer = this.#clock.setTimer(() => this.#next(), pause);
    this.#timer.unref();
  }

  #next(): void {
    const piece = this.#pieces.shift();
    if (piece) this.#target.write(piece);
    if (this.#pieces.length > 0) this.#wait(this.#pauseMs);
    else this.#onEnd(this.#end);
  }
}

function endOf({ fault }: CommonSwitches): Delivered {
  if (fault === 'half-answer') return 'dead';
  return fault === 'half-answer-close' || fault === 'close-without-answer' ? 'close' : 'done';
}

function damaged(answer: Uint8Array, { fault }: CommonSwitches): Uint8Array {
  if (fault === 'close-without-answer') return answer.subarray(0, 0);
  if (fault === 'half-answer' || fault === 'half-answer-close') return answer.subarray(0, answer.length >> 1);
  if (fault !== 'wrong-magic') return answer;
  const bytes = answer.slice();
  bytes.fill(0x58, 0, 4);
  return bytes;
}

function cut(answer: Uint8Array, pieceBytes: CommonSwitches['pieceBytes']): Uint8Array[] {
  const offsets: number[] = [];
  if (typeof pieceBytes === 'function') offsets.push(...pieceBytes(answer));
  else for (let at = pieceBytes; at < answer.length; at += pieceBytes) offsets.push(at);
  const ends = [...offsets, answer.length].sort((a, b) => a - b);
  let start = 0;
  return ends.flatMap((end) => {
    const piece = answer.subarray(start, end);
    start = Math.max(start, end);
    return piece.length > 0 ? [piece] : [];
  });
}
