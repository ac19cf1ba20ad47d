/** Credentials as a value or as a function that fetches them: once for many callers, early, and again when told to. */

import { Failure } from './errors/failure.ts';
import type { Clock, Timer } from './ports.ts';

/** Credentials that say how long they are good. */
export interface ExpiringCredentials<T> {
  readonly credentials: T;
  /** Good for this many milliseconds from now. */
  readonly expiresInMs: number;
}

/** What a client's option takes: the credentials, or a function that brings them. */
export type CredentialsOption<T> = T | (() => Promise<T | ExpiringCredentials<T>>);

export interface CredentialSourceOptions {
  readonly clock: Clock;
  /** Fetched again in the background this long before they expire. Default 60 000. */
  readonly refreshEarlyMs?: number;
}

/**
 * `get` on every (re)connect. The function runs once however many ask at the same time. Credentials that say how long
 * they are good are fetched again in the background before they expire, if they were asked for since the last time.
 */
export class CredentialSource<T extends object> {
  readonly #option: CredentialsOption<T>;
  readonly #clock: Clock;
  readonly #refreshEarlyMs: number;
  #current: { readonly value: T; readonly goodUntil: number } | undefined;
  #fetching: Promise<T | Failure> | undefined;
  #timer: Timer | undefined;
  #used = false;
  #stopped = false;

  constructor(option: CredentialsOption<T>, options: CredentialSourceOptions) {
    this.#option = option;
    this.#clock = options.clock;
    this.#refreshEarlyMs = options.refreshEarlyMs ?? 60_000;
  }

  /** The credentials, from memory while they are good. */
  get(): Promise<T | Failure> {
    if (typeof this.#option !== 'function') return Promise.resolve(this.#option);
    this.#used = true;
    if (this.#current && this.#clock.now() < this.#current.goodUntil) return Promise.resolve(this.#current.value);
    return this.#fetch();
  }

  /** The server refused them: the next `get` fetches anew. */
  invalidate(): void {
    this.#current = undefined;
  }

  /** No more fetching in the background. */
  destroy(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #fetch(): Promise<T | Failure> {
    this.#fetching ??= this.#run().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #run(): Promise<T | Failure> {
    try {
      const result = await (this.#option as () => Promise<T | ExpiringCredentials<T>>)();
      if (!isExpiring(result)) {
        // Nothing says how long they are good: they are asked for again on every connection.
        return result;
      }
      this.#remember(result.credentials, result.expiresInMs);
      return result.credentials;
    } catch (error) {
      return new Failure({
        kind: 'authentication',
        code: 'CREDENTIALS_UNAVAILABLE',
        message: 'the credentials function failed (the cause tells how); nothing was sent',
        outcome: 'not-sent',
        retryable: true,
        cause: error,
      });
    }
  }

  #remember(value: T, expiresInMs: number): void {
    if (this.#stopped) return;
    // A short life is used for half of it, whatever the margin.
    const margin = Math.min(this.#refreshEarlyMs, expiresInMs / 2);
    this.#current = { value, goodUntil: this.#clock.now() + expiresInMs };
    this.#used = false;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(() => {
      if (this.#used) void this.#fetch();
    }, Math.max(0, expiresInMs - margin));
    this.#timer.unref();
  }
}

function isExpiring<T>(result: T | ExpiringCredentials<T>): result is ExpiringCredentials<T> {
  return typeof result === 'object' && result !== null && 'credentials' in result && 'expiresInMs' in result;
}
