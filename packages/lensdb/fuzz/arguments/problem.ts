/** What an error that refuses something must be, and must not show. */

import { inspect } from 'node:util';
import { ArgumentError, LensDBError } from '@wirewright/lensdb';
import { secret } from './garbage.ts';

/** What is wrong with the error that something wrong ends with; undefined when nothing is. */
export function problemOf(error: unknown): string | undefined {
  if (!(error instanceof ArgumentError) || !(error instanceof LensDBError)) {
    return `expected an ArgumentError, got ${String(error)}`;
  }
  const { code, outcome, retryable } = error;
  if (code !== 'ARGUMENT' || outcome !== 'not-sent' || retryable) {
    return `the error says ${code}, ${outcome}, retryable ${retryable}`;
  }
  const { cause: _, ...enumerable } = error;
  const shown = `${error.message} ${JSON.stringify(error)} ${inspect(enumerable)}`;
  return shown.includes(secret) ? `the error shows what it must not: ${error.message}` : undefined;
}
