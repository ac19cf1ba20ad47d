import assert from 'node:assert/strict';
import { ArgumentError, LensDBError } from '@wirewright/lensdb';
import type { Case } from '../case.ts';

export const keyCases: readonly Case[] = [
  {
    name: 'keys and scan list what is there',
    async run(context) {
      const client = context.client();
      const [a, b, c] = [context.key('user:1'), context.key('user:2'), context.key('session:1')];
      await client.mset([
        [a, '1'],
        [b, '2'],
        [c, '3'],
      ]);
      const mine = (await client.keys()).filter((key) => key.startsWith(`${context.prefix}:`));
      assert.deepEqual(mine.toSorted(), [c, a, b]);
      assert.deepEqual((await client.scan({ prefix: `${context.prefix}:user` })).toSorted(), [a, b]);
      assert.deepEqual(await client.scan({ prefix: context.prefix, contains: 'session' }), [c]);
      assert.deepEqual(await client.scan({ prefix: context.prefix, match: /:2$/g }), [b]);
      assert.deepEqual(await client.scan({ contains: `${context.prefix}:nothing` }), []);
      assert.ok((await client.size()) >= 3);
    },
  },
  {
    name: 'keys that are no text are listed as bytes',
    async run(context) {
      const client = context.client();
      const key = context.track(Uint8Array.of(...new TextEncoder().encode(context.prefix), 0xff, 0xfe));
      await client.set(key, 'v');
      const keys = (await client.keysBytes()).map((bytes) => Buffer.from(bytes).toString('hex'));
      assert.ok(keys.includes(Buffer.from(key).toString('hex')));
      await assert.rejects(client.keys(), (error) => error instanceof LensDBError && error.code === 'INVALID_UTF8');
    },
  },
  {
    name: 'a key with a line feed is refused, unless asked for, and then listed as two',
    async run(context) {
      const client = context.client();
      const key = context.key('one\ntwo');
      await assert.rejects(client.set(key, 'v'), ArgumentError);
      await assert.rejects(client.mset([[key, 'v']]), ArgumentError);
      assert.equal(await client.get(key), null);
      const lenient = context.client({ allowNewlineInKeys: true });
      await lenient.set(key, 'v');
      assert.equal(await client.getText(key), 'v');
      const keys = (await client.keysBytes()).map((bytes) => new TextDecoder().decode(bytes));
      assert.ok(!keys.includes(key) && keys.includes(`${context.prefix}:one`) && keys.includes('two'));
    },
  },
];
