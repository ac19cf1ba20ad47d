/** Why a connection could not be opened or had to be closed, where core's own failures do not say it. */

import { Failure } from '@wirewright/core';
import type { OtherDialectError } from '../protocol/dialect.ts';
import type { Address } from './address.ts';

/** A connection, and no answer on it: also how the published server 0.1.0.0 meets its clients (2.9). */
export function noAnswer(endpoint: string): Failure {
  return new Failure({
    kind: 'timeout',
    code: 'NO_ANSWER',
    message:
      `connected to ${endpoint}, but the peer does not answer; is it a LensDB server, and does it serve? ` +
      '(the published 0.1.0.0 accepts connections and never answers)',
    outcome: 'not-sent',
    retryable: true,
    endpoint,
    details: { phase: 'probe' },
  });
}

/** The server was asked, and has no SETEX (2.8). */
export function noSetEx(endpoint: string): Failure {
  return new Failure({
    kind: 'unsupported',
    code: 'UNSUPPORTED',
    message:
      'this server does not answer SETEX (the published 0.1.0.0 does not): it cannot expire entries. ' +
      'Store without a time to live and delete yourself, or use a server that has it; nothing was stored',
    outcome: 'not-sent',
    retryable: false,
    endpoint,
  });
}

/** The dialect `ldbd` has no STATS. */
export function noSuchCommand(endpoint: string): Failure {
  return new Failure({
    kind: 'unsupported',
    code: 'UNSUPPORTED',
    message: "the dialect 'ldbd' has no such command; 'stats()' tells the client's own statistics",
    outcome: 'not-sent',
    retryable: false,
    endpoint,
  });
}

/** The end of an `ldbd` answer could not be told, again and again. */
export function restless(endpoint: string): Failure {
  return new Failure({
    kind: 'protocol',
    message:
      'the end of the answer could not be told from the value, however often it was read; ' +
      "set 'ldbdReads' to 'close' if the server closes when it has answered",
    outcome: 'unknown',
    retryable: false,
    endpoint,
  });
}

/** The connection ended before the request was written. */
export function notUsable(endpoint: string): Failure {
  return new Failure({
    kind: 'connection',
    code: 'CONNECTION_LOST',
    message: 'the connection was closed before the request was sent',
    outcome: 'not-sent',
    retryable: true,
    endpoint,
  });
}

export function otherDialect(error: OtherDialectError, address: Address): Failure {
  const hint = address.dialectIsGiven
    ? `the option 'dialect' says otherwise: set it to '${error.dialect}' or 'auto'`
    : 'the server behind the address has changed; a new connection asks it again';
  return new Failure({
    kind: 'protocol',
    code: 'OTHER_DIALECT',
    message: `${error.message}; ${hint}`,
    outcome: 'unknown',
    retryable: !address.dialectIsGiven,
    cause: error,
    endpoint: address.endpoint,
    details: { dialect: error.dialect },
  });
}

/** The server could not read a request: more answers may follow, and would meet other requests. */
export function poisoned(endpoint: string): Failure {
  return ended(endpoint, 'the server misread a request; its connection is not used again');
}

/** A request was given up after it left, or the server serves one request per connection. */
export function spent(endpoint: string): Failure {
  return ended(endpoint, 'the connection is not used again');
}

function ended(endpoint: string, message: string): Failure {
  return new Failure({ kind: 'closed', message, outcome: 'unknown', retryable: true, endpoint });
}
