/** The connections of a client to one store: opens them, leases them, counts what happens, lets go of them. */

import {
  type CallOptions,
  Caller,
  type CallLimits,
  callOptionRules,
  Failure,
  GaveUp,
  OperationStats,
  OptionChecker,
  hostTelemetry,
  databaseAttributes,
  type StatusRecord,
  type Telemetry,
  type TraceAttributes,
} from '@wirewright/core';
import { Dialer, Pool } from '@wirewright/core/socket';
import { system } from '../errors.ts';
import { Guard } from '../guard.ts';
import { operations, pingOperation } from '../operations.ts';
import type { Settings } from '../options.ts';
import type { Dialect } from '../protocol/dialect.ts';
import { Address } from './address.ts';
import { Exchange, type Held, type Place } from './exchange.ts';
import { noAnswer, notUsable } from './failures.ts';
import { Health } from './health.ts';
import {
  infoOf,
  type LensDBInfo,
  type LensDBMetrics,
  type LensDBStats,
  type LensDBSummary,
  metricsOf,
} from './info.ts';
import { Opener } from './opener.ts';
import { SetExProbe } from './setex-probe.ts';
import type { LensDBWire } from './wire.ts';

const connectChecker = new OptionChecker('connect()', callOptionRules, system);

export class Connections implements Place {
  readonly settings: Settings;
  /** Runs the calls: deadline, repeats, end. */
  readonly caller: Caller;
  readonly guard: Guard;
  readonly exchange: Exchange;
  readonly pool: Pool<LensDBWire>;
  readonly stats: OperationStats = new OperationStats();
  readonly telemetry: Telemetry = hostTelemetry(system);
  readonly #addresses: readonly Address[];
  readonly #health: Health = new Health();
  readonly #dialer: Dialer<LensDBWire>;
  readonly #wires = new Set<LensDBWire>();
  #refed = true;

  constructor(settings: Settings) {
    const { runtime, policy, targets, timeoutMs, probeTimeoutMs, connectTimeoutMs, maxFrameBytes, ldbdReads } =
      settings;
    this.settings = settings;
    this.caller = new Caller({ system, ports: runtime, policy, timeoutMs });
    this.guard = new Guard(settings);
    const addresses = new Map(targets.map((target) => [target, new Address(target, settings.dialect)]));
    this.#addresses = [...addresses.values()];
    const { timekeeper } = this.caller;
    const opener = new Opener({ runtime, timekeeper, maxFrameBytes, probeTimeoutMs, ldbdReads });
    const open = (address: Address): Promise<LensDBWire | Failure> => opener.open(address, connectTimeoutMs);
    this.exchange = new Exchange({
      timekeeper,
      guard: this.guard,
      setEx: new SetExProbe({ timekeeper, probeTimeoutMs, open }),
    });
    this.#dialer = new Dialer<LensDBWire>({
      timekeeper,
      targets,
      connectTimeoutMs,
      open: (target, limitMs) => opener.open(addresses.get(target) as Address, limitMs),
    });
    // First: that connections end then is no change of state.
    this.caller.own({ destroy: () => this.#health.onClosed() });
    this.pool = this.caller.own(
      new Pool<LensDBWire>({
        ports: runtime,
        timekeeper,
        min: settings.minConnections,
        max: settings.maxConnections,
        maxWaiters: settings.maxWaiters,
        maxIdleMs: settings.maxIdleMs,
        maxLifetimeMs: settings.maxLifetimeMs,
        open: (onClosed) => this.#open(onClosed),
      }),
    );
    for (const { name } of operations) this.stats.operation(name);
  }

  /** What the server speaks, as far as is known. */
  get dialect(): Dialect | undefined {
    return this.#addresses[0]?.dialect ?? this.#addresses.find(({ dialect }) => dialect !== undefined)?.dialect;
  }

  /** What telemetry tells of a call. */
  describe(operation: string): TraceAttributes {
    return databaseAttributes({ system, operation, target: this.settings.targets[0] });
  }

  tryTake(now: number): Held | undefined {
    return this.pool.tryAcquire(now);
  }

  take(limits: CallLimits, fresh: boolean): Promise<Held | Failure> {
    return this.pool.lease(limits, fresh);
  }

  /** Opens a connection, if none is open, and has the server answer on it. Once: what is wrong is told at once. */
  async connect(options: CallOptions = {}): Promise<void> {
    connectChecker.check(options);
    const { caller } = this;
    const refused = caller.lifecycle.enter();
    if (refused) caller.unwrap(new GaveUp(refused, 0, [], 'ended'));
    try {
      const { signal, timeoutMs = this.settings.timeoutMs } = options;
      const failure = await this.#connect({ dueAt: caller.timekeeper.clock.now() + timeoutMs, signal });
      if (failure) caller.unwrap(new GaveUp(failure, 1, [], 'attempts'));
    } finally {
      caller.lifecycle.leave();
    }
  }

  /** Refuses new calls, lets the running ones end for at most `timeoutMs`, then destroys. */
  close(timeoutMs: number): Promise<void> {
    this.#health.onClosing();
    return this.caller.close(timeoutMs);
  }

  destroy(reason?: unknown): void {
    this.caller.destroy(reason);
  }

  status(): AsyncIterableIterator<StatusRecord> {
    return this.#health.board.status();
  }

  /** Whether open connections keep the process alive. */
  keepAlive(refed: boolean): void {
    this.#refed = refed;
    for (const wire of this.#wires) {
      if (refed) wire.ref();
      else wire.unref();
    }
  }

  info(): LensDBInfo {
    return infoOf(this.settings, this.#addresses, this.caller.timekeeper.clock.now());
  }

  summarize(): LensDBStats {
    return { ...this.stats.summary(), pool: this.pool.stats() };
  }

  metrics(): LensDBMetrics {
    return metricsOf(this.stats);
  }

  toJSON(): LensDBSummary {
    return {
      system,
      endpoints: this.#addresses.map(({ endpoint }) => endpoint),
      dialect: this.dialect,
      state: this.#health.board.current.state,
      pool: this.pool.stats(),
    };
  }

  async #open(onClosed: (wire: LensDBWire, failure: Failure) => void): Promise<LensDBWire | Failure> {
    this.#health.onDial();
    const wire = await this.#dialer.open();
    if (wire instanceof Failure) {
      this.#health.onOpenFailed(wire, this.#wires.size);
      return wire;
    }
    // It may have been lost while the promise was on its way.
    if (!wire.usable) return notUsable(wire.endpoint);
    this.#wires.add(wire);
    if (!this.#refed) wire.unref();
    this.#health.onOpen(wire.endpoint);
    wire.onLost((lost, failure) => {
      this.#wires.delete(lost);
      this.#health.onLost(failure, this.#wires.size);
      onClosed(lost, failure);
    });
    return wire;
  }

  async #connect(limits: CallLimits): Promise<Failure | undefined> {
    // With somebody, perhaps; the server has answered.
    for (const { answered } of this.#wires) if (answered) return undefined;
    const held = await this.take(limits, false);
    if (held instanceof Failure) return held;
    if (!held.member.answered) return this.#prove(held, limits);
    held.release();
    return undefined;
  }

  async #prove(held: Held, { dueAt, signal }: CallLimits): Promise<Failure | undefined> {
    const { member: wire } = held;
    const limit = Math.min(dueAt, this.caller.timekeeper.clock.now() + this.settings.probeTimeoutMs);
    const answer = await wire.request(pingOperation, { key: '', value: '', ttl: 0 }, limit, signal, held);
    if (!(answer instanceof Failure)) return undefined;
    return answer.kind === 'timeout' ? noAnswer(wire.endpoint) : answer;
  }
}
