/** What every command takes. */

import { type CallOptions, OptionChecker, type OptionRules, timeoutRule } from '@wirewright/core';
import { system } from '../errors.ts';

/** Options of every command. */
export interface CommandOptions extends CallOptions {
  /**
   * For one try, from the moment it has a connection, in milliseconds; never longer than the call. Default: the
   * client's.
   */
  readonly attemptTimeoutMs?: number | undefined;
}

export const commandRules: OptionRules = {
  signal: { kind: 'signal' },
  timeoutMs: timeoutRule,
  attemptTimeoutMs: timeoutRule,
};

/** A checker for the options of `method`. */
export function optionsOf(method: string, rules: OptionRules): OptionChecker {
  return new OptionChecker(`${method}()`, rules, system);
}

/** What of a method's options goes to the command that it consists of. */
export function commandOptions({ signal, timeoutMs, attemptTimeoutMs }: CommandOptions): CommandOptions {
  return { signal, timeoutMs, attemptTimeoutMs };
}
