/**
 * Deadlines and aborts of everything that waits, on one shared timer.
 *
 * A waiting call is a `Pending`. It is registered once with its client's `Timekeeper`, however many places it
 * passes through (a pool's queue, a waiting room, a table of unanswered requests, a pause between tries), and
 * always knows the place that holds it. When its time is up or its signal is aborted, that place is told, takes
 * it out, and settles it: only the place knows whether the request has left.
 */

import { Failure } from './errors/failure.ts';
import type { Clock, Timer } from './ports.ts';

/** Calls settle no later than their deadline plus this. */
export const tickMs = 10;

/** Why a call ends before its answer: its time is up, its signal was aborted, or its client was destroyed. */
export type Abandonment = 'deadline' | 'aborted' | 'closed';

/** A place that holds pending calls. */
export interface Holder {
  /** Takes `pending` out and settles it, now, with a failure that says what became of the request. */
  abandon(pending: Pending, why: Abandonment): void;
}

const unheld: Holder = {
  abandon(pending, why) {
    pending.settle(abandonedFailure(pending, why, 'not-sent', 'start'));
  },
};

/** A call that waits. Settles once; what comes after that is ignored. */
export class Pending<T = unknown> {
  /** Absolute, by the client's clock. Infinity waits for ever. Change it through `Timekeeper.reschedule`. */
  dueAt: number;
  readonly signal: AbortSignal | undefined;
  /** Who has it now. */
  holder: Holder = unheld;
  settled = false;
  #resolve: (result: T | Failure) => void;

  /** Where the request's bytes are in the outgoing stream, `[from, to)`; set by the connection that writes them. */
  from = 0;
  to = 0;
  /** The request's id in a by-id table. */
  id = 0;

  /** Links of the timekeeper's lists; nobody else's business. */
  keeper: Timekeeper | undefined;
  previous: Pending | undefined;
  next: Pending | undefined;
  group: SignalGroup | undefined;
  groupPrevious: Pending | undefined;
  groupNext: Pending | undefined;

  constructor(resolve: (result: T | Failure) => void, dueAt: number, signal?: AbortSignal) {
    this.#resolve = resolve;
    this.dueAt = dueAt;
    this.signal = signal;
  }

  settle(result: T | Failure): void {
    if (this.settled) return;
    this.retire();
    this.#resolve(result);
  }

  /** Takes it off the timekeeper's lists: it is settled, for a subclass that settles in its own way. */
  protected retire(): void {
    this.settled = true;
    this.keeper?.remove(this as Pending);
  }
}

/** The failure of a call that was given up; `phase` says what it was waiting for. */
export function abandonedFailure(
  pending: Pending,
  why: Abandonment,
  outcome: 'not-sent' | 'unknown',
  phase: string,
): Failure {
  if (why === 'aborted') {
    return new Failure({
      kind: 'aborted',
      message: `the call was aborted by its signal (phase: ${phase})`,
      outcome,
      retryable: false,
      cause: pending.signal?.reason,
      details: { phase },
    });
  }
  if (why === 'closed') {
    return new Failure({
      kind: 'closed',
      message: `the client was closed before the call was done (phase: ${phase})`,
      outcome,
      retryable: false,
      cause: pending.keeper?.closeReason,
      details: { phase },
    });
  }
  return new Failure({
    kind: 'timeout',
    message: `no result before the deadline (phase: ${phase})`,
    outcome,
    retryable: true,
    details: { phase },
  });
}

/**
 * Runs somebody's code in the middle of work for everybody. What it throws is a bug of its own, and surfaces in a
 * turn of its own (uncaught), where it ends nothing but itself.
 */
function guarded(clock: Clock, run: () => void): void {
  try {
    run();
  } catch (error) {
    clock.setTimer(() => {
      throw error;
    }, 0);
  }
}

/** Ends a call through whoever holds it. A holder that fails to settle it does not get to keep it. */
function abandon(pending: Pending, why: Abandonment, clock: Clock): void {
  guarded(clock, () => pending.holder.abandon(pending, why));
  if (!pending.settled) guarded(clock, () => pending.settle(abandonedFailure(pending, why, 'unknown', 'held')));
}

/** The pending calls of one signal, behind one listener. */
class SignalGroup {
  readonly signal: AbortSignal;
  first: Pending | undefined;
  /** More than one call has used it: its listener stays for a tick after the last one. */
  shared: boolean;
  readonly #onAbort: () => void;

  constructor(signal: AbortSignal, shared: boolean, clock: Clock) {
    this.signal = signal;
    this.shared = shared;
    this.#onAbort = () => {
      while (this.first) abandon(this.first, 'aborted', clock);
    };
    signal.addEventListener('abort', this.#onAbort);
  }

  release(): void {
    this.signal.removeEventListener('abort', this.#onAbort);
  }

  link(pending: Pending): void {
    pending.group = this;
    pending.groupNext = this.first;
    if (this.first) this.first.groupPrevious = pending;
    this.first = pending;
  }

  unlink(pending: Pending): void {
    if (pending.groupPrevious) pending.groupPrevious.groupNext = pending.groupNext;
    else this.first = pending.groupNext;
    if (pending.groupNext) pending.groupNext.groupPrevious = pending.groupPrevious;
    pending.group = pending.groupPrevious = pending.groupNext = undefined;
  }
}

/** Told at each tick while calls are pending: for time limits that are not a call's own (stalls, liveness). */
export interface TickListener {
  onTick(now: number): void;
}

/**
 * Watches the deadlines and signals of one client's pending calls. Its only timer runs, ref'd, while there
 * are any.
 */
export class Timekeeper {
  readonly clock: Clock;
  #first: Pending | undefined;
  #timer: Timer | undefined;
  /** No pending call is due before this; may be too early, never too late. */
  #earliest = Infinity;
  readonly #groups = new Map<AbortSignal, SignalGroup>();
  /** Of this tick, the last signal that only one call had used when it ended. */
  #lastSingle: AbortSignal | undefined;
  readonly #tickListeners = new Set<TickListener>();
  #size = 0;
  /** Why the client was destroyed; the cause of the errors of calls that this ended. */
  closeReason: unknown;
  /** The client was destroyed: nothing may begin to wait any more. */
  closed = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Calls that are watched now. */
  get size(): number {
    return this.#size;
  }

  /**
   * Starts to watch, once. A call whose signal is aborted already, or whose client is destroyed, ends here and now,
   * through its holder: `waitFor` refuses those before they are held by anybody.
   */
  add(pending: Pending): void {
    if (pending.settled || pending.keeper) return;
    const { signal } = pending;
    const over = this.closed ? 'closed' : signal?.aborted ? 'aborted' : undefined;
    // First, as only this can fail: what a user gave for a signal may be none.
    if (signal && !over) this.#groupOf(signal).link(pending);
    pending.keeper = this;
    pending.next = this.#first;
    if (this.#first) this.#first.previous = pending;
    this.#first = pending;
    this.#size += 1;
    if (over) return abandon(pending, over, this.clock);
    if (pending.dueAt < this.#earliest) this.#earliest = pending.dueAt;
    if (!this.#timer) this.#timer = this.clock.setTimer(this.#tick, tickMs);
  }

  /** Moves a deadline, for a limit that starts later than the call. */
  reschedule(pending: Pending, dueAt: number): void {
    pending.dueAt = dueAt;
    if (dueAt < this.#earliest) this.#earliest = dueAt;
  }

  remove(pending: Pending): void {
    if (pending.keeper !== this) return;
    pending.keeper = undefined;
    if (pending.previous) pending.previous.next = pending.next;
    else this.#first = pending.next;
    if (pending.next) pending.next.previous = pending.previous;
    pending.previous = pending.next = undefined;
    this.#size -= 1;
    if (pending.group) this.#leaveGroup(pending, pending.group);
  }

  listen(listener: TickListener): void {
    this.#tickListeners.add(listener);
  }

  unlisten(listener: TickListener): void {
    this.#tickListeners.delete(listener);
  }

  /** Ends every pending call: the client is being destroyed, for `reason`. */
  abandonAll(reason: unknown): void {
    this.closeReason = reason;
    this.closed = true;
    while (this.#first) abandon(this.#first, 'closed', this.clock);
  }

  /** Lets go of the timer and of every signal's listener, when nothing is pending. For the end of a client. */
  release(): void {
    if (this.#size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#releaseIdleGroups();
  }

  #groupOf(signal: AbortSignal): SignalGroup {
    let group = this.#groups.get(signal);
    if (group) group.shared = true;
    else this.#groups.set(signal, (group = new SignalGroup(signal, signal === this.#lastSingle, this.clock)));
    return group;
  }

  /**
   * A signal of one call goes with it: a thousand that wait for their tick would outlive the collector's young space. A
   * signal that is used call after call is subscribed to once.
   */
  #leaveGroup(pending: Pending, group: SignalGroup): void {
    group.unlink(pending);
    if (group.first || group.shared) return;
    this.#lastSingle = group.signal;
    this.#releaseGroup(group);
  }

  #releaseIdleGroups(): void {
    this.#lastSingle = undefined;
    for (const group of this.#groups.values()) if (!group.first) this.#releaseGroup(group);
  }

  #releaseGroup(group: SignalGroup): void {
    group.release();
    this.#groups.delete(group.signal);
  }

  readonly #tick = (): void => {
    const now = this.clock.now();
    this.#timer = undefined;
    if (now >= this.#earliest) this.#expire(now);
    for (const listener of this.#tickListeners) guarded(this.clock, () => listener.onTick(now));
    this.#releaseIdleGroups();
    if (this.#first && !this.#timer) this.#timer = this.clock.setTimer(this.#tick, tickMs);
  };

  #expire(now: number): void {
    const due: Pending[] = [];
    let earliest = Infinity;
    for (let pending = this.#first; pending; pending = pending.next) {
      if (pending.dueAt <= now) due.push(pending);
      else if (pending.dueAt < earliest) earliest = pending.dueAt;
    }
    this.#earliest = earliest;
    for (const pending of due) {
      // One that ended before may have ended this one, or given it more time.
      if (!pending.settled && pending.dueAt <= now) abandon(pending, 'deadline', this.clock);
    }
  }
}
