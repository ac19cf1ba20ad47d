/** Runs the calls of a client: refuses them after the end, gives them a deadline, repeats them where that is safe. */

import { abandonedFailure, Pending, Timekeeper } from './deadline.ts';
import { Failure } from './errors/failure.ts';
import { Lifecycle } from './lifecycle.ts';
import { callOptionRules, checkOption, OptionChecker, type OptionRule, timeoutRule } from './options.ts';
import type { Ports } from './ports.ts';
import { fullJitter } from './retry/backoff.ts';
import { type RetryPolicy, retryPolicy } from './retry/policy.ts';
import { GaveUp, retryAfter } from './retry/retry-after.ts';
import { type CallLimits, waitFor } from './waiting.ts';

/** What every call of every client takes. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** For the whole call: queueing, dialling, waiting, repeats and pauses. Milliseconds; Infinity for none. */
  readonly timeoutMs?: number | undefined;
}

export interface CallerOptions {
  /** The system's name, a kind of every error. */
  readonly system: string;
  readonly ports: Ports;
  /** Default: five tries, full jitter from 50 ms to 1 s. */
  readonly policy?: RetryPolicy;
  /** Of calls that set none, in milliseconds. */
  readonly timeoutMs: number;
}

const callerOptions = new OptionChecker('Caller', {
  system: { kind: 'string' },
  ports: { kind: 'object' },
  policy: { kind: 'object' },
  timeoutMs: timeoutRule,
});

/** The rule of the time that `close` may take. */
const closeTimeoutRule: OptionRule = { kind: 'number', min: 0, infinity: true, unit: 'ms' };

/** What a client has to let go of at its end: sessions, pools, subscriptions. */
export interface Resource {
  destroy(failure: Failure): void;
}

const defaultPolicy: RetryPolicy = Object.freeze({ maxAttempts: 5, backoff: fullJitter({ baseMs: 50, capMs: 1000 }) });

const noOptions: CallOptions = Object.freeze({});

/**
 * Calls settle with their value or with a `GaveUp`, which the public method turns into an error by `unwrap`: thrown
 * there, its stack shows the line of the user's program.
 */
export class Caller {
  readonly timekeeper: Timekeeper;
  readonly lifecycle: Lifecycle;
  readonly #options: CallerOptions;
  readonly #policy: RetryPolicy;
  readonly #resources: Resource[] = [];
  #over: Failure | undefined;
  /** What resources threw when they were destroyed. */
  readonly #mistakes: unknown[] = [];

  /** @throws ArgumentError for an option that is none */
  constructor(options: CallerOptions) {
    callerOptions.checkKnown(options);
    this.#options = options;
    this.#policy = options.policy ? retryPolicy(options.policy) : defaultPolicy;
    this.timekeeper = new Timekeeper(options.ports.clock);
    this.lifecycle = new Lifecycle(this.timekeeper, (failure) => {
      this.#over = failure;
      for (const resource of this.#resources.splice(0)) this.#letGo(resource, failure);
    });
  }

  /**
   * Has `resource` destroyed at the end of the client, in the order of these calls, when no call is left; at once, when
   * that has come. What one of them throws keeps no other from it, and is thrown by `close` or `destroy` afterwards.
   */
  own<R extends Resource>(resource: R): R {
    if (this.#over) this.#letGo(resource, this.#over);
    else this.#resources.push(resource);
    return resource;
  }

  /**
   * Runs a call whose tries are one step: `send` hands the pending call to whoever settles it.
   *
   * @param idempotent - doing it twice is doing it once, so that it may be repeated when its outcome is unknown
   * @throws ArgumentError for a `timeoutMs` or a `signal` that is none
   */
  submit<T>(
    options: CallOptions = noOptions,
    idempotent: boolean,
    send: (pending: Pending) => void,
  ): Promise<T | GaveUp> {
    const { signal, timeoutMs = this.#options.timeoutMs } = options;
    const dueAt = this.#begin(signal, timeoutMs);
    if (typeof dueAt !== 'number') return Promise.resolve(dueAt);
    const promise = new Promise<T | GaveUp>(keepSettlers);
    const call = new Call<T>(this, dueAt, signal, idempotent, send);
    this.timekeeper.add(call as Pending);
    try {
      send(call as Pending);
    } catch (error) {
      // Who has settled it already has answered for it.
      if (!call.settled) call.fail(error);
    }
    return promise;
  }

  /** Runs a call whose tries are several steps; otherwise as `submit`. */
  async run<T>(
    options: CallOptions = noOptions,
    idempotent: boolean,
    attempt: (limits: CallLimits) => Promise<T | Failure>,
  ): Promise<T | GaveUp> {
    const { signal, timeoutMs = this.#options.timeoutMs } = options;
    const dueAt = this.#begin(signal, timeoutMs);
    if (typeof dueAt !== 'number') return dueAt;
    const limits: CallLimits = { dueAt, signal };
    try {
      const first = await attempt(limits);
      if (first instanceof Failure) return await this.repeat(first, limits, idempotent, attempt);
      this.earn();
      return first;
    } finally {
      this.lifecycle.leave();
    }
  }

  /** The value, or the error of a call that failed: for the public method, right behind its await. */
  unwrap<T>(result: T | GaveUp): T {
    if (result instanceof GaveUp) throw result.toError(this.#options.system);
    return result;
  }

  /** What follows a first try that failed. */
  repeat<T>(
    first: Failure,
    limits: CallLimits,
    idempotent: boolean,
    attempt: (limits: CallLimits) => Promise<T | Failure>,
  ): Promise<T | GaveUp> {
    const { random } = this.#options.ports;
    const call = { ...limits, policy: this.#policy, timekeeper: this.timekeeper, random, idempotent };
    return retryAfter(first, call, () => attempt(limits));
  }

  /** A call has succeeded at once: that pays for repeats of others. */
  earn(): void {
    this.#policy.budget?.earn();
  }

  /**
   * Refuses new calls, lets the running ones end for at most `timeoutMs`, then destroys.
   *
   * @throws ArgumentError for a `timeoutMs` that is none
   */
  async close(timeoutMs: number): Promise<void> {
    checkOption(this.#options.system, 'timeoutMs', timeoutMs, closeTimeoutRule, this.#options.system);
    await this.lifecycle.close(timeoutMs);
    this.#throwMistake();
  }

  /** Ends everything now; pending calls get a `ClosedError` with this cause. */
  destroy(reason?: unknown): void {
    this.lifecycle.destroy(reason);
    this.#throwMistake();
  }

  #letGo(resource: Resource, failure: Failure): void {
    try {
      resource.destroy(failure);
    } catch (error) {
      this.#mistakes.push(error);
    }
  }

  #throwMistake(): void {
    const [mistake] = this.#mistakes.splice(0);
    if (mistake !== undefined) throw mistake;
  }

  /** Counts a call in. Its deadline, or why it may not begin. */
  #begin(signal: AbortSignal | undefined, timeoutMs: number): number | GaveUp {
    // Text would pass the comparison, and make text of the deadline.
    if (typeof timeoutMs !== 'number' || !(timeoutMs > 0))
      checkOption(this.#options.system, 'timeoutMs', timeoutMs, timeoutRule, this.#options.system);
    if (signal !== undefined && !isSignal(signal))
      checkOption(this.#options.system, 'signal', signal, callOptionRules.signal, this.#options.system);
    if (signal?.aborted) {
      const aborted = abandonedFailure(new Pending(() => {}, 0, signal), 'aborted', 'not-sent', 'start');
      return new GaveUp(aborted, 0, [], 'ended');
    }
    const refused = this.lifecycle.enter();
    if (refused) return new GaveUp(refused, 0, [], 'ended');
    return this.timekeeper.clock.now() + timeoutMs;
  }
}

/** Cheap enough for every call; what is wrong, `checkOption` says. */
const isSignal = (signal: AbortSignal | null): boolean => typeof signal?.addEventListener === 'function';

let lastResolve: (result: unknown) => void;
let lastReject: (error: unknown) => void;

/** Keeps the functions of a new promise for the `Call` made next: an executor of its own would cost every call a closure. */
function keepSettlers(resolve: (result: never) => void, reject: (error: unknown) => void): void {
  lastResolve = resolve as (result: unknown) => void;
  lastReject = reject;
}

/** The first try of a call, which goes on by itself when it fails. It settles the promise that was made last. */
class Call<T> extends Pending<T> {
  readonly #caller: Caller;
  readonly #conclude: (result: T | GaveUp) => void;
  readonly #reject: (error: unknown) => void;
  readonly #idempotent: boolean;
  readonly #send: (pending: Pending) => void;

  constructor(
    caller: Caller,
    dueAt: number,
    signal: AbortSignal | undefined,
    idempotent: boolean,
    send: (pending: Pending) => void,
  ) {
    super(lastResolve, dueAt, signal);
    this.#caller = caller;
    this.#conclude = lastResolve;
    this.#reject = lastReject;
    this.#idempotent = idempotent;
    this.#send = send;
  }

  override settle(result: T | Failure): void {
    if (this.settled) return;
    this.retire();
    if (result instanceof Failure) {
      this.#repeat(result).then(
        (last) => this.#end(last),
        (error: unknown) => this.fail(error),
      );
      return;
    }
    this.#caller.earn();
    this.#end(result);
  }

  /** A mistake of the client's own code, or of a policy's: the call ends with what was thrown. */
  fail(error: unknown): void {
    this.retire();
    this.#caller.lifecycle.leave();
    this.#reject(error);
  }

  #end(result: T | GaveUp): void {
    this.#caller.lifecycle.leave();
    this.#conclude(result);
  }

  #repeat(first: Failure): Promise<T | GaveUp> {
    const { dueAt, signal } = this;
    return this.#caller.repeat<T>(first, { dueAt, signal }, this.#idempotent, (limits) =>
      waitFor<T>(this.#caller.timekeeper, limits, 'request', (pending) => this.#send(pending as Pending)),
    );
  }
}
