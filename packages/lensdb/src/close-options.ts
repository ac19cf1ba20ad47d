/** How a client or a pool is closed. */

import { OptionChecker, timeoutRule } from '@wirewright/core';
import { system } from './errors.ts';

export interface CloseOptions {
  /** How long running calls may take to end, in milliseconds. Default 5000; Infinity waits for all. */
  readonly timeoutMs?: number | undefined;
}

const checker = new OptionChecker('close()', { timeoutMs: timeoutRule }, system);

/** @throws ArgumentError */
export function closeTimeoutMs(options: CloseOptions | undefined): number {
  checker.check(options);
  return options?.timeoutMs ?? 5000;
}
