import assert from 'node:assert/strict';
import { nodeNet } from '@wirewright/core/socket';
import { ScriptedServer } from '@wirewright/core/testing';
import type { Case } from '../case.ts';
import { assertSameBytes, bytesOf, gone, pattern, someTurns, textOf } from '../support/bytes.ts';
import { Recorder } from '../support/recorder.ts';
import { connected, dial, type Kind, kinds } from '../support/streams.ts';

const megabyte = 1024 * 1024;

/** What every kind of stream has to do. */
function casesOver(kind: Kind): Case[] {
  const { name, start } = kind;
  const cases: Case[] = [
    {
      name: `${name}: opens, exchanges bytes, ends half by half, closes once`,
      async run(context) {
        const { socket, seen, peer } = await connected(context, await start(context));
        socket.write(bytesOf('hello'));
        assert.equal(textOf(await peer.read(5)), 'hello');
        peer.write(bytesOf('answer'));
        peer.end();
        await seen.saw('end');
        assert.equal(seen.text, 'answer');
        socket.write(bytesOf('still here'));
        assert.equal(textOf(await peer.read(10)), 'still here');
        socket.end();
        await Promise.all([peer.readEnd(), seen.saw('close')]);
        await someTurns();
        assert.deepEqual(
          seen.log.filter((event) => event !== 'drain'),
          ['open', 'end', 'close'],
        );
        assert.equal(seen.error, undefined);
      },
    },
    {
      name: `${name}: carries 4 MiB each way, whole and in order`,
      async run(context) {
        const { socket, seen, peer } = await connected(context, await start(context));
        const bytes = pattern(4 * megabyte);
        socket.writeAll([bytes.subarray(0, megabyte), bytes.subarray(megabyte)]);
        assertSameBytes(await peer.read(bytes.length), bytes);
        peer.write(bytes);
        await seen.received(bytes.length);
        assertSameBytes(seen.bytes, bytes);
      },
    },
    {
      name: `${name}: destroys at once, tells the reason last, and nothing after it`,
      async run(context) {
        const { socket, seen, peer } = await connected(context, await start(context));
        peer.write(bytesOf('unread'));
        const reason = new Error('because');
        socket.destroy(reason);
        socket.destroy(new Error('again'));
        assert.ok(!seen.log.includes('close'));
        assert.equal(socket.write(bytesOf('dropped')), false);
        await Promise.all([seen.saw('close'), gone(peer)]);
        await someTurns();
        assert.deepEqual(
          seen.log.filter((event) => event !== 'drain'),
          ['open', 'close'],
        );
        assert.equal(seen.error, reason);
        assert.equal(seen.length, 0);
      },
    },
    {
      name: `${name}: closes without opening when it is destroyed while dialling`,
      async run(context) {
        const { target, tls } = await start(context);
        const { socket, seen } = dial(context, target, tls);
        socket.destroy();
        await seen.saw('close');
        await someTurns();
        assert.deepEqual(seen.log, ['close']);
        assert.equal(seen.error, undefined);
      },
    },
    {
      name: `${name}: a peer that does not read is seen, and its reading ends the wait`,
      async run(context) {
        const { socket, seen, peer } = await connected(context, await start(context));
        peer.pause();
        const bytes = pattern(16 * megabyte);
        assert.equal(socket.write(bytes), false);
        await someTurns();
        assert.equal(seen.count('drain'), 0);
        peer.resume();
        const received = peer.read(bytes.length);
        await seen.saw('drain');
        assertSameBytes(await received, bytes);
        assert.equal(seen.count('drain'), 1);
      },
    },
    {
      name: `${name}: a paused socket hands out nothing until it is resumed`,
      async run(context) {
        const { socket, seen, peer } = await connected(context, await start(context));
        socket.pause();
        const bytes = pattern(megabyte);
        peer.write(bytes);
        peer.end();
        await someTurns();
        assert.equal(seen.length, 0);
        assert.equal(seen.count('end'), 0);
        socket.resume();
        await seen.saw('end');
        assertSameBytes(seen.bytes, bytes);
      },
    },
    {
      name: `${name}: the peer's orderly close is an end`,
      async run(context) {
        const { socket, seen, peer } = await connected(context, await start(context));
        peer.close();
        await seen.saw('end');
        socket.end();
        await seen.saw('close');
        assert.equal(seen.error, undefined);
      },
    },
  ];
  if (kind.isTcp) {
    cases.push({
      name: `${name}: the peer's reset is an error`,
      skipOn: kind.isTls
        ? { deno: "Deno's TLS tells a reset as the end of the stream; the connection ends as lost" }
        : {},
      async run(context) {
        const { seen, peer } = await connected(context, await start(context));
        peer.reset();
        await seen.saw('close');
        assert.equal((seen.error as { code?: unknown } | undefined)?.code, 'ECONNRESET');
        assert.equal(seen.count('end'), 0);
      },
    });
  }
  return cases;
}

export const netCases: readonly Case[] = [
  ...kinds.flatMap(casesOver),
  {
    name: 'nothing is told from inside dial, and writing before the stream is open throws',
    async run(context) {
      const server = context.own(await ScriptedServer.listen());
      const seen = new Recorder();
      const socket = nodeNet.dial({ target: server.target, keepAliveMs: 0 }, seen);
      assert.deepEqual(seen.log, []);
      assert.throws(() => socket.write(bytesOf('early')), /before onOpen/);
      await seen.saw('open');
      socket.end();
      assert.throws(() => socket.write(bytesOf('late')), /after end/);
      socket.destroy();
      await seen.saw('close');
    },
  },
  {
    name: 'a port that nobody listens on refuses',
    async run(context) {
      const server = await ScriptedServer.listen();
      await server.close();
      const { seen } = dial(context, server.target);
      await seen.saw('close');
      assert.deepEqual(seen.log, ['close']);
      assert.equal((seen.error as { code?: unknown } | undefined)?.code, 'ECONNREFUSED');
    },
  },
  {
    name: 'a unix path that is not there is an error',
    async run(context) {
      const { seen } = dial(context, { path: '/nowhere/wirewright.sock' });
      await seen.saw('close');
      assert.equal((seen.error as { code?: unknown } | undefined)?.code, 'ENOENT');
    },
  },
  {
    name: 'names are looked up, and what has no address is an error',
    async run(context) {
      const server = context.own(await ScriptedServer.listen());
      const { seen } = dial(context, { host: 'localhost', port: server.port });
      await seen.saw('open');
      const unknown = dial(context, { host: 'wirewright.invalid', port: server.port });
      await unknown.seen.saw('close');
      assert.deepEqual(unknown.seen.log, ['close']);
      assert.match(String((unknown.seen.error as { code?: unknown } | undefined)?.code), /^(ENOTFOUND|EAI_AGAIN)$/);
    },
  },
  {
    name: 'a factory that throws, rejects, or brings a dead stream is an error',
    async run(context) {
      const reason = new Error('no stream today');
      const thrown = dial(context, {
        socket: () => {
          throw reason;
        },
      });
      const rejected = dial(context, { socket: () => Promise.reject(reason) });
      await Promise.all([thrown.seen.saw('close'), rejected.seen.saw('close')]);
      assert.equal(thrown.seen.error, reason);
      assert.equal(rejected.seen.error, reason);
    },
  },
];
