/** The clients and callers of one server, from their first call to the last check. */

import { getEventListeners } from 'node:events';
import type { SeededRandom } from '@wirewright/core/testing';
import { LensDBClient, LensDBError, type LensDBOptions, UnsupportedError } from '@wirewright/lensdb';
import { Caller } from './caller.ts';
import type { FarSide } from './far-side-process.ts';
import type { Punctuality } from './punctuality.ts';
import { Tap } from './tap.ts';
import { World } from './world.ts';
import type { Rules } from './rules.ts';

const timeoutMs = 5000;

/** Short, because a black hole costs as much as an attempt may take. */
const patience: LensDBOptions = {
  timeoutMs,
  attemptTimeoutMs: 250,
  connectTimeoutMs: 1000,
  probeTimeoutMs: 500,
  retryBaseMs: 5,
  retryJitterMs: 5,
  maxConnections: 12,
};

/** Keys of one read or removal at the end. */
const batchSize = 200;
/** For what is under way to arrive, or not, once the faults are over. */
const calmMs = 5000;

export interface CrewOptions {
  readonly farSide: FarSide;
  readonly dialect: 'lens' | 'ldbd';
  readonly prefix: string;
  readonly rules: Rules;
  readonly random: SeededRandom;
  readonly punctuality: Punctuality;
  /** A fourth of them have a client that repeats no write. */
  readonly callers: number;
  readonly count: (what: string, by?: number) => void;
}

export class Crew {
  readonly farSide: FarSide;
  readonly #rules: Rules;
  readonly #world: World;
  readonly #tap: Tap = new Tap();
  readonly #endless = new AbortController();
  readonly #clients: readonly LensDBClient[];
  readonly #callers: readonly Caller[];

  private constructor(options: CrewOptions, clients: readonly LensDBClient[], setEx: boolean, tap: Tap) {
    const { farSide, dialect, prefix, rules, random, callers, punctuality, count } = options;
    this.farSide = farSide;
    this.#rules = rules;
    this.#tap = tap;
    this.#clients = clients;
    const world = (this.#world = new World(prefix, rules));
    this.#callers = Array.from({ length: callers }, (_, index) => {
      const retriesWrites = index % 4 !== 3;
      return new Caller({
        client: clients[retriesWrites ? 0 : 1] as LensDBClient,
        tap,
        world,
        random: random.fork(),
        punctuality,
        signal: this.#endless.signal,
        timeoutMs,
        retriesWrites,
        setEx,
        serverStats: dialect === 'lens',
        count,
      });
    });
  }

  static async start(options: CrewOptions): Promise<Crew> {
    const { host, port } = options.farSide;
    const tap = new Tap();
    const common = { ...patience, host, port, runtime: tap.runtime };
    const clients = [new LensDBClient(common), new LensDBClient({ ...common, retryWrites: false })];
    const setEx = await hasSetEx(clients[0] as LensDBClient, `${options.prefix}setex`);
    return new Crew(options, clients, setEx, tap);
  }

  get callers(): number {
    return this.#callers.length;
  }

  /** Each caller does so many operations. */
  async run(operationsEach: number): Promise<void> {
    await Promise.all(this.#callers.map((caller) => caller.run(operationsEach)));
  }

  /** Between runs: what can be said of the whole store. The faults go on, so it may not be possible. */
  async check(): Promise<void> {
    try {
      this.#world.checkKeys(await (this.#clients[0] as LensDBClient).keysBytes());
    } catch (error) {
      this.#rules.typed.check(error instanceof LensDBError, () => String(error));
    }
  }

  /** Without faults: every key holds what it may hold. Removes them all. */
  async finish(): Promise<void> {
    await this.farSide.calm();
    await this.#settleDown();
    const { retired } = this.#world;
    this.#world.retireAll();
    const client = this.#clients[0] as LensDBClient;
    for (let from = 0; from < retired.count; from += batchSize) {
      const indexes = Array.from({ length: Math.min(batchSize, retired.count - from) }, (_, index) => from + index);
      const names = indexes.map((index) => this.#world.nameOf(retired.at(index).key));
      const values = await client.mget(names);
      for (const [at, index] of indexes.entries()) this.#world.checkRetired(index, values[at] ?? null);
      await client.mdelete(names);
    }
  }

  /** Closes the clients, and looks for what they leave behind. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    const isLeft = (): boolean => this.#tap.sockets > 0 || this.#tap.timers > 0;
    for (let turns = 0; turns < 100 && isLeft(); turns += 1) await new Promise((resolve) => setImmediate(resolve));
    const listeners = getEventListeners(this.#endless.signal, 'abort').length;
    this.#rules.left.check(
      !isLeft() && listeners === 0,
      () => `${this.#tap.sockets} sockets, ${this.#tap.timers} timers, ${listeners} listeners`,
    );
  }

  /** Counts for people. */
  async figures(): Promise<Record<string, number>> {
    const pools = this.#clients.map((client) => client.stats().pool);
    const sum = (of: (pool: (typeof pools)[number]) => number): number =>
      pools.reduce((total, pool) => total + of(pool), 0);
    const { proxy } = await this.farSide.counts();
    const struck = Object.entries(proxy.faults).map(([type, times]) => [`faults: ${type}`, times] as const);
    return {
      'requests written, probes and fences included': this.#tap.requests,
      'connections opened': sum(({ opened }) => opened),
      'dials that failed': sum(({ failedDials }) => failedDials),
      ...Object.fromEntries(struck),
    };
  }

  /** Waits until nothing of a call that is over can still reach the server: its connections are gone. */
  async #settleDown(): Promise<void> {
    const giveUpAt = performance.now() + calmMs;
    for (;;) {
      const { proxy } = await this.farSide.counts();
      if (proxy.open <= this.#tap.sockets || performance.now() > giveUpAt) return;
    }
  }
}

async function hasSetEx(client: LensDBClient, key: string): Promise<boolean> {
  for (let tries = 0; ; tries += 1) {
    try {
      await client.setEx(key, '', 1);
      await client.delete(key);
      return true;
    } catch (error) {
      if (error instanceof UnsupportedError) return false;
      if (tries === 10) throw error;
    }
  }
}
