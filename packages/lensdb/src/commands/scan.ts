/** Which keys a scan keeps. */

import { ArgumentError } from '@wirewright/core';
import { system } from '../errors.ts';
import { type CommandOptions, commandRules, optionsOf } from './call-options.ts';

/** All that are given must hold. */
export interface ScanOptions extends CommandOptions {
  /** Keys that start with this. */
  readonly prefix?: string | undefined;
  /** Keys that hold this anywhere. */
  readonly contains?: string | undefined;
  /** Keys that match. Flags `g` and `y` change nothing: each key is looked at from its beginning. */
  readonly match?: RegExp | undefined;
}

const checker = optionsOf('scan', {
  ...commandRules,
  prefix: { kind: 'string', empty: true },
  contains: { kind: 'string', empty: true },
  match: { kind: 'custom', expected: 'a RegExp', accepts: (value: unknown): boolean => value instanceof RegExp },
});

/**
 * @returns whether a key is kept
 * @throws ArgumentError
 */
export function keyFilter(options: ScanOptions = {}): (key: string) => boolean {
  checker.check(options);
  const { prefix, contains, match } = options;
  if (prefix === undefined && contains === undefined && match === undefined) {
    throw new ArgumentError("scan(): give 'prefix', 'contains' or 'match'; keys() lists all keys", { system });
  }
  return (key) => {
    if (prefix !== undefined && !key.startsWith(prefix)) return false;
    if (contains !== undefined && !key.includes(contains)) return false;
    if (match === undefined) return true;
    match.lastIndex = 0;
    return match.test(key);
  };
}
