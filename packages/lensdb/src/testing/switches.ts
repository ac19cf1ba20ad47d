/** How both testing servers can be made to behave, apart from what is special to a dialect. */

import { ArgumentError } from '@wirewright/core';
import type { ListenOptions } from './test-server.ts';

/**
 * What goes wrong:
 * - `none`
 * - `silent`: the connection is accepted and never answered again, as from a server that hangs
 * - `close-at-once`: the connection is accepted and closed without reading
 * - `close-without-answer`: the request is executed, its answer is replaced by the end of the stream
 * - `half-answer`: the first half of the answer is sent, then nothing more on this connection
 * - `half-answer-close`: the first half of the answer is sent, then the end of the stream
 * - `wrong-magic`: answers start with `XXXX`
 */
export type Fault =
  | 'none'
  | 'silent'
  | 'close-at-once'
  | 'close-without-answer'
  | 'half-answer'
  | 'half-answer-close'
  | 'wrong-magic';

export interface CommonSwitches {
  /**
   * `reassembling`: requests may arrive in any pieces, and several at once. `per-read`: whatever one read returns is
   * one request, the rest of the read is dropped.
   */
  readonly reading: 'reassembling' | 'per-read';
  /** Most bytes of one read, with `per-read`. */
  readonly bufferSize: number;
  /** Connections over this number are accepted and closed at once. */
  readonly maxConnections: number;
  /** A connection that sends nothing for this long is not read any more, and stays open. */
  readonly idleTimeoutMs: number;
  readonly fault: Fault;
  /** Milliseconds on the server's clock before the first byte of an answer; `manual`: until `release()`. */
  readonly answerDelayMs: number | 'manual';
  /** Answers are sent in pieces of this many bytes, or cut at the offsets that the function returns. */
  readonly pieceBytes: number | ((answer: Uint8Array) => readonly number[]);
  /** Milliseconds on the server's clock between pieces; `manual`: until `release()`. */
  readonly piecePauseMs: number | 'manual';
}

export const commonDefaults: CommonSwitches = Object.freeze({
  reading: 'reassembling',
  bufferSize: 4096,
  maxConnections: 1000,
  idleTimeoutMs: Infinity,
  fault: 'none',
  answerDelayMs: 0,
  pieceBytes: Infinity,
  piecePauseMs: 0,
});

/**
 * `defaults` with `changes`.
 *
 * @throws ArgumentError on a switch that does not exist, or a number below 0 (below 1 where nothing would move)
 */
export function applySwitches<S extends object>(defaults: S, changes: Partial<S>): S {
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(defaults, name)) {
      throw new ArgumentError(`'${name}' is no switch of this server; there are ${Object.keys(defaults).join(', ')}`);
    }
    const least = name === 'pieceBytes' || name === 'bufferSize' ? 1 : 0;
    if (typeof value === 'number' && !(value >= least)) {
      throw new ArgumentError(`'${name}' must be a number of at least ${least}, got ${value}`);
    }
  }
  return { ...defaults, ...changes };
}

/** Where to listen, and how to behave. */
export function splitOptions<O extends ListenOptions>(
  options: O,
): { readonly place: ListenOptions; readonly switches: Omit<O, keyof ListenOptions> } {
  const { host, port, path, clock, ...switches } = options;
  const place = Object.entries({ host, port, path, clock }).filter(([, value]) => value !== undefined);
  return { place: Object.fromEntries(place), switches };
}
