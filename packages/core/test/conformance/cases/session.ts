import assert from 'node:assert/strict';
import { Failure } from '@wirewright/core';
import { queueSubscriber, Queue, Subscriptions } from '@wirewright/core/kit';
import { ScriptedServer } from '@wirewright/core/testing';
import type { Case } from '../case.ts';
import { bytesOf, gone, someTurns } from '../support/bytes.ts';
import { endOfCase, failureOf, lineMeter, Lines, serveLines } from '../support/lines.ts';

export const sessionCases: readonly Case[] = [
  {
    name: 'connects when it is first asked, and calls wait for the connection',
    async run(context) {
      const server = await serveLines(context);
      const lines = new Lines(server.target);
      const session = lines.session(context);
      assert.deepEqual(session.state, { is: 'idle', cause: undefined });
      const answers = Promise.all(['a', 'b'].map((line) => lines.submit(session, line)));
      assert.deepEqual(session.state, { is: 'connecting', epoch: 1, cause: undefined });
      assert.deepEqual(await answers, ['re a', 're b']);
      assert.deepEqual([session.state.is, session.epoch], ['up', 1]);
    },
  },
  {
    name: 'dials again when the connection is lost: sent calls end unknown, waiting ones go on',
    async run(context) {
      const server = context.own(await ScriptedServer.listen());
      const lines = new Lines(server.target, { wire: { maxInFlight: 1 } });
      const session = lines.session(context);
      const sent = lines.submit(session, 'sent');
      const first = await server.accept();
      await first.readFrame(lineMeter);
      const waiting = lines.submit(session, 'waiting');
      first.reset();
      assert.equal(failureOf(await sent).outcome, 'unknown');
      const second = await server.accept();
      await second.readFrame(lineMeter);
      second.write(bytesOf('late but here\n'));
      assert.equal(await waiting, 'late but here');
      assert.equal(session.epoch, 2);
    },
  },
  {
    name: 'keeps trying while nobody listens, until somebody does',
    async run(context) {
      const before = await ScriptedServer.listen();
      const { port } = before;
      await before.close();
      const states: string[] = [];
      const lines = new Lines({ host: '127.0.0.1', port }, { session: { onState: ({ is }) => void states.push(is) } });
      const session = lines.session(context);
      const call = lines.submit(session, 'anybody?');
      while (!states.includes('down')) await someTurns();
      await serveLines(context, undefined, { port });
      assert.equal(await call, 're anybody?');
    },
  },
  {
    name: 'a call that waits for a connection ends at its deadline, not sent',
    async run(context) {
      const server = await ScriptedServer.listen();
      await server.close();
      const lines = new Lines(server.target, { session: { backoff: () => 5 } });
      const failure = failureOf(await lines.submit(lines.session(context), 'never', { timeoutMs: 50 }));
      assert.equal(failure.outcome, 'not-sent');
    },
  },
  {
    name: 'a signal takes a call out of the waiting room',
    async run(context) {
      const silent = context.own(await ScriptedServer.listen());
      const hello = async (wire: { call(line: string): Promise<unknown> }): Promise<undefined> =>
        void (await wire.call('hello'));
      const lines = new Lines(silent.target, { wire: { handshake: hello } });
      const session = lines.session(context);
      const controller = new AbortController();
      const call = lines.submit(session, 'never', { signal: controller.signal });
      await (await silent.accept()).readFrame(lineMeter);
      assert.equal(session.waiting, 1);
      controller.abort();
      assert.deepEqual([failureOf(await call).kind, failureOf(await call).outcome], ['aborted', 'not-sent']);
      assert.equal(session.waiting, 0);
    },
  },
  {
    name: 'subscribes again on every connection, before any call, and says that something may be missing',
    async run(context) {
      const server = await serveLines(context, (line, connection) => {
        if (line === 'die') connection.reset();
        return line.startsWith('subscribe ') ? `ok\n>${line.slice(10)} in ${connection.number}` : `re ${line}`;
      });
      const subscriptions = new Subscriptions<string, string, string>();
      const deliver = (push: string | Failure): void => {
        if (typeof push === 'string') subscriptions.deliver(push.slice(1, 5), push.slice(1), 0, session.epoch);
      };
      const lines = new Lines(server.target, {
        wire: { onPush: deliver },
        session: {
          onUp: (wire, epoch) =>
            subscriptions.resubscribe(epoch, async (topic) => {
              const answer = await wire.call(`subscribe ${topic}`);
              return answer instanceof Failure ? answer : undefined;
            }),
        },
      });
      const session = lines.session(context);
      const queue = new Queue<string>({ maxItems: 10, maxBytes: Infinity, whenFull: 'close' });
      subscriptions.add('news', 'news', queueSubscriber(queue), 0);
      session.start();
      assert.deepEqual(await queue.next(), { done: false, value: 'news in 1' });
      assert.equal(failureOf(await lines.submit(session, 'die')).outcome, 'unknown');
      assert.deepEqual(await queue.next(), { done: false, value: { notice: 'reconnected', epoch: 2 } });
      assert.deepEqual(await queue.next(), { done: false, value: 'news in 2' });
      subscriptions.destroy(endOfCase);
      assert.equal((await queue.next()).done, true);
    },
  },
  {
    name: 'pings find out that a peer is gone',
    async run(context) {
      const server = context.own(await ScriptedServer.listen());
      const lines = new Lines(server.target, {
        session: { liveness: { idleMs: 20, timeoutMs: 20, ping: (wire) => void wire.call('ping') } },
      });
      const session = lines.session(context);
      session.start();
      const silent = await server.accept();
      await silent.expect(bytesOf('ping\n'));
      const second = await server.accept();
      await second.expect(bytesOf('ping\n'));
      second.write(bytesOf('pong\n'));
      assert.ok(session.epoch >= 2);
    },
  },
  {
    name: 'destroyed, it ends what waits and what was sent, and takes nothing more',
    async run(context) {
      const server = context.own(await ScriptedServer.listen());
      const lines = new Lines(server.target, { wire: { maxInFlight: 1 } });
      const session = lines.session(context);
      const sent = lines.submit(session, 'sent');
      const peer = await server.accept();
      await peer.readFrame(lineMeter);
      const waiting = lines.submit(session, 'waiting');
      session.destroy(endOfCase);
      assert.equal(failureOf(await waiting).outcome, 'not-sent');
      assert.equal(failureOf(await sent).kind, 'closed');
      assert.equal(failureOf(await lines.submit(session, 'late')).outcome, 'not-sent');
      await gone(peer);
    },
  },
];
