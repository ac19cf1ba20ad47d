/** A dialect, as a testing server sees it. */

import type { RecordedRequest } from './recorder.ts';

/** Sends the answer; undefined closes the connection. */
export type Reply = (answer: Uint8Array | undefined) => void;

export type SeenRequest = Omit<RecordedRequest, 'connection'>;

/** What is recorded of bytes that are no request. */
export const noRequest: SeenRequest = Object.freeze({ type: undefined, keyLength: 0, valueLength: 0 });

export interface RequestHandler {
  /** Length of the first request in `bytes`, or 0 while it is not known. Used when frames are put together. */
  measure(bytes: Uint8Array): number;
  /**
   * Executes what one read, or one frame, holds. `reply` is called once, now or later; a handler that never calls it
   * has died, and its connection with it.
   */
  handle(bytes: Uint8Array, reply: Reply): SeenRequest;
  /** Whether the connection is closed behind each answer. */
  closesAfterAnswer(): boolean;
  /** What the end of the client's stream does, once all requests before it are answered. */
  onHalfClose(): 'close' | 'ignore';
}
