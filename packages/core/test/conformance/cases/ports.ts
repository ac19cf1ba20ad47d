import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { systemPorts } from '@wirewright/core';
import type { Case } from '../case.ts';

const { clock, random, turns } = systemPorts;

export const portCases: readonly Case[] = [
  {
    name: 'the clock never runs backwards and has fractions of milliseconds',
    async run() {
      let last = clock.now();
      let fractions = 0;
      for (let each = 0; each < 10_000; each += 1) {
        const now = clock.now();
        assert.ok(now >= last);
        if (!Number.isInteger(now)) fractions += 1;
        last = now;
      }
      assert.ok(fractions > 0);
    },
  },
  {
    name: 'timers fire once, in the order of their times, no earlier than asked; cancelled ones never',
    async run() {
      const fired: string[] = [];
      const began = clock.now();
      let early = 0;
      await new Promise<void>((resolve) => {
        clock.setTimer(() => {
          fired.push('b');
          // A timer may round its time by a millisecond.
          if (clock.now() - began < 29) early += 1;
          resolve();
        }, 30);
        clock.setTimer(() => fired.push('a'), 10);
        const cancelled = clock.setTimer(() => fired.push('never'), 15);
        cancelled.cancel();
        cancelled.cancel();
      });
      assert.deepEqual(fired, ['a', 'b']);
      assert.equal(early, 0);
    },
  },
  {
    name: 'a timer of months can be set, let go of and cancelled',
    async run() {
      const timer = clock.setTimer(() => assert.fail('fired'), 2 ** 33);
      timer.unref();
      timer.ref();
      await new Promise<void>((resolve) => turns.immediate(resolve));
      timer.cancel();
    },
  },
  {
    name: 'a timer that was let go of keeps no process alive: this one is left running',
    async run() {
      clock.setTimer(() => {}, 3_600_000).unref();
    },
  },
  {
    name: 'a tick comes after the code that runs, and before input, timers and immediates',
    async run() {
      const order: string[] = [];
      await new Promise<void>((resolve) => {
        turns.immediate(() => {
          order.push('immediate');
          resolve();
        });
        turns.nextTick(() => order.push('tick'));
        order.push('now');
      });
      assert.deepEqual(order, ['now', 'tick', 'immediate']);
    },
  },
  {
    name: 'random numbers are in [0, 1) and differ',
    async run() {
      const drawn = Array.from({ length: 100 }, () => random.next());
      assert.ok(drawn.every((one) => one >= 0 && one < 1));
      assert.ok(new Set(drawn).size > 90);
    },
  },
  {
    name: "ticks and timers keep the caller's async context",
    async run() {
      const storage = new AsyncLocalStorage<string>();
      const seen = await storage.run('mine', () =>
        Promise.all([
          new Promise((resolve) => turns.nextTick(() => resolve(storage.getStore()))),
          new Promise((resolve) => turns.immediate(() => resolve(storage.getStore()))),
          new Promise((resolve) => clock.setTimer(() => resolve(storage.getStore()), 1)),
        ]),
      );
      assert.deepEqual(seen, ['mine', 'mine', 'mine']);
    },
  },
];
