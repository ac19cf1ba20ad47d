/**
 * The commands of LensDB as data: their numbers in both dialects (sections 2.3 and 3.3), whether a try may be repeated
 * once its request may have reached the server (section 7), and what their answers mean (sections 2.3 and 3.5).
 */

import { MessageType } from './protocol/ldbd/codes.ts';
import { LensMessageType } from './protocol/lens/codes.ts';
import { parseExists, parseSize, splitKeys } from './protocol/results.ts';

/** Names of the commands in metrics and telemetry. */
export type OperationName =
  | 'get'
  | 'set'
  | 'setex'
  | 'delete'
  | 'exists'
  | 'keys'
  | 'size'
  | 'clear'
  | 'ping'
  | 'stats';

/**
 * `read`: changes nothing, repeated freely. `write`: doing it twice leaves the same as doing it once, repeated unless
 * `retryWrites` is off. `clear`: would also remove what others wrote in between, never repeated.
 */
export type Safety = 'read' | 'write' | 'clear';

export interface Operation<T> {
  readonly name: OperationName;
  /** The client's method, for messages. */
  readonly method: string;
  readonly lens: LensMessageType;
  /** Absent: the dialect has no such command. */
  readonly ldbd: MessageType | undefined;
  readonly safety: Safety;
  /**
   * The result from the data of a successful answer.
   *
   * @throws WireError when no server answers like that
   */
  readonly read: (data: Uint8Array) => T;
  /** What the answer "key not found" means; where this is undefined, it is an error. */
  readonly notFound: T | undefined;
}

/** The client owns `data`: the decoder has copied them. */
const asIs = (data: Uint8Array): Uint8Array => data;
/** Servers acknowledge with `OK` or nothing; neither says anything. */
const done = (): void => undefined;

export const getOperation: Operation<Uint8Array | null> = Object.freeze({
  name: 'get',
  method: 'get',
  lens: LensMessageType.GET,
  ldbd: MessageType.GET,
  safety: 'read',
  read: asIs,
  notFound: null,
});

export const setOperation: Operation<void> = Object.freeze({
  name: 'set',
  method: 'set',
  lens: LensMessageType.SET,
  ldbd: MessageType.SET,
  safety: 'write',
  read: done,
  notFound: undefined,
});

export const setExOperation: Operation<void> = Object.freeze({
  name: 'setex',
  method: 'setEx',
  lens: LensMessageType.SETEX,
  ldbd: MessageType.SETEX,
  safety: 'write',
  read: done,
  notFound: undefined,
});

export const deleteOperation: Operation<boolean> = Object.freeze({
  name: 'delete',
  method: 'delete',
  lens: LensMessageType.DELETE,
  ldbd: MessageType.DELETE,
  safety: 'write',
  read: () => true,
  notFound: false,
});

export const existsOperation: Operation<boolean> = Object.freeze({
  name: 'exists',
  method: 'exists',
  lens: LensMessageType.EXISTS,
  ldbd: MessageType.EXISTS,
  safety: 'read',
  read: parseExists,
  notFound: undefined,
});

export const keysOperation: Operation<Uint8Array[]> = Object.freeze({
  name: 'keys',
  method: 'keys',
  lens: LensMessageType.KEYS,
  ldbd: MessageType.KEYS,
  safety: 'read',
  read: splitKeys,
  notFound: undefined,
});

export const sizeOperation: Operation<number> = Object.freeze({
  name: 'size',
  method: 'size',
  lens: LensMessageType.SIZE,
  ldbd: MessageType.SIZE,
  safety: 'read',
  read: parseSize,
  notFound: undefined,
});

export const clearOperation: Operation<void> = Object.freeze({
  name: 'clear',
  method: 'clear',
  lens: LensMessageType.CLEAR,
  ldbd: MessageType.CLEAR,
  safety: 'clear',
  read: done,
  notFound: undefined,
});

export const pingOperation: Operation<Uint8Array> = Object.freeze({
  name: 'ping',
  method: 'ping',
  lens: LensMessageType.PING,
  ldbd: MessageType.PING,
  safety: 'read',
  read: asIs,
  notFound: undefined,
});

export const statsOperation: Operation<Uint8Array> = Object.freeze({
  name: 'stats',
  method: 'serverStats',
  lens: LensMessageType.STATS,
  ldbd: undefined,
  safety: 'read',
  read: asIs,
  notFound: undefined,
});

/** Every command, for tables over all of them. */
export const operations: readonly Operation<unknown>[] = Object.freeze([
  getOperation,
  setOperation,
  setExOperation,
  deleteOperation,
  existsOperation,
  keysOperation,
  sizeOperation,
  clearOperation,
  pingOperation,
  statsOperation,
]);
