import assert from 'node:assert/strict';
import {
  BatchError,
  CodecError,
  jsonCodec,
  messagePackCodec,
  UnsafeIntegerError,
  UnsupportedError,
  v8Codec,
} from '@wirewright/lensdb';
import type { Case } from '../case.ts';

export const objectCases: readonly Case[] = [
  {
    name: 'JSON comes back as it was',
    async run(context) {
      const client = context.client();
      const key = context.key('json');
      const user = { id: 7, name: 'Zoë', tags: ['a', null, true], nested: { half: 0.5 } };
      await client.setJson(key, user);
      assert.deepEqual(await client.getJson(key), user);
      assert.equal(await client.getText(key), JSON.stringify(user));
      await client.setJson(key, null);
      assert.equal(await client.getText(key), 'null');
      await client.set(key, '{"n":9007199254740993}');
      await assert.rejects(client.getJson(key), UnsafeIntegerError);
      assert.deepEqual(await client.getJson(key, { integers: 'bigint' }), { n: 9007199254740993n });
      await client.set(key, '{"broken":');
      await assert.rejects(client.getJson(key), CodecError);
    },
  },
  {
    name: 'objects go through every codec',
    async run(context) {
      const client = context.client();
      const plain = { list: [1, 'two', null], deep: { yes: true } };
      for (const codec of [jsonCodec, messagePackCodec, v8Codec]) {
        const key = context.key(`object-${codec.name}`);
        assert.equal(await client.getObject(key, { codec }), null);
        await client.setObject(key, plain, { codec });
        assert.deepEqual(await client.getObject(key, { codec }), plain);
      }
      const key = context.key('map');
      await client.setObject(key, new Map([[1n, new Set(['x'])]]), { codec: v8Codec });
      assert.deepEqual(await client.getObject(key, { codec: v8Codec }), new Map([[1n, new Set(['x'])]]));
    },
  },
  {
    name: 'batches are aligned with what was asked',
    async run(context) {
      const client = context.client({ maxConnections: 3 });
      const keys = Array.from({ length: 40 }, (_, i) => context.key(`batch-${i}`));
      await client.mset(keys.filter((_, i) => i % 2 === 0).map((key) => [key, `value of ${key}`] as const));
      const values = await client.mget(keys, { concurrency: 7 });
      for (const [i, value] of values.entries()) {
        assert.equal(value && new TextDecoder().decode(value), i % 2 === 0 ? `value of ${keys[i]}` : null);
      }
      assert.equal(await client.mdelete(keys), 20);
      assert.equal(await client.mdelete(keys), 0);
      assert.deepEqual(await client.mget([]), []);
    },
  },
  {
    name: 'a batch that is aborted says what became of each part',
    async run(context) {
      const client = context.client();
      await client.connect();
      const error = await client.mget([context.key('a'), context.key('b')], { signal: AbortSignal.abort() }).then(
        () => assert.fail('expected a BatchError'),
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof BatchError);
      assert.deepEqual(error.details.outcomes, [{ status: 'not-started' }, { status: 'not-started' }]);
      assert.equal(error.outcome, 'not-sent');
    },
  },
  {
    name: 'SETEX stores what expires',
    applies: ({ setEx }) => setEx,
    async run(context) {
      const client = context.client();
      const [short, long] = [context.key('short'), context.key('long')];
      await client.setEx(long, 'stays', { ttlMs: 3_600_000 });
      await client.setJson(context.key('json'), { a: 1 }, 3600);
      await client.setObject(context.key('object'), [1], { codec: messagePackCodec, ttl: 3600 });
      await client.setEx(short, 'goes', 1);
      assert.equal(await client.getText(short), 'goes');
      // Reading is what makes a server notice.
      while ((await client.get(short)) !== null);
      assert.equal(await client.exists(short), false);
      assert.equal(await client.getText(long), 'stays');
      assert.deepEqual(await client.getJson(context.key('json')), { a: 1 });
      assert.equal(client.info().capabilities.setEx, true);
    },
  },
  {
    name: 'SETEX on a server without it fails, stores nothing, and hangs nothing',
    applies: ({ setEx }) => !setEx,
    async run(context) {
      const client = context.client({ probeTimeoutMs: 500 });
      const key = context.key('setex');
      await assert.rejects(client.setEx(key, 'v', 60), UnsupportedError);
      await assert.rejects(client.setJson(key, 1, { ttl: 60 }), UnsupportedError);
      assert.equal(await client.get(key), null);
      assert.equal(client.info().capabilities.setEx, false);
    },
  },
];
