/** A client on a clock of ours, behind a fault proxy, with writers that know what they may find. */

import assert from 'node:assert/strict';
import { createFakePorts, FaultProxy, type FakePorts, type PassingChunk } from '@wirewright/core/testing';
import { nodeNet } from '@wirewright/core/socket';
import { LensDBClient, LensDBError, type LensDBOptions } from '@wirewright/lensdb';
import { Ledger } from './ledger.ts';

export interface WorldOptions {
  readonly server: { readonly host: string; readonly port: number };
  readonly seed: number;
  readonly retries: boolean;
  /** Values come back as they were written. Off where the network changes bytes: then only the ends of calls count. */
  readonly exact: boolean;
  readonly client?: LensDBOptions;
}

/** How much virtual time passes with each turn of the event loop: sockets are real, deadlines are not. */
const msPerTurn = 4;
/** A tick of the client's timer, which may itself begin a tick late. */
const graceMs = 20;

const timeoutMs = 6000;

export class World implements AsyncDisposable {
  readonly client: LensDBClient;
  readonly proxy: FaultProxy;
  readonly #ports: FakePorts;
  readonly #ledgers = new Map<string, Ledger>();
  readonly #options: WorldOptions;
  /** Calls that failed, by code. */
  readonly failures = new Map<string, number>();

  static async start(options: WorldOptions): Promise<World> {
    return new World(options, await FaultProxy.listen({ target: options.server, seed: options.seed, phaseOf }));
  }

  private constructor(options: WorldOptions, proxy: FaultProxy) {
    const ports = createFakePorts({ seed: options.seed, turns: 'system' });
    this.#options = options;
    this.#ports = ports;
    this.proxy = proxy;
    const { host, port } = proxy.target as { host: string; port: number };
    this.client = new LensDBClient({
      host,
      port,
      runtime: { clock: ports.clock, random: ports.random, turns: ports.turns, net: nodeNet },
      maxConnections: 3,
      connectTimeoutMs: 2000,
      probeTimeoutMs: 800,
      attemptTimeoutMs: 800,
      timeoutMs,
      maxRetries: options.retries ? 3 : 0,
      retryBaseMs: 20,
      retryJitterMs: 20,
      ...options.client,
    });
  }

  get now(): number {
    return this.#ports.clock.now();
  }

  /** Lets sockets and virtual time run until `promise` has settled. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = promise.finally(() => (settled = true));
    done.catch(() => {});
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.#ports.clock.advance(msPerTurn);
      if (settled) return await done;
    }
  }

  /** Several writers, each with a key of its own, and calls that change nothing. */
  async work(rounds: number, prefix: string): Promise<void> {
    const writers = Array.from({ length: 5 }, (_, i) => this.#write(`${prefix}:w${i}`, rounds));
    await this.run(Promise.all([...writers, this.#look(prefix, rounds)]));
  }

  /** Reads everything back on `client`, which goes to the server directly. */
  async verify(client: LensDBClient): Promise<void> {
    for (const ledger of this.#ledgers.values()) ledger.check(await client.getText(ledger.key), 'at the end');
  }

  /** Closes the client, and looks for what it has left behind. */
  async end(): Promise<void> {
    await this.run(this.client.close());
    assert.equal(this.client.stats().pool.open, 0);
    assert.equal(this.#ports.clock.pendingTimers, 0, 'timers are left');
    await this.proxy.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy();
    await this.proxy.close();
  }

  async #write(key: string, rounds: number): Promise<void> {
    const ledger = this.#ledgers.get(key) ?? new Ledger(key, this.#options.retries);
    this.#ledgers.set(key, ledger);
    for (let round = 0; round < rounds; round += 1) {
      const value = round % 5 === 4 ? null : `${key}=${round}`;
      const error = await this.#call<unknown>(() =>
        value === null ? this.client.delete(key) : this.client.set(key, value),
      );
      if (error instanceof Error) ledger.failed(value, error);
      else ledger.done(value);
      const found = await this.#call(() => this.client.get(key));
      if (found instanceof Error || !this.#options.exact) continue;
      ledger.check(found && new TextDecoder().decode(found), `in round ${round}`);
    }
  }

  async #look(prefix: string, rounds: number): Promise<void> {
    const { exact } = this.#options;
    for (let round = 0; round < rounds; round += 1) {
      const absent = await this.#call(() => this.client.exists(`${prefix}:absent`));
      if (exact && !(absent instanceof Error)) assert.equal(absent, false);
      const pong = await this.#call(() => this.client.pingReply());
      if (exact && !(pong instanceof Error)) assert.match(new TextDecoder().decode(pong), /pong/i);
      const keys = await this.#call(() => this.client.keysBytes());
      if (!exact || keys instanceof Error) continue;
      for (const key of keys.map((each) => new TextDecoder().decode(each))) {
        assert.ok(!key.startsWith(prefix) || /:w[0-4]$/.test(key), `KEYS told of ${key}`);
      }
    }
  }

  /** Every call settles by its deadline, with its result or a typed error. */
  async #call<T>(call: () => Promise<T>): Promise<T | Error> {
    const startedAt = this.now;
    try {
      return await call();
    } catch (error) {
      assert.ok(error instanceof LensDBError, `an error that is none of this client's: ${String(error)}`);
      this.failures.set(error.code, (this.failures.get(error.code) ?? 0) + 1);
      return error;
    } finally {
      const late = this.now - startedAt - timeoutMs;
      assert.ok(late <= graceMs + msPerTurn, `a call settled ${late} ms after its deadline`);
    }
  }
}

/** The first request of a connection is the probe, if it begins as one of `ldbd`, or that and what is learned with it. */
function phaseOf({ direction, index, phase }: PassingChunk): string | undefined {
  const handshake = direction === 'request' ? index === 1 && phase === 'open' : phase === 'handshake';
  return handshake ? 'handshake' : undefined;
}
