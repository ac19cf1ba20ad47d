/** Numbers on a command line, and seeds. */

import { randomInt } from 'node:crypto';

/** A mistake in the arguments: its message is all that the user needs. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`${option} takes a whole number from ${least} to ${most}, not "${text}"`);
}

/** @throws UsageError */
export function share(option: string, text: string, most: number): number {
  const value = Number(text);
  if (text !== '' && value >= 0 && value <= most) return value;
  throw new UsageError(`${option} takes a number from 0 to ${most}, not "${text}"`);
}

const mostSeed = 2 ** 32 - 1;

/** The seed that was asked for, or a random one. @throws UsageError */
export function seedFrom(text: string | undefined): number {
  return text === undefined ? randomInt(mostSeed) : wholeNumber('--seed', text, 0, mostSeed);
}
