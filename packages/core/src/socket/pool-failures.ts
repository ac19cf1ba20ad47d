/** What a pool tells its members, and those that wait for one. */

import { Failure } from '../errors/failure.ts';

/** A member was idle for too long, is too old, or not fit to be leased again. */
export function retiredFailure(): Failure {
  return new Failure({
    kind: 'closed',
    message: 'the pool retired this connection',
    outcome: 'not-sent',
    retryable: true,
  });
}

export function overloadedFailure(maxWaiters: number): Failure {
  return new Failure({
    kind: 'overloaded',
    message: `${maxWaiters} calls wait for a connection already (maxWaiters); slow down, or raise it or the pool's size`,
    outcome: 'not-sent',
    retryable: true,
    details: { phase: 'pool' },
  });
}

/** A member was lost, or left unfit, between being up and being handed over. */
export function lostOnArrival(): Failure {
  return new Failure({
    kind: 'connection',
    code: 'CONNECTION_LOST',
    message: 'the connection was lost as soon as it was up',
    outcome: 'not-sent',
    retryable: true,
  });
}
