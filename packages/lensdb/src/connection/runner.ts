/** Runs commands on connections: checks the arguments, has core's caller repeat, and counts how calls end. */

import { type Clock, Failure, GaveUp, type OptionChecker, type Pending } from '@wirewright/core';
import { commandRules, type CommandOptions, optionsOf } from '../commands/call-options.ts';
import type { CommandRunner } from '../commands/runner.ts';
import { type Operation, operations } from '../operations.ts';
import type { Dialect } from '../protocol/dialect.ts';
import { Call, type CallOwner, promiseOfNextCall, type Tools } from './call.ts';
import type { Connections } from './connections.ts';
import type { Command, Held, Place } from './exchange.ts';
import type { Request } from './receiver.ts';

const checkers = new Map(operations.map((operation) => [operation, optionsOf(operation.method, commandRules)]));

const noOptions: CommandOptions = Object.freeze({});

/** Whether a repeat asks for a connection that is opened now. Where there was none to be had, any will do. */
function wantsFresh(last: Failure | undefined): boolean {
  return last !== undefined && last.kind !== 'overloaded';
}

export class Runner implements CommandRunner, CallOwner {
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

  run<T>(operation: Operation<T>, request: Request, options: CommandOptions = noOptions): Promise<T | GaveUp> {
    const tools = this.#tools.get(operation) as Tools;
    const { checker, telemetry } = tools;
    if (options !== noOptions) checker.check(options);
    if (!telemetry.active) return this.#run(tools, operation, request, options);
    const attributes = this.#connections.describe(operation.name.toUpperCase());
    return telemetry.trace(attributes, async () => this.unwrap(await this.#run(tools, operation, request, options)));
  }

  unwrap<T>(result: T | GaveUp): T {
    return this.#connections.caller.unwrap(result);
  }

  onSuccess({ tools, startedAt }: Call<unknown>): void {
    const { caller } = this.#connections;
    caller.earn();
    caller.lifecycle.leave();
    tools.counters.succeeded(this.clock.now() - startedAt);
  }

  async onFailure(call: Call<unknown>, first: Failure): Promise<unknown> {
    const { tools, operation, request, options, startedAt } = call;
    const { caller, exchange, settings } = this.#connections;
    const { signal, timeoutMs = settings.timeoutMs } = options;
    const command = this.#commandOf(operation, request, options, 'lens');
    const limits = { dueAt: startedAt + timeoutMs, signal };
    try {
      let last = first;
      const result = await caller.repeat(first, limits, command.idempotent, async () => {
        const tried = await exchange.attempt(this.#place, command, limits, wantsFresh(last));
        if (tried instanceof Failure) last = tried;
        return tried;
      });
      return this.#count(tools, startedAt, result);
    } finally {
      caller.lifecycle.leave();
    }
  }

  #run<T>(tools: Tools, operation: Operation<T>, request: Request, options: CommandOptions): Promise<T | GaveUp> {
    const { caller, guard, settings, dialect } = this.#connections;
    guard.check(operation, request, dialect);
    const startedAt = this.clock.now();
    const held = options.signal?.aborted ? undefined : this.#readyFor(operation, dialect, startedAt);
    if (!held) return this.#wait(tools, operation, request, options, dialect);
    const { timeoutMs = settings.timeoutMs, attemptTimeoutMs = settings.attemptTimeoutMs } = options;
    const tryDueAt = startedAt + Math.min(timeoutMs, attemptTimeoutMs);
    caller.lifecycle.enter();
    const promise = promiseOfNextCall<T | GaveUp>();
    const call = new Call(this, tools, operation, request, options, startedAt, tryDueAt);
    try {
      held.member.submit(call as Pending, operation, request, held);
    } catch (error) {
      caller.lifecycle.leave();
      throw error;
    }
    return promise;
  }

  /** A connection for a command that is one exchange and no more. */
  #readyFor(operation: Operation<unknown>, dialect: Dialect | undefined, now: number): Held | undefined {
    if (dialect !== 'lens' || operation.name === 'setex') return undefined;
    if (this.#connections.caller.lifecycle.state !== 'open') return undefined;
    const held = this.#place.tryTake(now);
    if (!held || held.member.dialect === dialect) return held;
    held.release();
    return undefined;
  }

  /** All tries, the first too: on a connection that has to be waited for, or asked something first. */
  async #wait<T>(
    tools: Tools,
    operation: Operation<T>,
    request: Request,
    options: CommandOptions,
    checkedFor: Dialect | undefined,
  ): Promise<T | GaveUp> {
    const { caller, exchange } = this.#connections;
    const command = this.#commandOf(operation, request, options, checkedFor);
    const startedAt = this.clock.now();
    let last: Failure | undefined;
    const result = await caller.run(options, command.idempotent, async (limits) => {
      const tried = await exchange.attempt(this.#place, command, limits, wantsFresh(last));
      last = tried instanceof Failure ? tried : undefined;
      return tried;
    });
    return this.#count(tools, startedAt, result);
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

  #count<Result>({ counters }: Tools, startedAt: number, result: Result): Result {
    const tookMs = this.clock.now() - startedAt;
    if (result instanceof GaveUp) counters.failed(tookMs);
    else counters.succeeded(tookMs);
    return result;
  }
}
