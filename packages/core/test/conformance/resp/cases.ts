import assert from 'node:assert/strict';
import { AbortedError, AuthenticationError, ClosedError, ServerError, type SocketTarget } from '@wirewright/core';
import type { TlsOptions } from '@wirewright/core/socket';
import { RespClient, type RespOptions } from '../../../examples/resp/client.ts';
import type { Context } from '../case.ts';
import { bytesOf, pattern, textOf } from '../support/bytes.ts';

/** What a case may know of its server. */
export interface RespServer {
  readonly target: SocketTarget;
  readonly tls?: TlsOptions;
  readonly password?: string;
}

export interface RespCase {
  readonly name: string;
  run(context: Context, server: RespServer): Promise<void>;
}

let number = 0;
/** So that two runs against one server do not meet. */
const run = Date.now().toString(36);

function keyOf(name: string): string {
  number += 1;
  return `wirewright:${run}:${number}:${name}`;
}

function connect(context: Context, server: RespServer, more: Partial<RespOptions> = {}): RespClient {
  const { target, tls, password } = server;
  const credentials = password === undefined ? {} : { credentials: { password } };
  return context.own(new RespClient({ target, ...(tls ? { tls } : {}), ...credentials, ...more }));
}

/** Keys are removed behind the case. */
function keyFor(context: Context, client: RespClient, name: string): string {
  const key = keyOf(name);
  context.own({ close: () => client.command(['DEL', key]) });
  return key;
}

export const respCases: readonly RespCase[] = [
  {
    name: 'stores bytes and text, and what is absent is null',
    async run(context, server) {
      const client = connect(context, server);
      const key = keyFor(context, client, 'value');
      assert.equal(await client.get(key), null);
      for (const value of [bytesOf('text ✓'), pattern(100_000), new Uint8Array(0), bytesOf('\r\n$-1\r\n')]) {
        assert.equal(await client.command(['SET', key, value]), 'OK');
        assert.deepEqual(await client.get(key), value);
      }
      assert.equal(await client.command(['DEL', key]), 1);
    },
  },
  {
    name: 'a thousand commands at once are answered in order',
    async run(context, server) {
      const client = connect(context, server);
      const key = keyFor(context, client, 'counter');
      const counts = await Promise.all(Array.from({ length: 1000 }, () => client.command(['INCR', key])));
      assert.deepEqual(
        counts,
        Array.from({ length: 1000 }, (_, i) => i + 1),
      );
    },
  },
  {
    name: 'a refusal is a ServerError with its code, and shows no value',
    async run(context, server) {
      const client = connect(context, server);
      const key = keyFor(context, client, 'text');
      await client.command(['SET', key, 'secret']);
      await assert.rejects(client.command(['INCR', key]), (error) => {
        assert.ok(error instanceof ServerError && error.code === 'ERR' && error.outcome === 'rejected');
        assert.ok(!JSON.stringify(error).includes(key));
        return true;
      });
    },
  },
  {
    name: 'a lease has a connection of its own, for what blocks and for transactions',
    async run(context, server) {
      const client = connect(context, server);
      const list = keyFor(context, client, 'list');
      const popped = client.lease((command) => command(['BLPOP', list, '0']));
      // The session is another connection: nothing waits behind the one that blocks.
      assert.equal(await client.command(['LPUSH', list, 'item']), 1);
      assert.deepEqual(((await popped) as Uint8Array[]).map(textOf), [list, 'item']);
      const counter = keyFor(context, client, 'multi');
      const done = await client.lease(async (command) => {
        await command(['MULTI']);
        assert.equal(await command(['INCR', counter]), 'QUEUED');
        await command(['INCR', counter]);
        return command(['EXEC']);
      });
      assert.deepEqual(done, [1, 2]);
    },
  },
  {
    name: 'what a lease that threw has left open is not in the next one',
    async run(context, server) {
      const client = connect(context, server);
      const mine = new Error('on purpose');
      const failing = client.lease(async (command) => {
        await command(['MULTI']);
        throw mine;
      });
      await assert.rejects(failing, mine);
      assert.equal(await client.lease((command) => command(['PING'])), 'PONG');
    },
  },
  {
    name: 'a command that is given up while the server holds it takes nothing from those behind it',
    async run(context, server) {
      const [client, other] = [connect(context, server), connect(context, server)];
      const list = keyFor(context, client, 'list');
      const controller = new AbortController();
      const id = client.command(['CLIENT', 'ID']);
      const blocked = client.command(['BLPOP', list, '0'], { signal: controller.signal });
      await id;
      controller.abort();
      await assert.rejects(blocked, (error) => error instanceof AbortedError && error.outcome === 'unknown');
      const behind = client.command(['CLIENT', 'ID']);
      await other.command(['LPUSH', list, 'item']);
      assert.equal(await behind, await id);
    },
  },
  {
    name: 'what is published reaches the subscriber, in order, until it leaves',
    async run(context, server) {
      const [reader, writer] = [connect(context, server), connect(context, server)];
      const channel = keyOf('channel');
      const queue = await reader.subscribe(channel);
      for (let i = 0; i < 100; i += 1) assert.equal(await writer.command(['PUBLISH', channel, `${i}`]), 1);
      let expected = 0;
      for await (const message of queue) {
        assert.equal(textOf(message as Uint8Array), `${expected}`);
        if ((expected += 1) === 100) break;
      }
      assert.equal(await writer.command(['PUBLISH', channel, 'late']), 0);
    },
  },
  {
    name: 'two readers of a channel get every message each, by one subscription, which ends with the last of them',
    async run(context, server) {
      const [reader, writer] = [connect(context, server), connect(context, server)];
      const channel = keyOf('channel');
      const [one, two] = await Promise.all([reader.subscribe(channel), reader.subscribe(channel)]);
      assert.equal(await writer.command(['PUBLISH', channel, 'both']), 1);
      for (const queue of [one, two]) assert.equal(textOf((await queue.next()).value as Uint8Array), 'both');
      await one.return();
      assert.equal(await writer.command(['PUBLISH', channel, 'other']), 1);
      assert.equal(textOf((await two.next()).value as Uint8Array), 'other');
      await two.return();
      assert.equal(await writer.command(['PUBLISH', channel, 'late']), 0);
    },
  },
  {
    name: 'a reader leaves, whatever became of the signal that it came with, and of the client',
    async run(context, server) {
      const [reader, writer] = [connect(context, server), connect(context, server)];
      const [channel, other] = [keyOf('channel'), keyOf('other')];
      const controller = new AbortController();
      const queue = await reader.subscribe(channel, { signal: controller.signal });
      const second = await reader.subscribe(other);
      controller.abort();
      await queue.return();
      assert.equal(await writer.command(['PUBLISH', channel, 'late']), 0);
      const closing = reader.close();
      await second.return();
      await closing;
    },
  },
  {
    name: 'a lost connection is made again, and its subscriptions with it; a notice says so',
    async run(context, server) {
      const [reader, other] = [connect(context, server), connect(context, server)];
      const channel = keyOf('channel');
      const queue = await reader.subscribe(channel);
      const id = String(await reader.command(['CLIENT', 'ID']));
      assert.equal(await other.command(['CLIENT', 'KILL', 'ID', id]), 1);
      while ((await other.command(['PUBLISH', channel, 'after'])) === 0);
      const first = await queue.next();
      assert.deepEqual(first.value, { notice: 'reconnected', epoch: 2 });
      assert.equal(textOf((await queue.next()).value as Uint8Array), 'after');
      assert.notEqual(String(await reader.command(['CLIENT', 'ID'])), id);
    },
  },
  {
    name: 'commands that are repeatable go on over a lost connection',
    async run(context, server) {
      const [client, other] = [connect(context, server), connect(context, server)];
      const key = keyFor(context, client, 'value');
      await client.command(['SET', key, 'kept']);
      for (let round = 0; round < 3; round += 1) {
        const id = String(await client.command(['CLIENT', 'ID']));
        const reads = Array.from({ length: 100 }, () => client.get(key));
        await other.command(['CLIENT', 'KILL', 'ID', id]);
        reads.push(client.get(key));
        for (const value of await Promise.all(reads)) assert.equal(textOf(value as Uint8Array), 'kept');
      }
    },
  },
  {
    name: 'a user that the server does not know gets an AuthenticationError',
    async run(context, server) {
      const client = connect(context, server, { credentials: { username: 'nobody', password: 'wrong' } });
      const answer = client.command(['PING'], { timeoutMs: 2000 });
      await assert.rejects(answer, (error) => error instanceof AuthenticationError && error.outcome !== 'unknown');
    },
  },
  {
    name: 'closing waits for what runs, and then refuses',
    async run(context, server) {
      const client = connect(context, server);
      const running = client.command(['PING']);
      await client.close();
      assert.equal(await running, 'PONG');
      await assert.rejects(client.command(['PING']), ClosedError);
    },
  },
];
