/** What a session tells of its own, as failures. */

import { Failure } from '../errors/failure.ts';

/** What has to be done first on a connection could not be done. */
export function setUpFailed(error: unknown, endpoint: string): Failure {
  return new Failure({
    kind: 'connection',
    code: 'SETUP_FAILED',
    message: 'what has to be done on a new connection failed (the cause tells how)',
    outcome: 'not-sent',
    retryable: true,
    cause: error,
    endpoint,
  });
}

export function setUpTooSlow(setUpTimeoutMs: number, endpoint: string): Failure {
  return new Failure({
    kind: 'connection',
    code: 'SETUP_FAILED',
    message: `what has to be done on a new connection was not done within ${setUpTimeoutMs} ms (setUpTimeoutMs)`,
    outcome: 'not-sent',
    retryable: true,
    endpoint,
  });
}

export function waitingRoomFull(maxWaiting: number, maxWaitingBytes: number, last: Failure | undefined): Failure {
  return new Failure({
    kind: 'overloaded',
    message: `too many calls wait for the connection (bounds: ${maxWaiting} calls, ${maxWaitingBytes} bytes); slow down, or raise the bounds`,
    outcome: 'not-sent',
    retryable: true,
    cause: last?.cause,
    details: last ? { phase: 'queue', lastFailure: last.code } : { phase: 'queue' },
  });
}
