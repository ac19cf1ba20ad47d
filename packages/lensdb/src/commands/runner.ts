/** What commands run on. */

import type { Clock, GaveUp } from '@wirewright/core';
import type { Request } from '../connection/receiver.ts';
import type { Operation } from '../operations.ts';
import type { CommandOptions } from './call-options.ts';

export interface CommandRunner {
  readonly clock: Clock;
  /** Default deadline of a call in milliseconds; Infinity for none. */
  readonly timeoutMs: number;
  /** How many commands are worth running at once: as many as there may be connections. */
  readonly concurrency: number;
  /**
   * Refuses what may not be sent, as far as the server is known. `run` does it too.
   *
   * @throws ArgumentError
   */
  check(operation: Operation<unknown>, request: Request): void;
  /**
   * Runs one command, with deadline and repeats.
   *
   * @throws ArgumentError before anything is sent.
   */
  run<T>(operation: Operation<T>, request: Request, options: CommandOptions | undefined): Promise<T | GaveUp>;
  /** The result, or the error of a command that failed: for the public method, so that the stack shows who called it. */
  unwrap<T>(result: T | GaveUp): T;
}
