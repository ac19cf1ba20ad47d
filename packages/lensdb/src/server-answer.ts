/** From the answer of a server to a result or a failure: the status mapping of section 6. */

import { Failure, type FailureInit } from '@wirewright/core';
import { WireError } from '@wirewright/core/kit';
import { LensDBInvalidKeyError, LensDBInvalidRequestError, LensDBStorageFullError } from './errors.ts';
import type { Operation } from './operations.ts';
import type { Dialect } from './protocol/dialect.ts';
import { ldbdStatusNames, ResponseStatus } from './protocol/ldbd/codes.ts';
import { LensResponseStatus, lensStatusNames } from './protocol/lens/codes.ts';

/** An answer in either dialect. */
export interface Answer {
  readonly status: number;
  /** The client's own: copied by the decoder. */
  readonly data: Uint8Array;
  /** The server's text. It may repeat a key. */
  readonly message: string;
}

/** What the split of a request by the network is answered with (2.7, rule 7). */
const splitMessage = 'not enough bytes';

/** What `read` makes of the data, or what the server's error means. */
export function readAnswer<T>(
  operation: Operation<T>,
  dialect: Dialect,
  answer: Answer,
  endpoint: string,
): T | Failure {
  if (answer.status === 0) return readData(operation, answer.data, endpoint);
  const notFound = dialect === 'lens' ? LensResponseStatus.KEY_NOT_FOUND : ResponseStatus.KEY_NOT_FOUND;
  if (answer.status === notFound && operation.notFound !== undefined) return operation.notFound;
  return dialect === 'lens' ? lensFailure(answer, endpoint) : ldbdFailure(answer, endpoint);
}

/** Whether this answer says that client and server may have lost step: its connection is not used again (2.7, rule 4). */
export function poisons(dialect: Dialect, answer: Answer): boolean {
  return dialect === 'lens' && answer.status === LensResponseStatus.INVALID_MESSAGE;
}

function readData<T>(operation: Operation<T>, data: Uint8Array, endpoint: string): T | Failure {
  try {
    return operation.read(data);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return new Failure({
      kind: 'protocol',
      message: `the peer broke the protocol: ${error.message}; the connection was closed`,
      outcome: 'unknown',
      retryable: true,
      cause: error,
      endpoint,
    });
  }
}

function lensFailure(answer: Answer, endpoint: string): Failure {
  const statusName = lensStatusNames[answer.status] as keyof typeof LensResponseStatus;
  const base = rejection('lens', answer, statusName, endpoint);
  switch (answer.status) {
    case LensResponseStatus.INVALID_KEY:
      return invalidKey(base);
    case LensResponseStatus.STORAGE_FULL:
      return new Failure({
        ...base,
        message: 'the server has no room; delete entries, or try again later',
        code: 'STORAGE_FULL',
        retryable: true,
        type: LensDBStorageFullError,
      });
    case LensResponseStatus.INVALID_MESSAGE:
      return answer.message === splitMessage ? splitRequest(base) : invalidRequest(base);
    case LensResponseStatus.INTERNAL_ERROR:
      return answer.message.startsWith('InvalidKey') ? invalidKey(base) : new Failure(base);
    case LensResponseStatus.UNSUPPORTED:
      return new Failure({
        ...base,
        kind: 'unsupported',
        message: 'the server does not support this command',
      });
    default:
      return new Failure(base);
  }
}

function ldbdFailure(answer: Answer, endpoint: string): Failure {
  const statusName = ldbdStatusNames[answer.status] as keyof typeof ResponseStatus;
  const base = rejection('ldbd', answer, statusName, endpoint);
  return answer.status === ResponseStatus.INVALID_REQUEST ? invalidRequest(base) : new Failure(base);
}

/** A refusal: the server answered, and did not do what it was asked. */
function rejection(dialect: Dialect, answer: Answer, statusName: string, endpoint: string): FailureInit {
  const details = { status: answer.status, statusName, dialect };
  // For the caller to read; out of logs, because a server may echo a key.
  Object.defineProperty(details, 'serverMessage', { value: answer.message, enumerable: false });
  return {
    kind: 'server',
    message: `the server answered with the error ${statusName} (its text is in 'details.serverMessage')`,
    outcome: 'rejected',
    retryable: false,
    endpoint,
    details,
  };
}

function invalidKey(base: FailureInit): Failure {
  return new Failure({
    ...base,
    message: 'the server refuses the key',
    code: 'INVALID_KEY',
    type: LensDBInvalidKeyError,
  });
}

function invalidRequest(base: FailureInit): Failure {
  return new Failure({
    ...base,
    message:
      "the server could not read the request (its text is in 'details.serverMessage'); is 'dialect' right, " +
      'and does a proxy change what is sent?',
    code: 'INVALID_REQUEST',
    type: LensDBInvalidRequestError,
  });
}

function splitRequest(base: FailureInit): Failure {
  return new Failure({
    ...base,
    message:
      'the network delivered the request in pieces, which this server does not put together again; nothing was done. ' +
      "If it happens often, send smaller requests ('maxRequestBytes')",
    code: 'SPLIT_REQUEST',
    retryable: true,
    type: LensDBInvalidRequestError,
  });
}
