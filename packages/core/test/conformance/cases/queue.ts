import assert from 'node:assert/strict';
import { Failure, OverloadedError, systemPorts, Timekeeper } from '@wirewright/core';
import { Queue } from '@wirewright/core/kit';
import type { Case } from '../case.ts';
import { failureOf } from '../support/lines.ts';

const wide = { maxItems: 100, maxBytes: Infinity, whenFull: 'wait' } as const;

async function readAll<T>(queue: Queue<T>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

export const queueCases: readonly Case[] = [
  {
    name: 'is read in order by `for await`, until its end',
    async run() {
      const queue = new Queue<number>(wide);
      const reading = readAll(queue);
      queue.push(1);
      queue.push(2);
      await null;
      queue.notify({ notice: 'reconnected', epoch: 2 });
      queue.push(3);
      queue.end();
      assert.deepEqual(await reading, [1, 2, { notice: 'reconnected', epoch: 2 }, 3]);
    },
  },
  {
    name: 'leaving the loop tells who fills it, and waits for that',
    async run() {
      const told: string[] = [];
      const onReturn = async (): Promise<void> => {
        await null;
        told.push('returned');
      };
      const queue = new Queue<number>({ ...wide, onReturn });
      queue.push(1);
      queue.push(2);
      for await (const item of queue) {
        assert.equal(item, 1);
        break;
      }
      assert.deepEqual(told, ['returned']);
      assert.equal(queue.push(3), false);
    },
  },
  {
    name: 'drops the oldest or the newest, and says how many',
    async run() {
      const oldest = new Queue<number>({ ...wide, maxItems: 2, whenFull: 'drop-oldest' });
      const newest = new Queue<number>({ ...wide, maxItems: 2, whenFull: 'drop-newest' });
      for (const queue of [oldest, newest]) {
        for (let i = 1; i <= 4; i += 1) queue.push(i);
        queue.end();
      }
      assert.deepEqual(await readAll(oldest), [{ notice: 'dropped', count: 2 }, 3, 4]);
      assert.deepEqual(await readAll(newest), [1, 2, { notice: 'dropped', count: 2 }]);
    },
  },
  {
    name: 'ends as overloaded where that is asked for',
    async run() {
      const queue = new Queue<number>({ ...wide, maxItems: 1, whenFull: 'close', system: 'case' });
      queue.push(1);
      assert.equal(queue.push(2), false);
      assert.deepEqual(await queue.next(), { done: false, value: 1 });
      await assert.rejects(queue.next(), OverloadedError);
      assert.equal((await queue.next()).done, true);
    },
  },
  {
    name: 'producers wait for room, or for their deadline',
    async run() {
      const timekeeper = new Timekeeper(systemPorts.clock);
      const queue = new Queue<string>({ ...wide, maxBytes: 10 });
      assert.equal(queue.push('first', 10), true);
      const limits = (ms: number): { dueAt: number } => ({ dueAt: systemPorts.clock.now() + ms });
      const hasty = queue.pushWhenRoom('hasty', 10, timekeeper, limits(20));
      const patient = queue.pushWhenRoom('patient', 10, timekeeper, limits(10_000));
      assert.equal(failureOf(await hasty).kind, 'timeout');
      assert.deepEqual(await queue.next(), { done: false, value: 'first' });
      assert.equal(await patient, undefined);
      assert.deepEqual(await queue.next(), { done: false, value: 'patient' });
    },
  },
  {
    name: 'a failure reaches the reader behind what is there, as an error of its kind',
    async run() {
      const queue = new Queue<number>({ ...wide, system: 'case' });
      queue.push(1);
      queue.fail(new Failure({ kind: 'overloaded', message: 'too slow', outcome: 'not-sent', retryable: true }));
      const read: unknown[] = [];
      await assert.rejects(async () => {
        for await (const item of queue) read.push(item);
      }, OverloadedError);
      assert.deepEqual(read, [1]);
    },
  },
];
