/** What a reader of `ldbd` answers wants done next. */

import type { Dialect } from '../dialect.ts';
import type { LdbdResponse } from './response.ts';
import type { Fence } from './fence.ts';

/** How the end of a read is found, learned once per server address (section 3.7). */
export type LdbdReads =
  | {
      readonly strategy: 'fence';
      /** The complete answer to PING: *P* in the specification. */
      readonly pingReply: Uint8Array;
    }
  | {
      readonly strategy: 'close';
      /** The complete answer to PING where it is known: then PING needs no end of stream. */
      readonly pingReply?: Uint8Array;
      /** The server closes after each answer: every request is half-closed and has a connection to itself. */
      readonly oneRequest: boolean;
    };

/** Nothing to do: feed on. */
export interface MoreStep {
  readonly kind: 'more';
}

/** Send these bytes now, with one write; then feed on. */
export interface SendStep {
  readonly kind: 'send';
  readonly bytes: Uint8Array;
}

/** The answer is complete. */
export interface DoneStep {
  readonly kind: 'done';
  readonly response: LdbdResponse;
  /** Whether the connection can carry another request. If not, close it. */
  readonly reusable: boolean;
}

/** A fence matched bytes of the value. Close, and repeat the read on a new connection with `first` as first fence. */
export interface RepeatStep {
  readonly kind: 'repeat';
  readonly first: Fence;
}

/**
 * The stream ended before the answer did. With `relearn` the end came where a server that answers several requests
 * on a connection does not end it: forget the learned `LdbdReads` of the address.
 */
export interface LostStep {
  readonly kind: 'lost';
  readonly relearn: boolean;
}

/** The peer broke the protocol: close. The message is safe to log. */
export interface ViolationStep {
  readonly kind: 'violation';
  readonly message: string;
  /** Set when the peer speaks the other dialect: forget the one that was learned for the address. */
  readonly dialect?: Dialect;
}

export type LdbdStep = MoreStep | SendStep | DoneStep | RepeatStep | LostStep | ViolationStep;

export const more: MoreStep = Object.freeze({ kind: 'more' });
