import { Failure } from '../errors/failure.ts';

export function closedFailure(): Failure {
  return new Failure({
    kind: 'closed',
    message: 'the queue takes no more items: it was ended, or its reader has left',
    outcome: 'not-sent',
    retryable: false,
  });
}

export function producersFailure(maxProducers: number): Failure {
  return new Failure({
    kind: 'overloaded',
    message: `too many producers wait for room in a full queue (${maxProducers}); try again later`,
    outcome: 'not-sent',
    retryable: true,
    details: { phase: 'queue', maxProducers },
  });
}

export function behindFailure(items: number, bytes: number): Failure {
  return new Failure({
    kind: 'overloaded',
    code: 'READER_BEHIND',
    message: `the reader fell behind: ${items} items of ${bytes} bytes waited for it; read faster or raise the limits`,
    outcome: 'not-sent',
    retryable: true,
    details: { items, bytes },
  });
}
