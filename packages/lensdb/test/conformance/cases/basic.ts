import assert from 'node:assert/strict';
import { ArgumentError, LensDBError, UnsupportedError } from '@wirewright/lensdb';
import type { Case } from '../case.ts';

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

export const basicCases: readonly Case[] = [
  {
    name: 'what is absent is null, false, and not deleted',
    async run(context) {
      const client = context.client();
      const key = context.key('absent');
      assert.equal(await client.get(key), null);
      assert.equal(await client.getText(key), null);
      assert.equal(await client.getJson(key), null);
      assert.equal(await client.exists(key), false);
      assert.equal(await client.delete(key), false);
    },
  },
  {
    name: 'stores, reads, replaces and removes text',
    async run(context) {
      const client = context.client();
      const key = context.key('text');
      await client.set(key, 'one');
      assert.equal(await client.getText(key), 'one');
      assert.equal(await client.exists(key), true);
      await client.set(key, 'two ✓ 二');
      assert.equal(await client.getText(key), 'two ✓ 二');
      assert.equal(await client.delete(key), true);
      assert.equal(await client.get(key), null);
    },
  },
  {
    name: 'stores every byte, and gives it back as an array of the caller',
    async run(context) {
      const client = context.client();
      const key = context.key('bytes');
      await client.set(key, everyByte);
      const first = await client.get(key);
      assert.deepEqual(first, everyByte);
      assert.equal(first?.constructor, Uint8Array);
      first?.fill(0);
      assert.deepEqual(await client.get(key), everyByte);
      await assert.rejects(
        client.getText(key),
        (error) => error instanceof LensDBError && error.code === 'INVALID_UTF8',
      );
    },
  },
  {
    name: 'an empty value is a value',
    async run(context) {
      const client = context.client();
      const key = context.key('empty');
      await client.set(key, '');
      assert.deepEqual(await client.get(key), new Uint8Array(0));
      assert.equal(await client.getText(key), '');
      assert.equal(await client.exists(key), true);
    },
  },
  {
    name: 'keys have 1 to 1024 bytes, which are counted, not characters',
    async run(context) {
      const client = context.client();
      await client.connect();
      const longest = context.keyOf(1024);
      await client.set(longest, 'v');
      assert.equal(await client.getText(longest), 'v');
      const wide = `${context.prefix}${'é'.repeat(500)}`;
      await client.set(wide, 'w');
      assert.equal(await client.getText(new TextEncoder().encode(wide)), 'w');
      assert.equal(await client.delete(wide), true);
      for (const key of ['', `${longest}.`, 'é'.repeat(513), new Uint8Array(0), new Uint8Array(1025)]) {
        await assert.rejects(client.get(key), ArgumentError);
        await assert.rejects(client.set(key, 'v'), ArgumentError);
        await assert.rejects(client.delete(key), ArgumentError);
        await assert.rejects(client.exists(key), ArgumentError);
      }
    },
  },
  {
    name: 'a request of 4096 bytes is sent, one of 4097 refused',
    applies: ({ dialect }) => dialect === 'lens',
    async run(context) {
      const client = context.client();
      await client.connect();
      const key = context.key('frame');
      const room = 4096 - 18 - key.length;
      await client.set(key, 'x'.repeat(room));
      assert.equal((await client.get(key))?.length, room);
      await assert.rejects(client.set(key, 'x'.repeat(room + 1)), /maxRequestBytes/);
    },
  },
  {
    name: 'values of 1 MiB come back whole',
    applies: ({ dialect }) => dialect === 'ldbd',
    async run(context) {
      const client = context.client();
      const key = context.key('large');
      const value = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => (i * 31) >>> 3);
      await client.set(key, value);
      assert.deepEqual(await client.get(key), value);
      await assert.rejects(client.set(key, new Uint8Array(1024 * 1024 + 1)), /maxValueBytes/);
    },
  },
  {
    name: 'values that look like the protocol are values',
    async run(context) {
      const client = context.client();
      const key = context.key('tricky');
      const pong = new TextDecoder().decode(await client.pingReply());
      const falseAnswer = 'LDBD\u0001\0\0\0false';
      for (const value of [
        pong,
        `LDBD\u0001\0\0\0${pong}`,
        `x${pong}`,
        falseAnswer,
        `${falseAnswer}${pong}`,
        'OK',
        'true',
      ]) {
        await client.set(key, value);
        assert.equal(await client.getText(key), value);
      }
    },
  },
  {
    name: 'ping tells milliseconds, pingReply what the server says',
    async run(context) {
      const client = context.client();
      assert.ok((await client.ping()) >= 0);
      const text = new TextDecoder().decode(await client.pingReply());
      assert.equal(text.toLowerCase(), 'pong');
    },
  },
  {
    name: 'serverStats are text in one dialect and unsupported in the other',
    async run(context) {
      const client = context.client();
      if (context.server.dialect === 'lens') assert.ok((await client.serverStats()).length > 0);
      else await assert.rejects(client.serverStats(), UnsupportedError);
    },
  },
];
