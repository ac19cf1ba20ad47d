/** The classes for what can go wrong in any client. Clients re-export them under their documented names. */

import { ClientError, type ErrorDetails, type ErrorInit, type Outcome } from './client-error.ts';

interface Defaults {
  readonly code: string;
  readonly retryable: boolean;
  readonly outcome: Outcome;
}

/** The peer could not be reached, or the connection was lost. */
export class ConnectionError<Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'connection';
  static override readonly defaults: Defaults = { code: 'CONNECTION', retryable: true, outcome: 'unknown' };
}

/** A deadline passed. `details.phase` says during what. */
export class TimeoutError<Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'timeout';
  static override readonly defaults: Defaults = { code: 'TIMEOUT', retryable: false, outcome: 'unknown' };
}

/** The caller's signal was aborted; `cause` is the signal's reason. */
export class AbortedError<Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'aborted';
  static override readonly defaults: Defaults = { code: 'ABORTED', retryable: false, outcome: 'unknown' };
}

/** The client is closed or closing. */
export class ClosedError<Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'closed';
  static override readonly defaults: Defaults = { code: 'CLOSED', retryable: false, outcome: 'not-sent' };
}

/** The peer sent what its protocol does not allow. */
export class ProtocolError<Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'protocol';
  static override readonly defaults: Defaults = { code: 'PROTOCOL', retryable: false, outcome: 'unknown' };
}

/** Credentials are missing or wrong. */
export class AuthenticationError<Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'authentication';
  static override readonly defaults: Defaults = { code: 'AUTHENTICATION', retryable: false, outcome: 'rejected' };
}

/** The credentials do not allow this. */
export class PermissionError<Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'permission';
  static override readonly defaults: Defaults = { code: 'PERMISSION', retryable: false, outcome: 'rejected' };
}

/** A queue here, or the server, is full: later may be better. */
export class OverloadedError<Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'overloaded';
  static override readonly defaults: Defaults = { code: 'OVERLOADED', retryable: true, outcome: 'not-sent' };
}

/** The call or option is not acceptable; nothing was sent. */
export class ArgumentError<Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'argument';
  static override readonly defaults: Defaults = { code: 'ARGUMENT', retryable: false, outcome: 'not-sent' };
}

/** The server answered with an error. */
export class ServerError<Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'server';
  static override readonly defaults: Defaults = { code: 'SERVER', retryable: false, outcome: 'rejected' };
}

/** The server, or this transport to it, cannot do what was asked. */
export class UnsupportedError<Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'unsupported';
  static override readonly defaults: Defaults = { code: 'UNSUPPORTED', retryable: false, outcome: 'not-sent' };
}

/** An integer that a JavaScript number cannot hold exactly; it is in `value`. */
export class UnsafeIntegerError extends ClientError<'UNSAFE_INTEGER'> {
  static override readonly kind: string = 'unsafe-integer';
  /** The answer came: what was asked for was probably done, and a repeat would do it again. */
  static override readonly defaults: Defaults = { code: 'UNSAFE_INTEGER', retryable: false, outcome: 'unknown' };

  /** The exact integer. It is the caller's data: readable here, absent from logs (not enumerable). */
  declare readonly value: bigint;

  constructor(value: bigint, init: ErrorInit<'UNSAFE_INTEGER'> & { readonly hint?: string } = {}) {
    super(
      `received an integer beyond 2^53 - 1, which a number would round; ${init.hint ?? "read it as bigint ('value' of this error holds it)"}`,
      init,
    );
    Object.defineProperty(this, 'value', { value, enumerable: false });
  }
}

/** One or more parts of a batch failed; `details.outcomes` is aligned with what was asked. */
export class BatchError<T = unknown, Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'batch';
  static override readonly defaults: Defaults = { code: 'BATCH', retryable: false, outcome: 'unknown' };
  declare readonly details: { readonly outcomes: readonly BatchOutcome<T>[] };

  constructor(message: string, init: ErrorInit<Code> = {}) {
    super(message, { ...init, details: hideOutcomes(init.details) });
  }
}

/** The outcomes hold values: for the caller to read, not for logs. */
function hideOutcomes(details: ErrorDetails | undefined): ErrorDetails {
  const all = Object.getOwnPropertyDescriptors<Record<string, unknown>>(details ?? {});
  const { outcomes = { value: [] } } = all;
  return Object.defineProperties({}, { ...all, outcomes: { ...outcomes, enumerable: false } }) as ErrorDetails;
}

export type BatchOutcome<T> =
  | { readonly status: 'fulfilled'; readonly value: T }
  | { readonly status: 'rejected'; readonly reason: Error }
  | { readonly status: 'not-started' };
