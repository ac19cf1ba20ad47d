/** How long an entry lives, as a caller says it: a number of seconds, or options. */

import { ArgumentError, type OptionChecker, type OptionRules } from '@wirewright/core';
import { system } from '../errors.ts';
import { checkTtl, longestTtlSeconds } from '../protocol/checks.ts';
import { type CommandOptions, commandOptions, commandRules, optionsOf } from './call-options.ts';

/** When an entry expires: one of the two, or neither for one that stays. */
export interface WriteOptions extends CommandOptions {
  /** Time to live in seconds, from 1 to 4 294 967 295. */
  readonly ttl?: number | undefined;
  /** The same in milliseconds: a multiple of 1000, because servers count in seconds. */
  readonly ttlMs?: number | undefined;
}

/** What a write is to be done with. */
export interface Write {
  /** Undefined: the entry stays. */
  readonly ttl: number | undefined;
  readonly options: CommandOptions | undefined;
}

/** The ranges are checked by `ttlSeconds`, which can say why. */
const anyNumber = {
  kind: 'custom',
  expected: 'a number',
  accepts: (value: unknown): boolean => typeof value === 'number',
} as const;

export const writeRules: OptionRules = { ...commandRules, ttl: anyNumber, ttlMs: anyNumber };

const checkers: ReadonlyMap<string, OptionChecker> = new Map(
  ['setEx', 'setJson'].map((method) => [method, optionsOf(method, writeRules)]),
);

/** @throws ArgumentError */
export function readWrite(method: string, ttl: number | WriteOptions | undefined): Write {
  if (typeof ttl === 'number') return { ttl: ttlSeconds(method, { ttl }), options: undefined };
  checkers.get(method)?.check(ttl);
  return ttl === undefined
    ? { ttl, options: undefined }
    : { ttl: ttlSeconds(method, ttl), options: commandOptions(ttl) };
}

/**
 * The time to live in seconds; undefined where none is set.
 *
 * @throws ArgumentError for what is no whole number of seconds from 1 to 4 294 967 295, and for both at once
 */
export function ttlSeconds(method: string, { ttl, ttlMs }: WriteOptions): number | undefined {
  if (ttl !== undefined && ttlMs !== undefined) {
    throw refusal(method, 'ttl', "'ttl' (seconds) and 'ttlMs' exclude each other; give one");
  }
  const seconds = ttlMs === undefined ? ttl : ttlMs / 1000;
  const problem = seconds === undefined ? undefined : checkTtl(seconds);
  if (!problem) return seconds;
  if (ttlMs === undefined || ttlMs === 0) throw refusal(method, 'ttl', problem.message);
  throw refusal(
    method,
    'ttlMs',
    `'ttlMs' must be a multiple of 1000, from 1000 to ${longestTtlSeconds}000, got ${ttlMs}; servers count in whole seconds`,
  );
}

export function refusal(method: string, option: string, message: string): ArgumentError {
  return new ArgumentError(`${method}(): ${message}`, { system, details: { option } });
}
