/** One of the callers: writes its own keys, reads its own and those of others, and judges every answer. */

import type { SeededRandom } from '@wirewright/core/testing';
import { BatchError, type CommandOptions, LensDBError, type LensDBClient } from '@wirewright/lensdb';
import { type History, isDeletion } from './history.ts';
import type { Punctuality } from './punctuality.ts';
import type { Tap } from './tap.ts';
import { valueOf } from './values.ts';
import { describe, type World } from './world.ts';

/** What faults that TCP can show, deadlines and aborts end calls with. */
const explained = new Set([
  'ABORTED',
  'CONNECTION_LOST',
  'CONNECT_FAILED',
  'NO_ANSWER',
  'OVERLOADED',
  'REFUSED',
  'TIMEOUT',
]);

/** Keys of each caller. */
const placesEach = 4;

export interface CallerOptions {
  readonly client: LensDBClient;
  readonly tap: Tap;
  readonly world: World;
  readonly random: SeededRandom;
  readonly punctuality: Punctuality;
  /** Passed to many calls, never aborted: a client must not leave listeners on it. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly retriesWrites: boolean;
  /** Whether the server has SETEX. */
  readonly setEx: boolean;
  /** `lens` has STATS. */
  readonly serverStats: boolean;
  /** Counts what happens, by name. */
  readonly count: (what: string, by?: number) => void;
}

export class Caller {
  readonly #options: CallerOptions;
  readonly #places: readonly number[];
  #serverStats: string | undefined;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#places = Array.from({ length: placesEach }, () => options.world.addPlace());
  }

  /** Does so many operations, one after the other. */
  async run(operations: number): Promise<void> {
    for (let left = operations; left > 0;) left -= await this.#one(left);
  }

  /** @returns how many operations it was */
  async #one(most: number): Promise<number> {
    const { random } = this.#options;
    const draw = random.next();
    if (draw < 0.42) return this.#write(random.pick(this.#places));
    if (draw < 0.64) return this.#read(random.pick(this.#places));
    if (draw < 0.84) return this.#read(random.integer(0, this.#options.world.current.length - 1));
    if (draw < 0.9) return this.#exists(random.pick(this.#places));
    if (draw < 0.94 && most >= placesEach) return this.#readAll();
    if (draw < 0.97 && most >= placesEach) return this.#writeAll();
    return this.#ask();
  }

  #history(place: number): History {
    return this.#options.world.current[place] as History;
  }

  async #write(place: number): Promise<number> {
    const { client, world, tap, random } = this.#options;
    const history = this.#history(place);
    const name = world.nameOf(history.key);
    const wasPresent = history.present;
    const version = history.begin();
    const tries = tap.watch(name);
    if (isDeletion(version)) {
      const [existed, error] = await this.#call('delete', (options) => client.delete(name, options));
      // A retried delete may say that nothing was there, because its first try was done.
      if (!error) this.#judge(tries.count > 1 || existed === wasPresent, () => `delete() said ${existed}`);
      this.#settleWrite(place, tries.count, error);
      return 1;
    }
    const value = valueOf(history.key, version);
    const expires = this.#options.setEx && random.chance(0.15);
    const [, error] = expires
      ? await this.#call('setEx', (options) => client.setEx(name, value, { ttl: 3600, ...options }))
      : await this.#call('set', (options) => client.set(name, value, options));
    this.#settleWrite(place, tries.count, error);
    return 1;
  }

  /** @param tries - requests that were written for it */
  #settleWrite(place: number, tries: number, error: unknown): void {
    const { world, tap, retriesWrites, count } = this.#options;
    const { rules } = world;
    const history = this.#history(place);
    tap.release(world.nameOf(history.key));
    if (!retriesWrites) rules.once.check(tries <= 1, () => `a write was sent ${tries} times`);
    if (error === undefined) history.acknowledged(tries);
    else {
      const outcome = error instanceof LensDBError ? error.outcome : 'unknown';
      const code = error instanceof LensDBError ? error.code : '';
      if (outcome === 'not-sent') {
        rules.notSent.check(tries === 0, () => `${code}: it was sent ${tries} times`);
      }
      if (tries === 0) history.refused();
      else history.unknown();
    }
    if (history.loose === undefined) return;
    count('keys retired after a write that may still take effect');
    world.retire(place);
  }

  async #read(place: number): Promise<number> {
    const { client, world } = this.#options;
    const history = this.#history(place);
    const before = history.before();
    const [value, error] = await this.#call('get', (options) => client.get(world.nameOf(history.key), options));
    if (!error) this.#judgeRead(history, before, value as Uint8Array | null);
    return 1;
  }

  #judgeRead(history: History, before: ReturnType<History['before']>, value: Uint8Array | null): void {
    const { world } = this.#options;
    const found = world.versionOf(history.key, value);
    const { settled } = history;
    world.rules.acknowledged.check(
      history.allows(before, found),
      () => `key ${history.key} holds ${describe(found)}, expected ${describe(before.settled)} to ${describe(settled)}`,
    );
  }

  async #exists(place: number): Promise<number> {
    const { client, world } = this.#options;
    const { key, present } = this.#history(place);
    const [exists, error] = await this.#call('exists', (options) => client.exists(world.nameOf(key), options));
    if (!error) this.#judge(exists === present, () => `exists() said ${exists} of key ${key}`);
    return 1;
  }

  /** All own keys, and as many of others. */
  async #readAll(): Promise<number> {
    const { client, world, random } = this.#options;
    const others = this.#places.map(() => random.integer(0, world.current.length - 1));
    const histories = [...this.#places, ...others].map((place) => this.#history(place));
    const before = histories.map((history) => history.before());
    const names = histories.map(({ key }) => world.nameOf(key));
    const [values, error] = await this.#call('mget', (options) => client.mget(names, options));
    const outcomes = outcomesOf(values, error);
    for (const [index, history] of histories.entries()) {
      const outcome = outcomes?.[index];
      const known = before[index];
      if (known && outcome?.status === 'fulfilled') this.#judgeRead(history, known, outcome.value as Uint8Array | null);
    }
    return histories.length;
  }

  /** A value under every own key. */
  async #writeAll(): Promise<number> {
    const { client, world, tap } = this.#options;
    const places = this.#places.filter((place) => !isDeletion(this.#history(place).settled + 1));
    const writes = places.map((place) => {
      const history = this.#history(place);
      const name = world.nameOf(history.key);
      return { place, name, value: valueOf(history.key, history.begin()), tries: tap.watch(name) };
    });
    const entries = writes.map(({ name, value }) => [name, value] as const);
    const [, error] = await this.#call('mset', (options) => client.mset(entries, options));
    const failures = error === undefined ? undefined : failuresByPart(error, writes.length);
    for (const [index, { place, tries }] of writes.entries()) this.#settleWrite(place, tries.count, failures?.[index]);
    return Math.max(1, writes.length);
  }

  async #ask(): Promise<number> {
    const { client, random, serverStats } = this.#options;
    const draw = random.next();
    if (draw < 0.4) {
      const [reply, error] = await this.#call('ping', (options) => client.pingReply(options));
      const text = error
        ? ''
        : new TextDecoder()
            .decode(reply as Uint8Array)
            .slice(-4)
            .toLowerCase();
      if (!error) this.#judge(text === 'pong', () => 'pingReply() said something else');
    } else if (draw < 0.7 || !serverStats) {
      const [size, error] = await this.#call('size', (options) => client.size(options));
      if (!error) this.#judge(Number.isSafeInteger(size) && (size as number) >= 0, () => `size() said ${String(size)}`);
    } else {
      const [text, error] = await this.#call('stats', (options) => client.serverStats(options));
      this.#serverStats ??= text as string | undefined;
      if (!error) this.#judge(text === this.#serverStats && text !== '', () => 'serverStats() said something else');
    }
    return 1;
  }

  #judge(holds: boolean, violation: () => string): void {
    this.#options.world.rules.answers.check(holds, violation);
  }

  /** One call with options at random: its result, or its error. */
  async #call<T>(
    name: string,
    call: (options: CommandOptions) => Promise<T>,
  ): Promise<readonly [T | undefined, error: unknown]> {
    const { random, signal, punctuality, timeoutMs: usual, count } = this.#options;
    const timeoutMs = random.chance(0.02) ? random.integer(5, 50) : usual;
    const stop = random.chance(0.002) ? new AbortController() : undefined;
    const options: CommandOptions = {
      ...(timeoutMs === usual ? {} : { timeoutMs }),
      ...(stop ? { signal: stop.signal } : random.chance(0.3) ? { signal } : {}),
    };
    count(`calls of ${name}`);
    if (stop) setImmediate(() => stop.abort());
    try {
      return [await punctuality.watch(timeoutMs, () => call(options)), undefined];
    } catch (error) {
      this.#judgeError(error);
      return [undefined, error];
    }
  }

  #judgeError(error: unknown): void {
    const { count, world } = this.#options;
    const errors = error instanceof BatchError ? failuresOf(error) : [error];
    for (const each of errors) {
      const code = each instanceof LensDBError ? each.code : undefined;
      count(`calls that failed: ${code ?? String(each)}`);
      world.rules.typed.check(
        code !== undefined && explained.has(code),
        () => `${each instanceof LensDBError ? each.code : 'no code'}: ${String(each)}`,
      );
    }
  }
}

type Outcomes = BatchError['details']['outcomes'];

/** What became of each part of a batch that reads; undefined when nothing is known of any. */
function outcomesOf(values: readonly unknown[] | undefined, error: unknown): Outcomes | undefined {
  if (values) return values.map((value) => ({ status: 'fulfilled', value }));
  return error instanceof BatchError ? error.details.outcomes : undefined;
}

/** Why each part of a batch failed; undefined for those that did not. A part that was not begun failed as all did. */
function failuresByPart(error: unknown, parts: number): unknown[] {
  if (!(error instanceof BatchError)) return new Array<unknown>(parts).fill(error);
  return error.details.outcomes.map((outcome) =>
    outcome.status === 'fulfilled' ? undefined : outcome.status === 'rejected' ? outcome.reason : error,
  );
}

function failuresOf(error: BatchError): unknown[] {
  return error.details.outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
}
