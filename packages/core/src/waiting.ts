/** How something that waits becomes a `Pending`. */

import { abandonedFailure, Pending, type Timekeeper } from './deadline.ts';
import { Failure } from './errors/failure.ts';

/** What bounds a call. */
export interface CallLimits {
  /** Absolute, by the client's clock, in ms. Infinity waits for ever. */
  readonly dueAt: number;
  readonly signal?: AbortSignal | undefined;
}

/** The failure of a call that may not begin to wait: its signal is aborted already, or its client destroyed. */
function refusal(pending: Pending, timekeeper: Timekeeper, phase: string): Failure | undefined {
  if (pending.signal?.aborted) return abandonedFailure(pending, 'aborted', 'not-sent', phase);
  if (!timekeeper.closed) return undefined;
  return new Failure({ ...abandonedFailure(pending, 'closed', 'not-sent', phase), cause: timekeeper.closeReason });
}

/**
 * Waits until somebody settles the pending call that `hold` is given, or until its time is up, its signal is
 * aborted or its client is destroyed. `hold` puts it somewhere and sets its holder.
 *
 * @param phase - what is waited for, for the failure of a call that may not even begin to.
 */
export function waitFor<T>(
  timekeeper: Timekeeper,
  limits: CallLimits,
  phase: string,
  hold: (pending: Pending<T>) => void,
): Promise<T | Failure> {
  return new Promise((resolve) => {
    const pending = new Pending<T>(resolve, limits.dueAt, limits.signal);
    const refused = refusal(pending as Pending, timekeeper, phase);
    if (refused) {
      resolve(refused);
      return;
    }
    timekeeper.add(pending as Pending);
    try {
      hold(pending);
    } catch (error) {
      timekeeper.remove(pending as Pending);
      throw error;
    }
  });
}
