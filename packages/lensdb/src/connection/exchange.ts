/** One try of a command: a connection, the request on it, its answer. */

import { type CallLimits, Failure, type Timekeeper } from '@wirewright/core';
import type { Guard } from '../guard.ts';
import type { Operation } from '../operations.ts';
import type { Dialect } from '../protocol/dialect.ts';
import type { Fence } from '../protocol/ldbd/fence.ts';
import { readAnswer } from '../server-answer.ts';
import { noSuchCommand, restless } from './failures.ts';
import { RepeatRead, type Request } from './receiver.ts';
import type { SetExProbe } from './setex-probe.ts';
import type { LensDBWire } from './wire.ts';

/** Where a try gets its connection from, and gives it back to. */
export interface Place {
  /** @param fresh - asks for a connection that is opened now: others may have died with the one that failed. */
  take(limits: CallLimits, fresh: boolean): LensDBWire | Promise<LensDBWire | Failure>;
  giveBack(wire: LensDBWire): void;
}

/** A command with its arguments. */
export interface Command<T> {
  readonly operation: Operation<T>;
  readonly request: Request;
  /** The dialect whose limits the arguments were checked against; undefined when it was not known. */
  readonly checkedFor: Dialect | undefined;
  /** For one try, from the moment it has a connection, in milliseconds. */
  readonly attemptTimeoutMs: number;
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
      const taken = place.take(limits, fresh || repeats > 0);
      const wire = taken instanceof Promise ? await taken : taken;
      if (wire instanceof Failure) return wire;
      try {
        const result = await this.#exchange(wire, command, limits, first);
        if (!(result instanceof RepeatRead)) return result;
        if (repeats === maxRepeats) return restless(wire.endpoint);
        first = result.first;
      } finally {
        place.giveBack(wire);
      }
    }
  }

  async #exchange<T>(
    wire: LensDBWire,
    command: Command<T>,
    limits: CallLimits,
    first: Fence | undefined,
  ): Promise<T | Failure | RepeatRead> {
    const { operation, request, attemptTimeoutMs } = command;
    const { timekeeper, guard, setEx } = this.#options;
    const { dialect, address } = wire;
    if (dialect !== command.checkedFor) guard.check(operation, request, dialect);
    if (dialect === 'ldbd' && operation.ldbd === undefined) return noSuchCommand(wire.endpoint);
    if (operation.name === 'setex' && dialect === 'lens') {
      const refused = await setEx.check(address, limits);
      if (refused) return refused;
    }
    const dueAt = Math.min(limits.dueAt, timekeeper.clock.now() + attemptTimeoutMs);
    const answer = await wire.request(operation, request, dueAt, limits.signal, first);
    if (answer instanceof RepeatRead) return answer;
    const result = answer instanceof Failure ? answer : readAnswer(operation, dialect, answer, wire.endpoint);
    if (!(result instanceof Failure) || result.kind !== 'protocol') return result;
    wire.close(result);
    // Where the answer cannot be trusted, a write may have been done (section 6).
    const sure = operation.safety === 'read' || result.outcome !== 'unknown';
    return sure ? result : new Failure({ ...result, retryable: false });
  }
}
