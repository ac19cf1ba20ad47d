/** A cache of users: JSON under `user:<id>`, for an hour, and a program that goes on when the cache does not. */

import { LensDBClient, LensDBError, type LensDBOptions, UnsupportedError } from '@wirewright/lensdb';

export interface User {
  readonly id: number;
  readonly name: string;
}

/** Seconds that a user is kept. */
const timeToLive = 3600;

/** A cache must not make its caller wait: what it does not know by then is loaded. */
const patienceMs = 200;

export class UserCache implements AsyncDisposable {
  readonly #client: LensDBClient;
  readonly #load: (id: number) => Promise<User>;
  readonly #warn: (error: LensDBError) => void;

  constructor(
    options: LensDBOptions | string,
    load: (id: number) => Promise<User>,
    warn: (error: LensDBError) => void = () => {},
  ) {
    this.#client = new LensDBClient(options);
    this.#load = load;
    this.#warn = warn;
  }

  async get(id: number): Promise<User> {
    const cached = await this.#try(this.#client.getJson<User>(keyOf(id), { timeoutMs: patienceMs }));
    if (cached) return cached;
    const user = await this.#load(id);
    await this.#try(this.#client.setJson(keyOf(id), user, { ttl: timeToLive, timeoutMs: patienceMs }));
    return user;
  }

  /** Call it when a user has changed. Throws when the cache could not be told: it would go on serving the old one. */
  async forget(id: number): Promise<void> {
    await this.#client.delete(keyOf(id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }

  /** A cache that fails is a cache that knows nothing. A server that cannot expire entries is no cache at all. */
  async #try<T>(call: Promise<T>): Promise<T | null> {
    try {
      return await call;
    } catch (error) {
      if (!(error instanceof LensDBError) || error instanceof UnsupportedError) throw error;
      this.#warn(error);
      return null;
    }
  }
}

function keyOf(id: number): string {
  return `user:${id}`;
}
