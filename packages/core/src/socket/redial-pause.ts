import type { Random } from '../ports.ts';
import { type Backoff, fullJitter } from '../retry/backoff.ts';
import { warnOf } from './tell.ts';

export const defaultRedialBackoff: Backoff = fullJitter({ baseMs: 50, capMs: 5000 });

/** The pause before another try, in ms: what `backoff` says, or the default's where that is no pause. */
export function redialPauseMs(backoff: Backoff, failuresInARow: number, random: Random): number {
  try {
    const pause = backoff(failuresInARow, random);
    if (typeof pause === 'number' && pause >= 0) return pause;
    throw new RangeError(`a pause is 0 ms or more, not ${String(pause)}`);
  } catch (error) {
    warnOf('backoff', error);
    return defaultRedialBackoff(failuresInARow, random);
  }
}
