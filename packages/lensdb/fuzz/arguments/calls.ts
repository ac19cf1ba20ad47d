/** Every method with one argument that is wrong, the others being right. */

import { jsonCodec, type LensDBClient } from '@wirewright/lensdb';
import type { Kind } from './garbage.ts';

/** What is called, and with what it is called wrongly. */
export interface WrongCall {
  readonly name: string;
  readonly kind: Kind;
  readonly call: (client: AnyClient, wrong: unknown) => unknown;
}

/** Without types: what is passed is wrong. */
export type AnyClient = { readonly [Method in keyof LensDBClient]: (...args: unknown[]) => unknown };

const key = 'a key';
const value = 'a value';

function wrong(name: string, kind: Kind, call: WrongCall['call']): WrongCall {
  return { name: `${name} with ${kind}`, kind, call };
}

const withoutArguments = [
  'keys',
  'keysBytes',
  'size',
  'clear',
  'ping',
  'pingReply',
  'serverStats',
  'connect',
  'close',
  'disconnect',
] as const;
const ofKey = ['get', 'getText', 'delete', 'exists'] as const;

export const wrongCalls: readonly WrongCall[] = [
  ...withoutArguments.map((method) => wrong(method, 'noOptions', (client, bad) => client[method](bad))),
  ...ofKey.flatMap((method) => [
    wrong(method, 'noKey', (client, bad) => client[method](bad)),
    wrong(method, 'noOptions', (client, bad) => client[method](key, bad)),
  ]),
  wrong('set', 'noWrittenKey', (client, bad) => client.set(bad, value)),
  wrong('set', 'noValue', (client, bad) => client.set(key, bad)),
  wrong('set', 'noOptions', (client, bad) => client.set(key, value, bad)),
  wrong('setEx', 'noWrittenKey', (client, bad) => client.setEx(bad, value, 60)),
  wrong('setEx', 'noValue', (client, bad) => client.setEx(key, bad, 60)),
  wrong('setEx', 'noTtl', (client, bad) => client.setEx(key, value, bad)),
  wrong('setEx', 'noOptions', (client, bad) => client.setEx(key, value, withTtl(bad))),
  wrong('getJson', 'noKey', (client, bad) => client.getJson(bad)),
  wrong('getJson', 'noOptions', (client, bad) => client.getJson(key, bad)),
  wrong('setJson', 'noWrittenKey', (client, bad) => client.setJson(bad, value)),
  wrong('setJson', 'noJson', (client, bad) => client.setJson(key, bad)),
  wrong('setJson', 'noTtl', (client, bad) => client.setJson(key, value, bad)),
  wrong('getObject', 'noKey', (client, bad) => client.getObject(bad, { codec: jsonCodec })),
  wrong('getObject', 'noCodec', (client, bad) => client.getObject(key, { codec: bad })),
  wrong('getObject', 'noOptions', (client, bad) => client.getObject(key, bad)),
  wrong('setObject', 'noWrittenKey', (client, bad) => client.setObject(bad, value, { codec: jsonCodec })),
  wrong('setObject', 'noCodec', (client, bad) => client.setObject(key, value, { codec: bad })),
  wrong('setObject', 'brokenCodec', (client, bad) => client.setObject(key, value, { codec: bad })),
  wrong('setObject', 'noJson', (client, bad) => client.setObject(key, bad, { codec: jsonCodec })),
  wrong('setObject', 'noOptions', (client, bad) => client.setObject(key, value, bad)),
  wrong('scan', 'noOptions', (client, bad) => client.scan(bad)),
  wrong('scan', 'noOptions', (client, bad) => client.scan(isOptions(bad) ? { prefix: 'a', ...bad } : bad)),
  wrong('mget', 'noLists', (client, bad) => client.mget(bad)),
  wrong('mget', 'noKey', (client, bad) => client.mget([key, bad, key])),
  wrong('mget', 'noConcurrency', (client, bad) => client.mget([key], bad)),
  wrong('mdelete', 'noLists', (client, bad) => client.mdelete(bad)),
  wrong('mdelete', 'noKey', (client, bad) => client.mdelete([bad, key])),
  wrong('mdelete', 'noConcurrency', (client, bad) => client.mdelete([key], bad)),
  wrong('mset', 'noEntries', (client, bad) => client.mset(bad)),
  wrong('mset', 'noWrittenKey', (client, bad) =>
    client.mset([
      [key, value],
      [bad, value],
    ]),
  ),
  wrong('mset', 'noValue', (client, bad) => client.mset(new Map([[key, bad]]))),
  wrong('mset', 'noConcurrency', (client, bad) => client.mset([[key, value]], bad)),
];

/** Options that would be right if it were not for what is wrong. A number would be a time to live. */
function withTtl(bad: unknown): unknown {
  if (isOptions(bad)) return { ttl: 60, ...bad };
  return typeof bad === 'number' ? { ttl: 60, timeoutMs: -bad } : bad;
}

function isOptions(bad: unknown): bad is object {
  return typeof bad === 'object' && bad !== null && !Array.isArray(bad);
}
