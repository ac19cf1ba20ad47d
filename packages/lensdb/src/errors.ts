/** What a LensDB client can say is wrong. Core's classes for what can happen to any client are exported beside these. */

import { ClientError, type ErrorInit, ServerError } from '@wirewright/core';

/** Every error of this client has this in `system`. */
export const system = 'lensdb';

/** What `code` of an error can be. */
export type LensDBErrorCode =
  /** An argument or option was refused; nothing was sent. */
  | 'ARGUMENT'
  /** No connection could be opened. */
  | 'CONNECT_FAILED'
  /** The connection was accepted and closed before the first answer: the server's connection limit? */
  | 'REFUSED'
  | 'CONNECTION_LOST'
  | 'TIMEOUT'
  /** The connection is open, but the peer does not answer the first request. */
  | 'NO_ANSWER'
  | 'ABORTED'
  | 'CLOSED'
  /** Too many calls wait for a connection (`maxWaiters`). */
  | 'OVERLOADED'
  /** The peer sent what the protocol does not allow. */
  | 'PROTOCOL'
  /** The peer is something else than a LensDB server. */
  | 'NOT_LENSDB'
  /** The peer speaks the other dialect than it did before, or than the option `dialect` says. */
  | 'OTHER_DIALECT'
  /** A received answer could not be decoded, by a mistake in this client. */
  | 'DECODER_FAILED'
  /** The server answered with an error that has no code of its own here. */
  | 'SERVER'
  | 'INVALID_KEY'
  | 'STORAGE_FULL'
  | 'INVALID_REQUEST'
  /** The network split a request, which a `lens` server does not put together again; nothing was done. */
  | 'SPLIT_REQUEST'
  | 'UNSUPPORTED'
  /** One or more parts of `mget`, `mset` or `mdelete` failed. */
  | 'BATCH'
  /** A key or value was asked for as text and is not valid UTF-8. */
  | 'INVALID_UTF8'
  /** A value could not be encoded, or what is stored could not be decoded. */
  | 'CODEC'
  /** JSON with an integer beyond 2^53 - 1. */
  | 'UNSAFE_INTEGER';

/**
 * Every error of this client is an instance of this class: also a `TimeoutError`, a `ConnectionError` and all others
 * of core's classes that it throws.
 */
export class LensDBError extends ClientError<LensDBErrorCode> {
  static override readonly kind: string = 'lensdb';
}

/** The server refuses the key. */
export class LensDBInvalidKeyError extends ServerError {
  static override readonly kind: string = 'lensdb.invalid-key';
  declare readonly code: 'INVALID_KEY';
}

/** The server has no room. It may have some later: retryable, with back-off. Also an `OverloadedError`. */
export class LensDBStorageFullError extends ServerError {
  static override readonly kind: string = 'lensdb.storage-full';
  declare readonly code: 'STORAGE_FULL';

  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kinds: ['overloaded', ...(init.kinds ?? [])] });
  }
}

/** The server could not read the request. */
export class LensDBInvalidRequestError extends ServerError {
  static override readonly kind: string = 'lensdb.invalid-request';
  declare readonly code: 'INVALID_REQUEST' | 'SPLIT_REQUEST';
}
