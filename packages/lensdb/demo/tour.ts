/** What the steps of the demonstration share. */

import type { LensDBClient } from '@wirewright/lensdb';
import type { Stage } from '@wirewright/tools/demo';
import type { Place } from './place.ts';

/** A record under its key, as it is stored. */
export interface Entry {
  readonly key: string;
  readonly json: string;
  readonly record: unknown;
}

export interface Tour {
  readonly stage: Stage;
  readonly place: Place;
  readonly client: LensDBClient;
  /** All keys of this run begin with it, so that nothing else is touched. */
  readonly prefix: string;
  readonly entries: readonly Entry[];
  /** Keys that were stored beside the entries, to be removed in the end. */
  readonly extras: Set<string>;
}

/** Items of one batch. */
export const batchSize = 100;

export function* batches<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += batchSize) yield items.slice(at, at + batchSize);
}

/** The error that a call ends with. */
export async function errorOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return error;
  }
}

export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(done, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
