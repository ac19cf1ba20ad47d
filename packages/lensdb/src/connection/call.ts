/** A call on a connection that was ready: the pending request is the call itself, and its promise the caller's. */

import {
  Failure,
  type OperationCounters,
  type OperationTelemetry,
  type OptionChecker,
  Pending,
} from '@wirewright/core';
import type { CommandOptions } from '../commands/call-options.ts';
import type { Operation } from '../operations.ts';
import type { Request } from './receiver.ts';

/** Who makes calls, and goes on with those whose first try has failed. */
export interface CallOwner {
  onSuccess(call: Call<unknown>): void;
  /** What the call comes to after all. */
  onFailure(call: Call<unknown>, first: Failure): Promise<unknown>;
}

let lastResolve: (result: unknown) => void;

/**
 * Makes the promise of the `Call` that is made next. An executor of its own, and a function between the call and its
 * request, would cost each call more than all the rest that the client does.
 */
export function promiseOfNextCall<T>(): Promise<T> {
  return new Promise<T>(keepResolve);
}

function keepResolve(resolve: (result: never) => void): void {
  lastResolve = resolve as (result: unknown) => void;
}

/** What belongs to a command in one client. */
export interface Tools {
  readonly checker: OptionChecker;
  readonly counters: OperationCounters;
  readonly telemetry: OperationTelemetry;
}

export class Call<T> extends Pending<T> {
  readonly tools: Tools;
  readonly operation: Operation<T>;
  readonly request: Request;
  readonly options: CommandOptions;
  /** By the client's clock. */
  readonly startedAt: number;
  readonly #owner: CallOwner;
  readonly #conclude: (result: unknown) => void;

  /** @param tryDueAt - when its first try ends, by the client's clock */
  constructor(
    owner: CallOwner,
    tools: Tools,
    operation: Operation<T>,
    request: Request,
    options: CommandOptions,
    startedAt: number,
    tryDueAt: number,
  ) {
    super(lastResolve, tryDueAt, options.signal);
    this.#conclude = lastResolve;
    this.#owner = owner;
    this.tools = tools;
    this.operation = operation;
    this.request = request;
    this.options = options;
    this.startedAt = startedAt;
  }

  override settle(result: T | Failure): void {
    if (this.settled) return;
    this.retire();
    if (result instanceof Failure) {
      this.#conclude(this.#owner.onFailure(this as Call<unknown>, result));
      return;
    }
    this.#owner.onSuccess(this as Call<unknown>);
    this.#conclude(result);
  }
}
