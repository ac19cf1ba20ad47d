/** One connection of a pool, in the hands of one user. */

/// <reference lib="esnext.disposable" preserve="true" />

import { inspectAsJson } from '@wirewright/core';
import type { LeasedPlace } from './connection/leased-place.ts';
import { Commands } from './commands/commands.ts';
import type { CommandRunner } from './commands/runner.ts';

/**
 * Has the commands of a client. They run one after the other; nothing is repeated. When the connection is lost, the
 * command that ran on it fails, and the next one waits for another, in line with everybody else. So it does when
 * nothing was asked for longer than `maxIdleMs`.
 *
 * Give it back: `pool.returnConnection(connection)`, or `await using`.
 */
export class LensDBConnection extends Commands {
  static {
    inspectAsJson(this);
  }

  readonly #place: LeasedPlace;

  /** Connections come from `ConnectionPool.getConnection()`. */
  constructor(place: LeasedPlace, runner: CommandRunner) {
    super(runner);
    this.#place = place;
  }

  /** Gives it back: what runs ends first, what waits or is called later is refused with a `ClosedError`. */
  return(): void {
    this.#place.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.return();
  }

  toJSON(): { readonly system: string } {
    return { system: 'lensdb' };
  }
}
