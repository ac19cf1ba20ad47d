/** The wait between two tries. */

import { abandonedFailure, type Holder, Pending, type Timekeeper } from '../deadline.ts';
import type { Failure } from '../errors/failure.ts';
import { type CallLimits, waitFor } from '../waiting.ts';

/** A pause is over when its time is up; anything else ends it with a failure. */
const pausing: Holder = {
  abandon(pending, why) {
    if (why === 'deadline') pending.settle(undefined);
    else pending.settle(abandonedFailure(pending, why, 'not-sent', 'pause'));
  },
};

/**
 * Waits `ms` milliseconds, on the timer that watches all deadlines (so up to a tick of 10 ms longer). The process
 * stays alive meanwhile.
 *
 * @returns undefined after the pause. A failure as soon as the signal is aborted or the client destroyed, and at
 * once when the pause would not end before `limits.dueAt`.
 */
export function pause(ms: number, timekeeper: Timekeeper, limits: CallLimits): Promise<Failure | undefined> {
  const { signal } = limits;
  const endsAt = timekeeper.clock.now() + ms;
  if (endsAt >= limits.dueAt) {
    const late = new Pending(() => {}, limits.dueAt, signal);
    return Promise.resolve(abandonedFailure(late, signal?.aborted ? 'aborted' : 'deadline', 'not-sent', 'pause'));
  }
  return waitFor<undefined>(timekeeper, { dueAt: endsAt, signal }, 'pause', (pending) => {
    if (ms <= 0) pending.settle(undefined);
    else pending.holder = pausing;
  });
}
