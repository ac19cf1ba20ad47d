/**
 * Fences: requests whose whole answer is known before, sent behind a read so that their answer shows where the
 * data of the read end (section 3.7). Neither changes anything on the server.
 */

import type { Random } from '@wirewright/core';
import { agrees, holdsAt } from '../bytes.ts';
import { MessageType, ResponseStatus } from './codes.ts';
import { ldbdRequest } from './request.ts';
import { ldbdResponse } from './response.ts';

/** PING, answered with the learned reply, or EXISTS on a random key, answered with `false`. */
export type Fence = 'ping' | 'exists';

export const pingRequest: Uint8Array = ldbdRequest(MessageType.PING);

/** The answer to EXISTS on a key that does not exist: *F* in the specification. */
export const falseReply: Uint8Array = ldbdResponse(ResponseStatus.SUCCESS, '', 'false');

export function existsRequest(randomKey: string): Uint8Array {
  return ldbdRequest(MessageType.EXISTS, randomKey);
}

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A key that no one uses: 16 characters, 82 bits. */
export function randomFenceKey(random: Random): string {
  let key = '';
  for (let i = 0; i < 16; i++) key += letters[Math.floor(random.next() * letters.length)];
  return key;
}

export function otherFence(fence: Fence): Fence {
  return fence === 'ping' ? 'exists' : 'ping';
}

/** Whether `bytes[from, end)` ends with `reply`. Bytes before `from` came before the fence was sent: they are data. */
export function endsWithReply(bytes: Uint8Array, from: number, end: number, reply: Uint8Array): boolean {
  return end - reply.length >= from && holdsAt(bytes, end - reply.length, end, reply);
}

/** Whether `bytes[from, end)` ends with the first part of `reply`, at least its magic. */
export function endsWithPartOfReply(bytes: Uint8Array, from: number, end: number, reply: Uint8Array): boolean {
  for (let length = 4; length < reply.length; length++) {
    if (end - length >= from && agrees(bytes, end - length, end, reply)) return true;
  }
  return false;
}
