/** Credentials as a value or as a function that fetches them: once for many callers, early, and again when told to. */

import { Failure } from './errors/failure.ts';
import { checkOption, OptionChecker, type OptionRule } from './options.ts';
import type { Clock, Timer } from './ports.ts';

/** Credentials that say how long they are good. */
export interface ExpiringCredentials<T> {
  readonly credentials: T;
  /** Good for this many milliseconds from now; for 0 or less they are used once. */
  readonly expiresInMs: number;
}

/** What a client's option takes: the credentials, or a function that brings them. */
export type CredentialsOption<T> = T | (() => Promise<T | ExpiringCredentials<T>>);

export interface CredentialSourceOptions {
  readonly clock: Clock;
  /**
   * Fetched again in the background this long before they expire, in milliseconds; a short life is used for half of it
   * at least. Default 60 000.
   */
  readonly refreshEarlyMs?: number;
  /** The function may take this long, in milliseconds; afterwards it is called anew. Default 30 000. */
  readonly fetchTimeoutMs?: number;
}

const optionRule: OptionRule = {
  kind: 'custom',
  expected: 'an object, or a function that brings one',
  accepts: (value) => (typeof value === 'object' && value !== null) || typeof value === 'function',
};

const sourceOptions = new OptionChecker('CredentialSource', {
  clock: { kind: 'object' },
  refreshEarlyMs: { kind: 'number', min: 0, infinity: true, unit: 'ms' },
  fetchTimeoutMs: { kind: 'number', above: 0, infinity: true, unit: 'ms' },
});

interface Remembered<T> {
  readonly value: T;
  /** From then on, one who asks gets them and has new ones fetched. */
  readonly refreshAt: number;
  readonly goodUntil: number;
}

/**
 * `use`, or `get`, on every (re)connect. The function runs once however many ask at the same time. Credentials that say
 * how long they are good are fetched again in the background before they expire, if they were asked for since the last
 * time. Those that do not say are asked for again on every connection.
 */
export class CredentialSource<T extends object> {
  readonly #option: CredentialsOption<T>;
  readonly #clock: Clock;
  readonly #refreshEarlyMs: number;
  readonly #fetchTimeoutMs: number;
  #current: Remembered<T> | undefined;
  #fetching: Promise<T | Failure> | undefined;
  /** Ends the wait for the function. */
  #endWait: ((failure: Failure) => void) | undefined;
  #timer: Timer | undefined;
  #used = false;
  #destroyed: Failure | undefined;

  /** @throws ArgumentError for an option that is none, or out of range */
  constructor(option: CredentialsOption<T>, options: CredentialSourceOptions) {
    checkOption('CredentialSource', 'credentials', option, optionRule);
    sourceOptions.checkKnown(options);
    this.#option = option;
    this.#clock = options.clock;
    this.#refreshEarlyMs = options.refreshEarlyMs ?? 60_000;
    this.#fetchTimeoutMs = options.fetchTimeoutMs ?? 30_000;
  }

  /** The credentials, from memory while they are good. Does not reject. */
  get(): Promise<T | Failure> {
    if (typeof this.#option !== 'function') return Promise.resolve(this.#option);
    if (this.#destroyed) return Promise.resolve(this.#destroyed);
    this.#used = true;
    const now = this.#clock.now();
    const current = this.#current;
    if (!current || now >= current.goodUntil) return this.#fetch();
    if (now >= current.refreshAt) void this.#fetch();
    return Promise.resolve(current.value);
  }

  /**
   * Logs in: for handshakes. Credentials that the server refuses are forgotten; where they came from memory, they may
   * only have grown old, and the failure is retryable: the next connection comes with new ones.
   *
   * @param login - presents the credentials; a failure of kind `authentication` is a refusal
   */
  async use(login: (credentials: T) => Promise<Failure | undefined>): Promise<Failure | undefined> {
    const remembered = this.#current?.value;
    const credentials = await this.get();
    if (credentials instanceof Failure) return credentials;
    const failure = await login(credentials);
    if (failure?.kind !== 'authentication') return failure;
    this.invalidate(credentials);
    return credentials === remembered ? new Failure({ ...failure, retryable: true }) : failure;
  }

  /**
   * The server refused them: the next `get` fetches anew.
   *
   * @param refused - those that were refused; newer ones that were fetched meanwhile stay. Default: whichever there are.
   */
  invalidate(refused?: T): void {
    if (refused !== undefined && this.#current?.value !== refused) return;
    this.#current = undefined;
    this.#timer?.cancel();
  }

  /** No more fetching; who waits for the function ends with `failure`. */
  destroy(failure: Failure = stopped()): void {
    this.#destroyed ??= failure;
    this.#timer?.cancel();
    this.#endWait?.(failure);
  }

  #fetch(): Promise<T | Failure> {
    this.#fetching ??= this.#run().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #run(): Promise<T | Failure> {
    try {
      const result = await this.#call();
      if (result instanceof Failure) return result;
      if (!isExpiring(result)) return objectOf(result);
      const value = objectOf(result.credentials);
      this.#remember(value, durationOf(result.expiresInMs));
      return value;
    } catch (error) {
      return unavailable(error);
    }
  }

  /** Runs the function for as long as it may take. What it brings later is of no use to anybody. */
  #call(): Promise<T | ExpiringCredentials<T> | Failure> {
    const fetch = this.#option as () => Promise<T | ExpiringCredentials<T>>;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (settle: () => void): void => {
        if (isOver) return;
        isOver = true;
        timer.cancel();
        this.#endWait = undefined;
        settle();
      };
      const timer = this.#clock.setTimer(() => {
        const ms = this.#fetchTimeoutMs;
        end(() => reject(new Error(`the credentials function brought nothing for ${ms} ms`)));
      }, this.#fetchTimeoutMs);
      timer.unref();
      this.#endWait = (failure) => end(() => resolve(failure));
      // What it throws at once becomes a rejection.
      void (async () => fetch())().then(
        (result) => end(() => resolve(result)),
        (error: unknown) => end(() => reject(error)),
      );
    });
  }

  #remember(value: T, expiresInMs: number): void {
    if (this.#destroyed || expiresInMs <= 0) return;
    const margin = Math.min(this.#refreshEarlyMs, expiresInMs / 2);
    const now = this.#clock.now();
    this.#current = { value, refreshAt: now + expiresInMs - margin, goodUntil: now + expiresInMs };
    this.#used = false;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(() => {
      if (this.#used) void this.#fetch();
    }, expiresInMs - margin);
    this.#timer.unref();
  }
}

function isExpiring<T>(result: T | ExpiringCredentials<T>): result is ExpiringCredentials<T> {
  return typeof result === 'object' && result !== null && 'credentials' in result && 'expiresInMs' in result;
}

/** What is wrong is told by its type: the thing itself may be a secret. */
function objectOf<T>(value: T): T {
  if (typeof value === 'object' && value !== null) return value;
  throw new TypeError(`the credentials function must bring an object, not ${value === null ? 'null' : typeof value}`);
}

function durationOf(value: unknown): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  throw new TypeError("'expiresInMs' of the credentials must be a number of milliseconds");
}

function unavailable(error: unknown): Failure {
  return new Failure({
    kind: 'authentication',
    code: 'CREDENTIALS_UNAVAILABLE',
    message: 'the credentials function failed (the cause tells how); nothing was sent',
    outcome: 'not-sent',
    retryable: true,
    cause: error,
  });
}

function stopped(): Failure {
  return new Failure({
    kind: 'closed',
    message: 'the source of the credentials was destroyed',
    outcome: 'not-sent',
    retryable: false,
  });
}
