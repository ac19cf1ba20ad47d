/** Runs commands on connections: checks the arguments, then lets core's caller try, and counts how it ended. */

import { type Clock, GaveUp, type OptionChecker, trace } from '@wirewright/core';
import { commandRules, type CommandOptions, optionsOf } from '../commands/call-options.ts';
import type { CommandRunner } from '../commands/runner.ts';
import { type Operation, operations } from '../operations.ts';
import type { Connections } from './connections.ts';
import type { Command, Place } from './exchange.ts';
import type { Request } from './receiver.ts';

const checkers: ReadonlyMap<Operation<unknown>, OptionChecker> = new Map(
  operations.map((operation) => [operation, optionsOf(operation.method, commandRules)]),
);

const noOptions: CommandOptions = Object.freeze({});

export class Runner implements CommandRunner {
  readonly #connections: Connections;
  readonly #place: Place;
  readonly concurrency: number;

  /** @param place - where connections come from: the pool, or one that was leased. */
  constructor(connections: Connections, place: Place, concurrency: number) {
    this.#connections = connections;
    this.#place = place;
    this.concurrency = concurrency;
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
    const { telemetry } = this.#connections;
    return trace(
      telemetry.operation(operation.name),
      () => this.#connections.describe(operation.name.toUpperCase()),
      () => this.#run(operation, request, options),
    );
  }

  async #run<T>(operation: Operation<T>, request: Request, options: CommandOptions): Promise<T> {
    const { caller, exchange, guard, settings, dialect, stats } = this.#connections;
    if (options !== noOptions) checkers.get(operation)?.check(options);
    guard.check(operation, request, dialect);
    const { attemptTimeoutMs = settings.attemptTimeoutMs } = options;
    const command: Command<T> = { operation, request, checkedFor: dialect, attemptTimeoutMs };
    const { safety } = operation;
    const idempotent = safety === 'read' || (safety === 'write' && settings.retryWrites);
    const startedAt = this.clock.now();
    let tries = 0;
    const result = await caller.run(options, idempotent, (limits) => {
      tries += 1;
      return exchange.attempt(this.#place, command, limits, tries > 1);
    });
    const counters = stats.operation(operation.name);
    if (result instanceof GaveUp) counters.failed(this.clock.now() - startedAt);
    else counters.succeeded(this.clock.now() - startedAt);
    return caller.unwrap(result);
  }
}
