import assert from 'node:assert/strict';
import {
  AbortedError,
  ArgumentError,
  ClosedError,
  ConnectionPool,
  LensDBError,
  TimeoutError,
  withClient,
} from '@wirewright/lensdb';
import type { Case } from '../case.ts';

export const callCases: readonly Case[] = [
  {
    name: 'many calls at once each get their own answer',
    async run(context) {
      const client = context.client({ maxConnections: 4 });
      const keys = Array.from({ length: 100 }, (_, i) => context.key(`parallel-${i}`));
      await Promise.all(keys.map((key) => client.set(key, `of ${key}`)));
      const values = await Promise.all(keys.map((key) => client.getText(key)));
      assert.deepEqual(
        values,
        keys.map((key) => `of ${key}`),
      );
      assert.ok(client.stats().pool.open <= 4);
    },
  },
  {
    name: 'a call can be aborted, before and while it runs',
    async run(context) {
      const client = context.client({ maxConnections: 1 });
      const key = context.key('abort');
      await assert.rejects(client.get(key, { signal: AbortSignal.abort('no') }), (error) => {
        assert.ok(error instanceof AbortedError && error instanceof LensDBError);
        assert.deepEqual([error.outcome, error.cause], ['not-sent', 'no']);
        return true;
      });
      const controller = new AbortController();
      const running = client.get(key, { signal: controller.signal });
      const behind = client.set(key, 'after');
      controller.abort();
      await assert.rejects(running, AbortedError);
      await behind;
      assert.equal(await client.getText(key), 'after');
    },
  },
  {
    name: 'what waits for a connection ends by its deadline',
    async run(context) {
      const pool = new ConnectionPool({ ...addressOf(context.server.url), maxConnections: 1 });
      const connection = await pool.getConnection();
      await assert.rejects(pool.getConnection({ timeoutMs: 1 }), (error) => {
        assert.ok(error instanceof TimeoutError);
        assert.equal(error.details['phase'], 'pool');
        return true;
      });
      pool.returnConnection(connection);
      await pool.close();
    },
  },
  {
    name: 'a leased connection has the commands, until it is given back',
    async run(context) {
      await using pool = new ConnectionPool({ ...addressOf(context.server.url), maxConnections: 1 });
      const key = context.key('leased');
      const connection = await pool.getConnection();
      await Promise.all([connection.set(key, 'v'), connection.exists(key), connection.ping()]);
      assert.equal(await connection.getText(key), 'v');
      assert.deepEqual((await connection.mget([key, key])).length, 2);
      pool.returnConnection(connection);
      pool.returnConnection(connection);
      await assert.rejects(connection.get(key), ClosedError);
      await using again = await pool.getConnection();
      assert.equal(await again.getText(key), 'v');
    },
  },
  {
    name: 'a closed client refuses calls and can be closed again',
    async run(context) {
      const client = context.client();
      await client.connect();
      await client.connect();
      const running = client.get(context.key('x'));
      await client.close();
      assert.equal(await running, null);
      await client.disconnect();
      await assert.rejects(client.get('x'), ClosedError);
      await assert.rejects(client.connect(), ClosedError);
    },
  },
  {
    name: 'withClient closes behind the program, however it ends',
    async run(context) {
      const options = addressOf(context.server.url);
      const key = context.key('with');
      let kept;
      assert.equal(
        await withClient(options, (client) => ((kept = client), client.set(key, 'v').then(() => 'done'))),
        'done',
      );
      await assert.rejects(
        withClient(options, () => Promise.reject(new Error('mine'))),
        /mine/,
      );
      await assert.rejects((kept as unknown as { get(key: string): Promise<unknown> }).get(key), ClosedError);
    },
  },
  {
    name: 'wrong arguments are refused by name, and nothing is sent',
    async run(context) {
      const client = context.client();
      const key = context.key('args');
      const wrong: [() => Promise<unknown>, RegExp][] = [
        [() => client.get(7 as never), /the key must be a string or a Uint8Array; got number/],
        [() => client.set(key, null as never), /the value must be a string or a Uint8Array; got null/],
        [() => client.set(key, 'half \ud800'), /surrogate/],
        [() => client.setEx(key, 'v', 0), /'ttl'.*got 0; 0 means/],
        [() => client.setEx(key, 'v', -1), /'ttl' must be a whole number of seconds/],
        [() => client.setEx(key, 'v', 1.5), /'ttl' must be a whole number of seconds/],
        [() => client.setEx(key, 'v', 2 ** 32), /'ttl' must be a whole number of seconds/],
        [() => client.setEx(key, 'v', { ttlMs: 1500 }), /multiple of 1000/],
        [() => client.setEx(key, 'v', { ttl: 1, ttlMs: 1000 }), /exclude each other/],
        [() => client.setEx(key, 'v', {}), /give a time to live/],
        [() => client.setJson(key, 1, 0), /'ttl'/],
        [() => client.setJson(key, undefined), /undefined has no JSON form/],
        [() => client.get(key, { timeoutMs: 0 }), /timeoutMs/],
        [() => client.get(key, { timeOutMs: 5 } as never), /did you mean 'timeoutMs'/],
        [() => client.scan({}), /give 'prefix', 'contains' or 'match'/],
        [() => client.getObject(key, {} as never), /give a 'codec'/],
        [() => client.mget([key], { concurrency: 0 }), /concurrency/],
      ];
      for (const [call, message] of wrong) {
        await assert.rejects(call(), (error) => {
          assert.ok(error instanceof ArgumentError && error instanceof LensDBError, String(error));
          assert.match(error.message, message);
          return true;
        });
      }
      assert.equal(await client.exists(key), false);
    },
  },
];

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url.replace(/^lensdb:/, 'http:'));
  return { host: hostname, port: Number(port) };
}
