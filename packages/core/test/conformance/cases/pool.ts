import assert from 'node:assert/strict';
import { Failure } from '@wirewright/core';
import { type Lease, nodeRuntime, type Pool, wirePool, type WirePoolOptions } from '@wirewright/core/socket';
import { ScriptedServer } from '@wirewright/core/testing';
import type { Case, Context } from '../case.ts';
import { bytesOf, gone } from '../support/bytes.ts';
import { endOfCase, failureOf, Lines, type LineWire, serveLines } from '../support/lines.ts';

function poolOf(context: Context, lines: Lines, options: Partial<WirePoolOptions<LineWire>> = {}): Pool<LineWire> {
  const { timekeeper, open } = lines;
  const pool = wirePool<LineWire>({ ports: nodeRuntime, timekeeper, open, ...options });
  context.own({ close: () => pool.destroy(endOfCase) });
  return pool;
}

const within = (timeoutMs = 10_000): { dueAt: number } => ({ dueAt: nodeRuntime.clock.now() + timeoutMs });

async function lease(pool: Pool<LineWire>): Promise<Lease<LineWire>> {
  const leased = await pool.lease(within());
  return leased instanceof Failure ? assert.fail(leased.message) : leased;
}

export const poolCases: readonly Case[] = [
  {
    name: 'opens up to its maximum; who comes later waits for what is given back',
    async run(context) {
      const server = await serveLines(context);
      const pool = poolOf(context, new Lines(server.target), { max: 2 });
      const [a, b] = await Promise.all([lease(pool), lease(pool)]);
      const waiting = lease(pool);
      assert.equal(pool.stats().waiting, 1);
      assert.equal(await a.member.call('hello'), 're hello');
      a.release();
      const next = await waiting;
      assert.equal(next.member, a.member);
      // A second time, when somebody else has it.
      a.release();
      assert.equal(pool.stats().leased, 2);
      next.release();
      b.release();
      const { open, idle, leased, opened } = pool.stats();
      assert.deepEqual({ open, idle, leased, opened }, { open: 2, idle: 2, leased: 0, opened: 2 });
      assert.equal(pool.tryAcquire()?.member, b.member);
    },
  },
  {
    name: 'fifty callers share four connections, and nobody gets the answer of another',
    async run(context) {
      const server = await serveLines(context);
      const pool = poolOf(context, new Lines(server.target), { max: 4 });
      const caller = async (i: number): Promise<void> => {
        for (let round = 0; round < 5; round += 1) {
          const leased = await lease(pool);
          assert.equal(await leased.member.call(`${i}/${round}`), `re ${i}/${round}`);
          leased.release();
        }
      };
      await Promise.all(Array.from({ length: 50 }, (_, i) => caller(i)));
      assert.ok(server.connections.length <= 4);
    },
  },
  {
    name: 'a member that was lost is replaced',
    async run(context) {
      const server = await serveLines(context);
      const pool = poolOf(context, new Lines(server.target), { max: 1 });
      const first = await lease(pool);
      assert.equal(await first.member.call('hi'), 're hi');
      first.release();
      server.connections[0]?.reset();
      while (pool.stats().open > 0) await new Promise<void>((resolve) => setImmediate(resolve));
      const second = await lease(pool);
      assert.notEqual(second.member, first.member);
      assert.equal(await second.member.call('hi'), 're hi');
      second.release();
    },
  },
  {
    name: 'who waits too long ends at the deadline, and loses nothing for the next',
    async run(context) {
      const server = await serveLines(context);
      const pool = poolOf(context, new Lines(server.target), { max: 1 });
      const leased = await lease(pool);
      const failure = failureOf(await pool.lease(within(30)));
      assert.deepEqual([failure.kind, failure.outcome], ['timeout', 'not-sent']);
      leased.release();
      (await lease(pool)).release();
    },
  },
  {
    name: 'idle members are closed in the background, down to the minimum',
    async run(context) {
      const server = await serveLines(context);
      const pool = poolOf(context, new Lines(server.target), { max: 3, maxIdleMs: 20 });
      const leases = await Promise.all([lease(pool), lease(pool), lease(pool)]);
      // An answer proves that the server knows of the connection.
      for (const { member } of leases) assert.equal(await member.call('hi'), 're hi');
      for (const leased of leases) leased.release();
      await Promise.all(server.connections.map((connection) => connection.untilClosed()));
      assert.equal(pool.stats().open, 0);
    },
  },
  {
    name: 'a member is checked before it is leased after a rest',
    async run(context) {
      const server = await serveLines(context);
      const checked: unknown[] = [];
      const validate = async (wire: LineWire): Promise<boolean> => {
        checked.push(await wire.call('check'));
        return false;
      };
      const pool = poolOf(context, new Lines(server.target), { validate, validateAfterMs: 50 });
      const first = await lease(pool);
      first.release();
      const { dueAt } = within(60);
      while (nodeRuntime.clock.now() < dueAt) await new Promise<void>((resolve) => setImmediate(resolve));
      const second = await lease(pool);
      assert.notEqual(second.member, first.member);
      assert.deepEqual(checked, ['re check']);
      second.release();
    },
  },
  {
    name: 'a server that nobody can reach fails the lease with what the dial said',
    async run(context) {
      const server = await ScriptedServer.listen();
      await server.close();
      const pool = poolOf(context, new Lines(server.target));
      const failure = failureOf(await pool.lease(within()));
      assert.deepEqual([failure.code, failure.outcome], ['CONNECT_FAILED', 'not-sent']);
      assert.equal(pool.stats().failedDials, 1);
    },
  },
  {
    name: 'destroyed, it closes its members and fails who waits',
    async run(context) {
      const server = context.own(await ScriptedServer.listen());
      const pool = poolOf(context, new Lines(server.target), { max: 1 });
      const [{ member: wire }, peer] = await Promise.all([lease(pool), server.accept()]);
      const waiting = pool.lease(within());
      const sent = wire.call('sent');
      await peer.expect(bytesOf('sent\n'));
      pool.destroy(endOfCase);
      assert.equal(failureOf(await waiting).kind, 'closed');
      assert.equal(failureOf(await sent).outcome, 'unknown');
      await gone(peer);
    },
  },
];
