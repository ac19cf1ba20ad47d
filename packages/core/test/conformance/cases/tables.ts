import assert from 'node:assert/strict';
import { type CallLimits, Failure, type Pending, systemPorts, Timekeeper, waitFor } from '@wirewright/core';
import { ByIdTable, InOrderTable, Semaphore, type TableHost } from '@wirewright/core/kit';
import type { Case } from '../case.ts';
import { endOfCase, failureOf } from '../support/lines.ts';

/** A connection on which everything has left. */
const host: TableHost = { hasLeft: () => true, withdraw: () => false, onTombstone: () => {} };

const within = (ms: number, signal?: AbortSignal): CallLimits => ({ dueAt: systemPorts.clock.now() + ms, signal });

export const tableCases: readonly Case[] = [
  {
    name: 'by id: answers out of order find their calls, and ids come back',
    async run() {
      const timekeeper = new Timekeeper(systemPorts.clock);
      const table = new ByIdTable(host, { capacity: 64, firstId: 1, lastId: 2 ** 32 - 1 });
      const seen = new Set<number>();
      for (let round = 0; round < 100; round += 1) {
        const ids: number[] = [];
        const calls = Array.from({ length: 64 }, () =>
          waitFor<number>(
            timekeeper,
            within(10_000),
            'case',
            (pending) => void ids.push(table.add(pending as Pending)),
          ),
        );
        assert.equal(table.full, true);
        for (const id of ids.toReversed()) assert.equal(table.answer(id, id), true);
        assert.deepEqual(await Promise.all(calls), ids);
        assert.equal(table.answer(ids[0] as number, 'again'), false);
        for (const id of ids) seen.add(id);
      }
      assert.equal(table.size, 0);
      assert.ok([...seen].every((id) => Number.isInteger(id) && id >= 1 && id < 2 ** 32));
    },
  },
  {
    name: 'by id: a call that was given up keeps its id until the answer comes',
    async run() {
      const timekeeper = new Timekeeper(systemPorts.clock);
      const table = new ByIdTable(host, { capacity: 4, firstId: 1, lastId: 1000 });
      let id = 0;
      const call = waitFor<string>(timekeeper, within(20), 'case', (pending) => {
        id = table.add(pending as Pending);
      });
      assert.equal(failureOf(await call).outcome, 'unknown');
      assert.deepEqual([table.size, table.tombstones], [1, 1]);
      assert.equal(table.answer(id, 'late'), true);
      assert.deepEqual([table.size, table.tombstones], [0, 0]);
    },
  },
  {
    name: 'in order: answers match by place, and a lost connection settles the rest',
    async run() {
      const timekeeper = new Timekeeper(systemPorts.clock);
      const table = new InOrderTable(host, { capacity: 1000, clock: systemPorts.clock });
      const calls = Array.from({ length: 1000 }, () =>
        waitFor<number>(timekeeper, within(10_000), 'case', (pending) => table.push(pending as Pending)),
      );
      for (let i = 0; i < 500; i += 1) table.answer(i);
      table.clear(endOfCase);
      const results = await Promise.all(calls);
      assert.deepEqual(
        results.slice(0, 500),
        Array.from({ length: 500 }, (_, i) => i),
      );
      assert.ok(results.slice(500).every((result) => result instanceof Failure && result.outcome === 'unknown'));
    },
  },
  {
    name: 'a semaphore lets in as many as it has permits, in the order of their coming',
    async run() {
      const timekeeper = new Timekeeper(systemPorts.clock);
      const semaphore = new Semaphore({ permits: 2, maxWaiters: 3 });
      const entered: number[] = [];
      let inside = 0;
      let most = 0;
      const work = async (i: number): Promise<Failure | undefined> => {
        const failure = await semaphore.wait(timekeeper, within(10_000));
        if (failure) return failure;
        entered.push(i);
        most = Math.max(most, (inside += 1));
        await new Promise<void>((resolve) => setImmediate(resolve));
        inside -= 1;
        semaphore.release();
        return undefined;
      };
      const results = await Promise.all([0, 1, 2, 3, 4, 5].map(work));
      assert.deepEqual(entered, [0, 1, 2, 3, 4]);
      assert.equal(most, 2);
      assert.equal(failureOf(results[5]).kind, 'overloaded');
    },
  },
];
