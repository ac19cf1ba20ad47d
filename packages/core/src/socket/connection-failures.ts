/** Why a connection ended, as failures. */

import { Failure } from '../errors/failure.ts';
import { ArgumentError } from '../errors/kinds.ts';
import { WireError } from '../kit/framing/wire-error.ts';

/** It never came up. An option that is none is not mended by dialling again. */
export function dialFailure(endpoint: string, error: unknown): Failure {
  if (error instanceof ArgumentError) return wrongOption(error);
  const reason = error === undefined ? 'closed while connecting' : errorCode(error);
  return new Failure({
    kind: 'connection',
    code: 'CONNECT_FAILED',
    message: `could not connect to ${endpoint}: ${reason}`,
    outcome: 'not-sent',
    retryable: true,
    cause: error,
    endpoint,
  });
}

function wrongOption(error: ArgumentError): Failure {
  const { message, code, details } = error;
  return new Failure({
    kind: 'unsupported',
    type: ArgumentError,
    code,
    message,
    outcome: 'not-sent',
    retryable: false,
    cause: error,
    details,
  });
}

/** What opens connections threw instead of saying why not. */
export function openerFailed(error: unknown): Failure {
  if (error instanceof ArgumentError) return wrongOption(error);
  return new Failure({
    kind: 'connection',
    code: 'CONNECT_FAILED',
    message: 'what opens connections failed (the cause tells how)',
    outcome: 'not-sent',
    retryable: true,
    cause: error,
  });
}

/** The peer, or the network, ended it. A peer that never said a byte probably wants no more connections. */
export function lostFailure(endpoint: string, bytesReceived: number, error: unknown): Failure {
  const reason = error ? `: ${errorCode(error)}` : '';
  const refused = bytesReceived === 0;
  return new Failure({
    kind: 'connection',
    code: refused ? 'REFUSED' : 'CONNECTION_LOST',
    message: refused
      ? `the peer accepted the connection and closed it without an answer (a connection limit?)${reason}`
      : `the connection was closed${reason || ' by the peer'}`,
    outcome: 'unknown',
    retryable: true,
    cause: error,
    endpoint,
  });
}

/** The wire's own code threw: because of what the peer sent, or because it is wrong. */
export function brokenWire(endpoint: string, error: unknown): Failure {
  const isPeers = error instanceof WireError;
  return new Failure({
    kind: 'protocol',
    code: isPeers ? 'PROTOCOL' : 'DECODER_FAILED',
    message: isPeers
      ? `the peer broke the protocol: ${error.message}; the connection was closed`
      : 'the decoder of the answer failed; the connection was closed (the cause tells where)',
    outcome: 'unknown',
    retryable: true,
    cause: error,
    endpoint,
  });
}

/** What writes requests threw: nothing of this one was sent. */
export function encoderFailed(error: unknown): Failure {
  return new Failure({
    kind: 'protocol',
    code: 'ENCODER_FAILED',
    message: 'the request could not be encoded; nothing was sent (the cause tells why)',
    outcome: 'not-sent',
    retryable: false,
    cause: error,
  });
}

/** An abandoned request's answer, behind which all others wait, does not come. */
export function stalledFailure(endpoint: string, stallMs: number): Failure {
  return new Failure({
    kind: 'connection',
    code: 'STALLED',
    message: `the answer to an abandoned request held up the others for more than ${stallMs} ms; the connection was closed`,
    outcome: 'unknown',
    retryable: true,
    endpoint,
  });
}

function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown error';
}
