/** Several commands as one call: bounded concurrency, one deadline, one outcome for each part (section 8). */

import {
  ArgumentError,
  BatchError,
  type BatchOutcome,
  ClientError,
  type OptionChecker,
  type Outcome,
} from '@wirewright/core';
import { type LensDBErrorCode, system } from '../errors.ts';
import { type CommandOptions, commandRules, optionsOf } from './call-options.ts';
import type { CommandRunner } from './runner.ts';

export interface BatchOptions extends CommandOptions {
  /** Commands that run at once. Default: as many as there may be connections (`maxConnections`). */
  readonly concurrency?: number | undefined;
}

const checkers: ReadonlyMap<string, OptionChecker> = new Map(
  ['mget', 'mset', 'mdelete'].map((method) => [
    method,
    optionsOf(method, { ...commandRules, concurrency: { kind: 'integer', min: 1, infinity: true } }),
  ]),
);

/** @throws ArgumentError for what is no list */
export function listOf<Item>(method: string, items: readonly Item[]): readonly Item[] {
  if (Array.isArray(items)) return items;
  throw new ArgumentError(`${method}(): expected an array of keys; got ${describe(items)}`, { system });
}

/** @throws ArgumentError for what is no list of pairs */
export function pairsOf<Item>(
  method: string,
  entries: Iterable<readonly [Item, Item]>,
): readonly (readonly [Item, Item])[] {
  const isIterable = typeof entries === 'object' && entries !== null && Symbol.iterator in entries;
  const pairs = isIterable ? [...entries] : undefined;
  if (pairs?.every((pair) => Array.isArray(pair) && pair.length === 2)) return pairs;
  throw new ArgumentError(
    `${method}(): expected a Map or a list of [key, value]; got ${pairs ? 'a list of something else' : describe(entries)}`,
    { system },
  );
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

/** Parts that were not begun when the call was over. */
const notStarted: BatchOutcome<never> = Object.freeze({ status: 'not-started' });

/**
 * Runs `each` for every item, and goes on when one fails. When the deadline has passed or the call was aborted,
 * nothing more is begun.
 *
 * @returns the results, aligned with the items
 * @throws BatchError if any part failed or was not begun, with the outcome of each
 */
export async function batch<Item, Result>(
  method: string,
  host: CommandRunner,
  items: readonly Item[],
  options: BatchOptions = {},
  each: (item: Item, options: CommandOptions) => Promise<Result>,
): Promise<Result[]> {
  checkers.get(method)?.check(options);
  const { signal, attemptTimeoutMs, timeoutMs = host.timeoutMs, concurrency = host.concurrency } = options;
  const dueAt = host.clock.now() + timeoutMs;
  const outcomes = new Array<BatchOutcome<Result>>(items.length).fill(notStarted);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const left = dueAt - host.clock.now();
      if (left <= 0 || signal?.aborted) return;
      const index = next;
      next += 1;
      outcomes[index] = await settle(each(items[index] as Item, { signal, attemptTimeoutMs, timeoutMs: left }));
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work));
  return resultsOf(method, outcomes, signal);
}

async function settle<Result>(part: Promise<Result>): Promise<BatchOutcome<Result>> {
  try {
    return { status: 'fulfilled', value: await part };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { status: 'rejected', reason: error };
  }
}

function resultsOf<Result>(
  method: string,
  outcomes: readonly BatchOutcome<Result>[],
  signal: AbortSignal | undefined,
): Result[] {
  const results: Result[] = [];
  for (const outcome of outcomes) if (outcome.status === 'fulfilled') results.push(outcome.value);
  if (results.length === outcomes.length) return results;
  throw batchError(method, outcomes, results.length, signal);
}

function batchError<Result>(
  method: string,
  outcomes: readonly BatchOutcome<Result>[],
  succeeded: number,
  signal: AbortSignal | undefined,
): BatchError<Result, LensDBErrorCode> {
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  const details = { total: outcomes.length, succeeded, failed: failures.length, outcomes };
  const rest = outcomes.length - succeeded - failures.length;
  const began = rest === 0 ? '' : `, ${rest} not begun`;
  return new BatchError<Result, LensDBErrorCode>(
    `${method}(): ${failures.length} of ${outcomes.length} failed${began}; 'details.outcomes' has the outcome of each, in the order given`,
    {
      code: 'BATCH',
      system,
      outcome: outcomeOf(failures),
      // What its caller aborted is not wanted again.
      retryable: !signal?.aborted && failures.every((failure) => failure instanceof ClientError && failure.retryable),
      cause: failures[0] ?? signal?.reason,
      details,
    },
  );
}

/** Of the parts that failed, what is least certain. */
function outcomeOf(failures: readonly Error[]): Outcome {
  const outcomes = failures.map((failure) => (failure instanceof ClientError ? failure.outcome : 'unknown'));
  if (outcomes.includes('unknown')) return 'unknown';
  return outcomes.includes('rejected') ? 'rejected' : 'not-sent';
}
