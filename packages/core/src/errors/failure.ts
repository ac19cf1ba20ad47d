/**
 * A failure on its way to the caller. Tables and connections settle with these records, and the public
 * async method turns one into an error and throws it, so that the stack shows the caller's line and no error
 * object is built for an attempt that a retry forgives.
 */

import type { ClientError, ErrorDetails, ErrorInit, Outcome } from './client-error.ts';
import {
  AbortedError,
  AuthenticationError,
  ClosedError,
  ConnectionError,
  OverloadedError,
  PermissionError,
  ProtocolError,
  ServerError,
  TimeoutError,
  UnsupportedError,
} from './kinds.ts';

export type FailureKind =
  | 'connection'
  | 'timeout'
  | 'aborted'
  | 'closed'
  | 'protocol'
  | 'authentication'
  | 'permission'
  | 'overloaded'
  | 'server'
  | 'unsupported';

/** The classes a failure can become. */
const classes: Readonly<Record<FailureKind, typeof ClientError>> = {
  connection: ConnectionError,
  timeout: TimeoutError,
  aborted: AbortedError,
  closed: ClosedError,
  protocol: ProtocolError,
  authentication: AuthenticationError,
  permission: PermissionError,
  overloaded: OverloadedError,
  server: ServerError,
  unsupported: UnsupportedError,
};

export interface FailureInit {
  readonly kind: FailureKind;
  readonly message: string;
  /** Default: that of the class that it becomes. */
  readonly code?: string;
  readonly outcome: Outcome;
  /** Whether a repeat on another try may help, apart from whether the call may be repeated. */
  readonly retryable: boolean;
  readonly cause?: unknown;
  readonly endpoint?: string | undefined;
  readonly details?: ErrorDetails | undefined;
  /** A class of the client's own, where the kind's class is not special enough. */
  readonly type?: (new (message: string, init: ErrorInit) => ClientError) | undefined;
}

/** Keeps what is hidden from logs hidden: details that are not enumerable stay so. */
function mergeDetails(own: ErrorDetails | undefined, more: ErrorDetails | undefined): ErrorDetails | undefined {
  if (!own || !more) return own ?? more;
  return Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(own),
      ...Object.getOwnPropertyDescriptors(more),
    },
  ) as ErrorDetails;
}

export class Failure {
  readonly kind: FailureKind;
  readonly message: string;
  readonly code: string;
  readonly outcome: Outcome;
  readonly retryable: boolean;
  readonly cause: unknown;
  readonly endpoint: string | undefined;
  readonly details: ErrorDetails | undefined;
  readonly type: (new (message: string, init: ErrorInit) => ClientError) | undefined;

  constructor(init: FailureInit) {
    this.kind = init.kind;
    this.message = init.message;
    this.outcome = init.outcome;
    this.retryable = init.retryable;
    this.cause = init.cause;
    this.endpoint = init.endpoint;
    this.details = init.details;
    this.type = init.type;
    this.code =
      init.code ?? (init.type as typeof ClientError | undefined)?.defaults.code ?? classes[init.kind].defaults.code;
  }

  /** The same failure with another outcome: one lost connection ends sent and unsent calls. */
  as(outcome: Outcome): Failure {
    return outcome === this.outcome ? this : new Failure({ ...this, outcome });
  }

  /** The error to throw. Call it in the public method, after the await. */
  toError(context: {
    readonly system: string;
    readonly attempts: number;
    readonly details?: ErrorDetails;
  }): ClientError {
    return new (this.type ?? classes[this.kind])(this.message, {
      code: this.code,
      retryable: this.retryable,
      outcome: this.outcome,
      cause: this.cause,
      endpoint: this.endpoint,
      system: context.system,
      attempts: context.attempts,
      details: mergeDetails(this.details, context.details),
    });
  }
}
