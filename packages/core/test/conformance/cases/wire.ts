import assert from 'node:assert/strict';
import { Failure } from '@wirewright/core';
import { nodeRuntime } from '@wirewright/core/socket';
import { FaultProxy, ScriptedServer } from '@wirewright/core/testing';
import type { Case } from '../case.ts';
import { bytesOf, pattern, textOf } from '../support/bytes.ts';
import { failureOf, lineMeter, Lines, serveLines } from '../support/lines.ts';
import { certificate, privateKey } from '../support/streams.ts';

const limits = (timeoutMs: number): { dueAt: number } => ({ dueAt: nodeRuntime.clock.now() + timeoutMs });

export const wireCases: readonly Case[] = [
  {
    name: 'a thousand requests in one turn leave together, and each gets its own answer',
    async run(context) {
      const server = await serveLines(context);
      const { wire, endpoint } = await new Lines(server.target).connect(context);
      assert.equal(endpoint, `127.0.0.1:${server.port}`);
      const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) => wire.call(`line ${i}`)));
      for (const [i, answer] of answers.entries()) assert.equal(answer, `re line ${i}`);
      assert.equal(wire.inFlight, 0);
    },
  },
  {
    name: 'answers in pieces are put together',
    async run(context) {
      const server = context.own(await ScriptedServer.listen());
      const [connection, peer] = await Promise.all([new Lines(server.target).connect(context), server.accept()]);
      const answers = Promise.all(['one', 'two', 'three'].map((line) => connection.wire.call(line)));
      for (let each = 0; each < 3; each += 1) await peer.readFrame(lineMeter);
      await peer.writePieces(bytesOf('first\nsecond\n✓ third\n'), 1);
      assert.deepEqual(await answers, ['first', 'second', '✓ third']);
    },
  },
  {
    name: 'answers of 4 MiB come whole, behind others',
    async run(context) {
      const long = Array.from(pattern(4 * 1024 * 1024), (byte) => String.fromCharCode(97 + (byte % 26))).join('');
      const server = await serveLines(context, (line) => (line === 'long' ? long : line));
      const { wire } = await new Lines(server.target).connect(context);
      const [before, answer, after] = await Promise.all([wire.call('a'), wire.call('long'), wire.call('b')]);
      assert.equal(before, 'a');
      assert.ok(answer === long);
      assert.equal(after, 'b');
    },
  },
  {
    name: 'a wire is full while too much waits to be written, and empties',
    async run(context) {
      const server = context.own(await ScriptedServer.listen());
      const lines = new Lines(server.target, { wire: { maxQueuedBytes: 65_536 } });
      const [{ wire }, peer] = await Promise.all([lines.connect(context), server.accept()]);
      peer.pause();
      const long = 'x'.repeat(1024 * 1024);
      const calls = [wire.call(long)];
      while (!wire.isFull()) {
        calls.push(wire.call(long));
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      peer.resume();
      for (const _ of calls) {
        await peer.readFrame(lineMeter);
        peer.write(bytesOf('ok\n'));
      }
      assert.deepEqual(new Set(await Promise.all(calls)), new Set(['ok']));
      assert.equal(wire.isFull(), false);
    },
  },
  {
    name: 'a refusal is a failure of its call alone',
    async run(context) {
      const server = await serveLines(context, (line) => (line === 'bad' ? '!no' : line));
      const { wire } = await new Lines(server.target).connect(context);
      const [bad, good] = await Promise.all([wire.call('bad'), wire.call('good')]);
      assert.equal(failureOf(bad).kind, 'server');
      assert.equal(failureOf(bad).outcome, 'rejected');
      assert.equal(good, 'good');
    },
  },
  {
    name: 'pushes go past the calls',
    async run(context) {
      const pushed: unknown[] = [];
      const server = await serveLines(context, (line) => `>news\n${line}\n>more`);
      const lines = new Lines(server.target, { wire: { onPush: (push) => void pushed.push(push) } });
      const { wire } = await lines.connect(context);
      assert.equal(await wire.call('a'), 'a');
      assert.equal(await wire.call('b'), 'b');
      assert.deepEqual(pushed.slice(0, 3), ['>news', '>more', '>news']);
    },
  },
  {
    name: 'what is given up after it left ends unknown, and its late answer reaches nobody',
    async run(context) {
      const server = context.own(await ScriptedServer.listen());
      const [{ wire }, peer] = await Promise.all([new Lines(server.target).connect(context), server.accept()]);
      const controller = new AbortController();
      const aborted = wire.call('first', { ...limits(10_000), signal: controller.signal });
      const second = wire.call('second');
      await peer.readFrame(lineMeter);
      await peer.readFrame(lineMeter);
      const reason = new Error('not wanted any more');
      controller.abort(reason);
      const failure = failureOf(await aborted);
      assert.deepEqual([failure.kind, failure.outcome, failure.cause], ['aborted', 'unknown', reason]);
      peer.write(bytesOf('answer to first\nanswer to second\n'));
      assert.equal(await second, 'answer to second');
    },
  },
  {
    name: 'what is given up before it left is not sent',
    async run(context) {
      const server = await serveLines(context);
      const { wire } = await new Lines(server.target).connect(context);
      const controller = new AbortController();
      const aborted = wire.call('never', { ...limits(10_000), signal: controller.signal });
      const kept = wire.call('kept');
      controller.abort();
      assert.equal(failureOf(await aborted).outcome, 'not-sent');
      assert.equal(await kept, 're kept');
      assert.equal(textOf(server.connections[0]?.received ?? new Uint8Array()), 'kept\n');
    },
  },
  {
    name: 'a deadline ends a call that a silent server holds',
    async run(context) {
      const server = await serveLines(context, () => undefined);
      const { wire } = await new Lines(server.target).connect(context);
      const failure = failureOf(await wire.call('anybody?', limits(30)));
      assert.deepEqual([failure.kind, failure.outcome], ['timeout', 'unknown']);
    },
  },
  {
    name: 'an abandoned request that is never answered ends the connection',
    async run(context) {
      const server = await serveLines(context, () => undefined);
      const lines = new Lines(server.target, { wire: { stallMs: 20 } });
      const { wire } = await lines.connect(context);
      const behind = wire.call('first', limits(20));
      const failure = failureOf(await wire.call('second'));
      assert.equal(failureOf(await behind).kind, 'timeout');
      assert.deepEqual([failure.code, failure.outcome], ['STALLED', 'unknown']);
    },
  },
  {
    name: 'a lost connection settles everything: what had left unknown, the rest not sent',
    async run(context) {
      const server = context.own(await ScriptedServer.listen());
      const [connection, peer] = await Promise.all([new Lines(server.target).connect(context), server.accept()]);
      const sent = connection.wire.call('sent');
      await peer.readFrame(lineMeter);
      peer.reset();
      const failure = failureOf(await sent);
      assert.deepEqual([failure.kind, failure.outcome], ['connection', 'unknown']);
      assert.equal(failure.endpoint, connection.endpoint);
      assert.equal(connection.state.is, 'closed');
    },
  },
  {
    name: 'a connection over TLS that is reset settles everything, too',
    async run(context) {
      const server = context.own(await ScriptedServer.listen({ tls: { key: privateKey, cert: certificate } }));
      const lines = new Lines({ host: 'localhost', port: server.port }, { connection: { tls: { ca: certificate } } });
      const [connection, peer] = await Promise.all([lines.connect(context), server.accept()]);
      const sent = connection.wire.call('sent');
      await peer.readFrame(lineMeter);
      peer.reset();
      const failure = failureOf(await sent);
      assert.deepEqual([failure.kind, failure.outcome, failure.retryable], ['connection', 'unknown', true]);
    },
  },
  {
    name: 'an answer that nobody asked for ends the connection as a broken protocol',
    async run(context) {
      const server = context.own(await ScriptedServer.listen());
      const lines = new Lines(server.target);
      const closed = new Promise<Failure>((resolve) => {
        void lines.open({ onClosed: (_, failure) => resolve(failure), onProgress: () => {} });
      });
      (await server.accept()).write(bytesOf('surprise\n'));
      assert.deepEqual([(await closed).kind, (await closed).code], ['protocol', 'PROTOCOL']);
    },
  },
  {
    name: 'a frame over the limit ends the connection',
    async run(context) {
      const server = await serveLines(context, () => 'x'.repeat(2000));
      const lines = new Lines(server.target, { wire: { maxFrameBytes: 1000 } });
      const { wire } = await lines.connect(context);
      assert.equal(failureOf(await wire.call('a')).kind, 'protocol');
    },
  },
  {
    name: 'dialling, TLS and handshake are under one deadline',
    async run(context) {
      const silent = context.own(await ScriptedServer.listen());
      const handshake = async (wire: { call(line: string): Promise<unknown> }): Promise<undefined> =>
        void (await wire.call('hello'));
      const plain = new Lines(silent.target, { wire: { handshake }, connection: { connectTimeoutMs: 50 } });
      const failure = failureOf(await plain.open());
      assert.deepEqual(
        [failure.kind, failure.outcome, failure.details?.['phase']],
        ['timeout', 'not-sent', 'handshake'],
      );
      const secured = new Lines(silent.target, { connection: { connectTimeoutMs: 50, tls: { ca: certificate } } });
      assert.equal(failureOf(await secured.open()).details?.['phase'], 'connect');
    },
  },
  {
    name: 'a handshake goes first, and its refusal is why there is no connection',
    async run(context) {
      const heard: string[] = [];
      const server = await serveLines(context, (line) => {
        heard.push(line);
        return line === 'login wrong' ? '!no' : `re ${line}`;
      });
      const login = (line: string): Lines =>
        new Lines(server.target, {
          wire: {
            handshake: async (wire) => {
              const answer = await wire.call(line);
              return answer instanceof Failure ? answer : undefined;
            },
          },
        });
      const { wire } = await login('login right').connect(context);
      assert.equal(await wire.call('work'), 're work');
      assert.equal(failureOf(await login('login wrong').open()).kind, 'server');
      assert.deepEqual(heard, ['login right', 'work', 'login wrong']);
    },
  },
  {
    name: 'a pipeline over TLS',
    async run(context) {
      const server = await serveLines(context, undefined, { tls: { key: privateKey, cert: certificate } });
      const target = { host: 'localhost', port: server.port };
      const { wire } = await new Lines(target, { connection: { tls: { ca: certificate } } }).connect(context);
      const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => wire.call(`${i}`)));
      assert.deepEqual(answers.slice(0, 2), ['re 0', 're 1']);
      assert.equal(answers.at(-1), 're 499');
    },
  },
  {
    name: 'a pipeline through a proxy that drips and splits',
    async run(context) {
      const server = await serveLines(context);
      const proxy = context.own(await FaultProxy.listen({ target: server.target, seed: 1 }));
      proxy.inject({ fault: { type: 'split' } });
      const { wire } = await new Lines(proxy.target).connect(context);
      for (let round = 0; round < 20; round += 1) {
        assert.deepEqual(await Promise.all([wire.call('a'), wire.call('b')]), ['re a', 're b']);
      }
      proxy.inject({ fault: { type: 'reset' } });
      assert.equal(failureOf(await wire.call('c')).kind, 'connection');
    },
  },
];
