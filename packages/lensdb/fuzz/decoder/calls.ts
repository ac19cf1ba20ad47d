/** Calls of which each knows what its result must look like, whatever a server says. */

import { isDeepStrictEqual } from 'node:util';
import { jsonCodec, type LensDBClient } from '@wirewright/lensdb';
import { storedKeys, storedValue } from './answers.ts';

export interface CheckedCall {
  readonly name: string;
  readonly call: (client: LensDBClient) => Promise<unknown>;
  /** What the type promises. */
  readonly typed: (result: unknown) => boolean;
  /** What a server that answers as it should makes of it. */
  readonly right: (result: unknown) => boolean;
  /** `ldbd` has no such command. */
  readonly lensOnly?: boolean;
  /** The right answer of a right server is an error: stored bytes are no text. */
  readonly fails?: boolean;
}

const isBytes = (result: unknown): boolean => result instanceof Uint8Array;
const isNothing = (result: unknown): boolean => result === undefined;
const isBoolean = (result: unknown): boolean => typeof result === 'boolean';
const isCount = (result: unknown): boolean => Number.isSafeInteger(result) && (result as number) >= 0;
const areTexts = (result: unknown): boolean => Array.isArray(result) && result.every((one) => typeof one === 'string');
const isStored = (result: unknown): boolean => isDeepStrictEqual(result, storedValue);

export const checkedCalls: readonly CheckedCall[] = [
  {
    name: 'get',
    call: (client) => client.get('one'),
    typed: (result) => result === null || isBytes(result),
    right: isStored,
  },
  {
    name: 'get absent',
    call: (client) => client.get('absent'),
    typed: (result) => result === null || isBytes(result),
    right: (result) => result === null,
  },
  {
    name: 'getText',
    call: (client) => client.getText('one'),
    typed: (result) => result === null || typeof result === 'string',
    right: () => false,
    fails: true,
  },
  {
    name: 'getObject',
    call: (client) => client.getObject('one', { codec: jsonCodec }),
    typed: () => true,
    right: () => false,
    fails: true,
  },
  { name: 'set', call: (client) => client.set('one', 'value'), typed: isNothing, right: isNothing },
  { name: 'setEx', call: (client) => client.setEx('one', 'value', 60), typed: isNothing, right: isNothing },
  { name: 'delete', call: (client) => client.delete('one'), typed: isBoolean, right: (result) => result === true },
  { name: 'exists', call: (client) => client.exists('absent'), typed: isBoolean, right: (result) => result === false },
  {
    name: 'keys',
    call: (client) => client.keys(),
    typed: areTexts,
    right: (result) => isDeepStrictEqual(result, storedKeys),
  },
  {
    name: 'scan',
    call: (client) => client.scan({ prefix: 't' }),
    typed: areTexts,
    right: (result) => isDeepStrictEqual(result, ['two', 'three']),
  },
  { name: 'size', call: (client) => client.size(), typed: isCount, right: (result) => result === storedKeys.length },
  { name: 'clear', call: (client) => client.clear(), typed: isNothing, right: isNothing },
  { name: 'ping', call: (client) => client.ping(), typed: (result) => typeof result === 'number', right: () => true },
  { name: 'pingReply', call: (client) => client.pingReply(), typed: isBytes, right: isBytes },
  {
    name: 'serverStats',
    call: (client) => client.serverStats(),
    typed: (result) => typeof result === 'string',
    right: (result) => result === 'Basic statistics placeholder',
    lensOnly: true,
  },
  {
    name: 'mget',
    call: (client) => client.mget(['one', 'absent', 'two']),
    typed: (result) => Array.isArray(result) && result.length === 3,
    right: (result) => isDeepStrictEqual(result, [storedValue, null, storedValue]),
  },
  { name: 'connect', call: (client) => client.connect(), typed: isNothing, right: isNothing },
];
