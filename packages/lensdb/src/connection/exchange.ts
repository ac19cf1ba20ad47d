/** One try of a command: a connection, the request on it, its answer. */

import { type CallLimits, Failure, type Timekeeper } from '@wirewright/core';
import type { Guard } from '../guard.ts';
import type { Operation } from '../operations.ts';
import type { Dialect } from '../protocol/dialect.ts';
import type { Fence } from '../protocol/ldbd/fence.ts';
import { noSuchCommand, restless } from './failures.ts';
import { RepeatRead, type Request } from './receiver.ts';
import type { SetExProbe } from './setex-probe.ts';
import type { LensDBWire, Turn } from './wire.ts';

/** A connection for one request, until it is released. */
export interface Held extends Turn {
  readonly member: LensDBWire;
}

/** Where a try gets its connection from. */
export interface Place {
  /** A connection that is ready at `now`, by the client's clock; undefined sends to `take`. */
  tryTake(now: number): Held | undefined;
  /** @param fresh - asks for a connection that is opened now: others may have died with the one that failed. */
  take(limits: CallLimits, fresh: boolean): Promise<Held | Failure>;
}

/** A command with its arguments. */
export interface Command<T> {
  readonly operation: Operation<T>;
  readonly request: Request;
  /** The dialect whose limits the arguments were checked against; undefined when it was not known. */
  readonly checkedFor: Dialect | undefined;
  /** For one try, from the moment it has a connection, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** May be repeated when its outcome is unknown (section 7). */
  readonly idempotent: boolean;
}

export interface ExchangeOptions {
  readonly timekeeper: Timekeeper;
  readonly guard: Guard;
  readonly setEx: SetExProbe;
}

/** Reads whose fences matched the value this often in a row end with an error. */
const maxRepeats = 4;

export class Exchange {
  readonly #options: ExchangeOptions;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /**
   * The result of a try, or why it failed.
   *
   * @throws ArgumentError for what only the server's dialect tells to be wrong.
   */
  async attempt<T>(place: Place, command: Command<T>, limits: CallLimits, fresh: boolean): Promise<T | Failure> {
    let first: Fence | undefined;
    for (let repeats = 0; ; repeats += 1) {
      const held = await place.take(limits, fresh);
      if (held instanceof Failure) return held;
      const refused = await this.#refuse(held, command, limits);
      if (refused) return refused;
      const result = await this.#request(held, command, limits, first);
      if (!(result instanceof RepeatRead)) return result;
      if (repeats === maxRepeats) return restless(held.member.endpoint);
      first = result.first;
    }
  }

  #request<T>(
    held: Held,
    command: Command<T>,
    limits: CallLimits,
    first: Fence | undefined,
  ): Promise<T | Failure | RepeatRead> {
    const { dueAt, signal } = this.#tryLimits(command, limits);
    return held.member.request(command.operation, command.request, dueAt, signal, held, first);
  }

  /** Of one step of a try: no longer than a try may take, from now on. */
  #tryLimits({ attemptTimeoutMs }: Command<unknown>, { dueAt, signal }: CallLimits): CallLimits {
    return { dueAt: Math.min(dueAt, this.#options.timekeeper.clock.now() + attemptTimeoutMs), signal };
  }

  /** What this server cannot do or must not be sent; the connection goes back then. */
  async #refuse(held: Held, command: Command<unknown>, limits: CallLimits): Promise<Failure | undefined> {
    const { operation, request, checkedFor } = command;
    const { guard, setEx } = this.#options;
    const { dialect, address, endpoint } = held.member;
    let refused: Failure | undefined;
    let accepted = false;
    try {
      if (dialect !== checkedFor) guard.check(operation, request, dialect);
      if (dialect === 'ldbd' && operation.ldbd === undefined) refused = noSuchCommand(endpoint);
      else if (dialect === 'lens' && operation.name === 'setex')
        refused = await setEx.check(address, this.#tryLimits(command, limits));
      accepted = refused === undefined;
      return refused;
    } finally {
      if (!accepted) held.release();
    }
  }
}
