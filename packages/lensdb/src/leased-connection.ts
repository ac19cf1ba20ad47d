/** One connection of a pool, in the hands of one user. */

/// <reference lib="esnext.disposable" preserve="true" />

import { inspectAsJson } from '@wirewright/core';
import type { Lease } from './connection/lease.ts';
import { Commands } from './commands/commands.ts';
import type { CommandRunner } from './commands/runner.ts';

/**
 * Has the commands of a client. They run one after the other; nothing is repeated. When the connection is lost, the
 * command that ran on it fails, and the next one opens another in its place.
 *
 * Give it back: `pool.returnConnection(connection)`, or `await using`.
 */
export class LensDBConnection extends Commands {
  static {
    inspectAsJson(this);
  }

  readonly #lease: Lease;

  /** Connections come from `ConnectionPool.getConnection()`. */
  constructor(lease: Lease, runner: CommandRunner) {
    super(runner);
    this.#lease = lease;
  }

  /** Gives it back: what runs ends first, what is called later is refused with a `ClosedError`. */
  return(): void {
    this.#lease.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.return();
  }

  toJSON(): { readonly system: string } {
    return { system: 'lensdb' };
  }
}
