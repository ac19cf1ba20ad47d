/** Why an exchange ended without a response, as failures. */

import { Failure } from '../../errors/failure.ts';

/** What the transport said. */
export function brokenExchange(origin: string, error: unknown, wasSent: boolean): Failure {
  const code = (error as { code?: unknown } | undefined)?.code;
  const name = typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown error';
  const common = { retryable: true, cause: error, endpoint: origin };
  if (!wasSent) {
    const message = `could not connect to ${origin}: ${name}`;
    return new Failure({ ...common, kind: 'connection', code: 'CONNECT_FAILED', message, outcome: 'not-sent' });
  }
  if (isParserError(error)) {
    // The error itself holds what was received.
    const message = `${origin} answered with what is not HTTP: ${error.message}`;
    return new Failure({ ...common, cause: undefined, kind: 'protocol', message, outcome: 'unknown' });
  }
  const message = `the exchange broke off: ${name}`;
  return new Failure({ ...common, kind: 'connection', code: 'CONNECTION_LOST', message, outcome: 'unknown' });
}

/** Of undici's parser, and Node's `fetch` over it, or of Node's own. */
function isParserError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return error.name === 'HTTPParserError' || (typeof code === 'string' && code.startsWith('HPE_'));
}

export function redirected(origin: string, status: number): Failure {
  return new Failure({
    kind: 'protocol',
    code: 'REDIRECTED',
    message: `${origin} answered with a redirect (status ${status}), which is not followed; point the client at the final address`,
    outcome: 'rejected',
    retryable: false,
    endpoint: origin,
  });
}

export function bodyTooLarge(origin: string, maxBodyBytes: number): Failure {
  return new Failure({
    kind: 'protocol',
    code: 'BODY_TOO_LARGE',
    message: `the body of the answer is longer than maxBodyBytes (${maxBodyBytes}); raise it, or ask for less`,
    outcome: 'unknown',
    retryable: false,
    endpoint: origin,
  });
}
