import { abandonedFailure, type Abandonment, type Pending } from '../../deadline.ts';
import { Failure } from '../../errors/failure.ts';

/** What a table asks of the connection whose requests it holds. */
export interface TableHost {
  /** Where the requests go, for the errors of those that are given up. */
  readonly endpoint?: string;
  /** Takes a request's bytes back. False when any of them has left. */
  withdraw(pending: Pending): boolean;
  /** Whether any byte of a request has left. */
  hasLeft(pending: Pending): boolean;
  /**
   * A request that has left was given up, and its place in the table is kept by a tombstone. Protocols that
   * cannot wait for a late answer close the connection here.
   */
  onTombstone(): void;
}

/** What becomes of a request that was given up while it waited for its answer. */
export function settleAbandoned(
  pending: Pending,
  why: Abandonment,
  outcome: 'not-sent' | 'unknown',
  host: TableHost,
): void {
  const failure = abandonedFailure(pending, why, outcome, 'request');
  const { endpoint } = host;
  pending.settle(endpoint === undefined ? failure : new Failure({ ...failure, endpoint }));
}

/**
 * Ends one request of a connection that is over. Of what has left nobody knows whether it was done, whatever the
 * failure says of itself: a client that is destroyed sent nothing *more*.
 */
export function settleLost(pending: Pending, failure: Failure, host: TableHost): void {
  if (pending.settled) return;
  if (!host.hasLeft(pending)) pending.settle(failure.as('not-sent'));
  else pending.settle(failure.as(failure.outcome === 'not-sent' ? 'unknown' : failure.outcome));
}
