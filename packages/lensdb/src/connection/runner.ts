/** Runs commands on connections: checks the arguments, then lets core's caller try, and counts how it ended. */

import {
  type CallLimits,
  type Clock,
  Failure,
  GaveUp,
  type OperationCounters,
  type OperationTelemetry,
  type OptionChecker,
} from '@wirewright/core';
import { commandRules, type CommandOptions, optionsOf } from '../commands/call-options.ts';
import type { CommandRunner } from '../commands/runner.ts';
import { type Operation, operations } from '../operations.ts';
import type { Dialect } from '../protocol/dialect.ts';
import type { Connections } from './connections.ts';
import type { Command, Place } from './exchange.ts';
import type { Request } from './receiver.ts';
import type { LensDBWire } from './wire.ts';

/** What belongs to a command in one client. */
interface Tools {
  readonly checker: OptionChecker;
  readonly counters: OperationCounters;
  readonly telemetry: OperationTelemetry;
}

const checkers = new Map(operations.map((operation) => [operation, optionsOf(operation.method, commandRules)]));

const noOptions: CommandOptions = Object.freeze({});

export class Runner implements CommandRunner {
  readonly concurrency: number;
  readonly #connections: Connections;
  readonly #place: Place;
  readonly #tools: ReadonlyMap<Operation<unknown>, Tools>;

  /** @param place - where connections come from: the pool, or one that was leased. */
  constructor(connections: Connections, place: Place, concurrency: number) {
    this.#connections = connections;
    this.#place = place;
    this.concurrency = concurrency;
    const { stats, telemetry } = connections;
    this.#tools = new Map(
      operations.map((operation) => [
        operation,
        {
          checker: checkers.get(operation) as OptionChecker,
          counters: stats.operation(operation.name),
          telemetry: telemetry.operation(operation.name),
        },
      ]),
    );
  }

  get clock(): Clock {
    return this.#connections.caller.timekeeper.clock;
  }

  get timeoutMs(): number {
    return this.#connections.settings.timeoutMs;
  }

  check(operation: Operation<unknown>, request: Request): void {
    const { guard, dialect } = this.#connections;
    guard.check(operation, request, dialect);
  }

  run<T>(operation: Operation<T>, request: Request, options: CommandOptions = noOptions): Promise<T> {
    const tools = this.#tools.get(operation) as Tools;
    const { telemetry } = tools;
    if (!telemetry.active) return this.#run(tools, operation, request, options);
    const attributes = this.#connections.describe(operation.name.toUpperCase());
    return telemetry.trace(attributes, () => this.#run(tools, operation, request, options));
  }

  async #run<T>(tools: Tools, operation: Operation<T>, request: Request, options: CommandOptions): Promise<T> {
    const { caller, guard, settings, dialect } = this.#connections;
    if (options !== noOptions) tools.checker.check(options);
    guard.check(operation, request, dialect);
    const { clock } = caller.timekeeper;
    const startedAt = clock.now();
    let result: T | Failure | GaveUp;
    const wire = options.signal?.aborted ? undefined : this.#readyFor(operation, dialect);
    if (wire) {
      // Nothing is waited for but the answer: no more is made than the promise of it.
      const { signal, timeoutMs = settings.timeoutMs, attemptTimeoutMs = settings.attemptTimeoutMs } = options;
      const dueAt = startedAt + (timeoutMs < attemptTimeoutMs ? timeoutMs : attemptTimeoutMs);
      caller.lifecycle.enter();
      try {
        result = (await wire.request(operation, request, dueAt, signal, this.#place.giveBack)) as T | Failure;
        if (result instanceof Failure) {
          result = await this.#repeat(result, { dueAt: startedAt + timeoutMs, signal }, operation, request, options);
        } else caller.earn();
      } finally {
        caller.lifecycle.leave();
      }
    } else result = await this.#wait(operation, request, options, dialect);
    const tookMs = clock.now() - startedAt;
    if (result instanceof GaveUp) tools.counters.failed(tookMs);
    else tools.counters.succeeded(tookMs);
    return caller.unwrap(result);
  }

  /** A connection for a command that is one exchange and no more. */
  #readyFor(operation: Operation<unknown>, dialect: Dialect | undefined): LensDBWire | undefined {
    if (dialect !== 'lens' || operation.name === 'setex') return undefined;
    if (this.#connections.caller.lifecycle.state !== 'open') return undefined;
    const wire = this.#place.tryTake();
    if (!wire || wire.dialect === dialect) return wire;
    this.#place.giveBack(wire);
    return undefined;
  }

  /** After a first try that failed. */
  #repeat<T>(
    first: Failure,
    limits: CallLimits,
    operation: Operation<T>,
    request: Request,
    options: CommandOptions,
  ): Promise<T | GaveUp> {
    const { caller, exchange } = this.#connections;
    const command = this.#commandOf(operation, request, options, 'lens');
    return caller.repeat(first, limits, command.idempotent, () => exchange.attempt(this.#place, command, limits, true));
  }

  /** All tries, the first too: on a connection that has to be waited for, or asked something first. */
  #wait<T>(
    operation: Operation<T>,
    request: Request,
    options: CommandOptions,
    checkedFor: Dialect | undefined,
  ): Promise<T | GaveUp> {
    const { caller, exchange } = this.#connections;
    const command = this.#commandOf(operation, request, options, checkedFor);
    let tries = 0;
    return caller.run(options, command.idempotent, (limits) => {
      tries += 1;
      return exchange.attempt(this.#place, command, limits, tries > 1);
    });
  }

  #commandOf<T>(
    operation: Operation<T>,
    request: Request,
    options: CommandOptions,
    checkedFor: Dialect | undefined,
  ): Command<T> {
    const { settings } = this.#connections;
    const { safety } = operation;
    return {
      operation,
      request,
      checkedFor,
      attemptTimeoutMs: options.attemptTimeoutMs ?? settings.attemptTimeoutMs,
      idempotent: safety === 'read' || (safety === 'write' && settings.retryWrites),
    };
  }
}
