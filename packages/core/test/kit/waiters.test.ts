import { describe, expect, it } from 'vitest';
import { Pending, Timekeeper } from '../../src/deadline.ts';
import { Failure } from '../../src/errors/failure.ts';
import { Waiters } from '../../src/kit/waiters.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { agree } from '../support/agree.ts';

const broken = new Failure({ kind: 'connection', message: 'no server', outcome: 'not-sent', retryable: true });

interface Waiter {
  readonly pending: Pending<string>;
  readonly results: unknown[];
}

function waiter(dueAt = Infinity, signal?: AbortSignal): Waiter {
  const results: unknown[] = [];
  return { results, pending: new Pending<string>((result) => results.push(result), dueAt, signal) };
}

function line(count: number): { waiters: Waiters<string>; all: Waiter[]; keeper: Timekeeper; clock: FakeClock } {
  const clock = new FakeClock();
  const keeper = new Timekeeper(clock);
  const waiters = new Waiters<string>('pool');
  const all = Array.from({ length: count }, () => waiter());
  for (const { pending } of all) {
    keeper.add(pending as Pending);
    waiters.push(pending);
  }
  return { waiters, all, keeper, clock };
}

describe('Waiters', () => {
  it('lets out first in, first out', () => {
    const { waiters, all } = line(3);
    expect(waiters.size).toBe(3);
    expect(all.map(() => waiters.shift())).toEqual(all.map(({ pending }) => pending));
    expect(waiters.size).toBe(0);
    expect(waiters.shift()).toBeUndefined();
  });

  it('ends one that gives up as not sent, in its phase, and hands it nothing afterwards', () => {
    const { waiters, all } = line(3);
    waiters.abandon((all[0] as Waiter).pending as Pending, 'deadline');
    expect(all[0]?.results).toMatchObject([
      { kind: 'timeout', outcome: 'not-sent', retryable: true, details: { phase: 'pool' } },
    ]);
    expect(waiters.size).toBe(2);
    expect(waiters.shift()).toBe(all[1]?.pending);
    expect(waiters.size).toBe(1);
  });

  it('is asked by the timekeeper at the deadline', async () => {
    const { waiters, all, keeper, clock } = line(1);
    keeper.reschedule((all[0] as Waiter).pending as Pending, 30);
    await clock.advance(30);
    expect(all[0]?.results).toMatchObject([{ kind: 'timeout', details: { phase: 'pool' } }]);
    expect(waiters.size).toBe(0);
  });

  it('does not count one that came settled', () => {
    const { waiters } = line(0);
    const late = waiter();
    late.pending.settle('already');
    waiters.push(late.pending);
    expect(waiters.size).toBe(0);
    expect(waiters.shift()).toBeUndefined();
    expect(waiters.size).toBe(0);
  });

  it('finds its count again after somebody else settled those that wait', () => {
    const { waiters, all } = line(4);
    for (const index of [0, 2]) all[index]?.pending.settle('elsewhere');
    waiters.abandon((all[1] as Waiter).pending as Pending, 'aborted');
    expect(waiters.shift()).toBe(all[3]?.pending);
    expect(waiters.size).toBe(0);
    const next = waiter();
    waiters.push(next.pending);
    expect(waiters.size).toBe(1);
  });

  it('ends all that wait, and only those', () => {
    const { waiters, all } = line(3);
    waiters.abandon((all[1] as Waiter).pending as Pending, 'deadline');
    waiters.fail(broken);
    expect(all.map(({ results }) => results.length)).toEqual([1, 1, 1]);
    expect([all[0]?.results[0], all[2]?.results[0]]).toEqual([broken, broken]);
    expect(waiters.size).toBe(0);
  });

  it('lets one that is told come again, without telling it again', () => {
    const waiters = new Waiters<string>('pool');
    let told = 0;
    const insist = (): void => {
      told += 1;
      if (told < 10) waiters.push(new Pending(insist, Infinity));
    };
    waiters.push(new Pending(insist, Infinity));
    waiters.fail(broken);
    expect(told).toBe(1);
    expect(waiters.size).toBe(1);
  });

  it('is called back from a waiter that gives up', () => {
    const { waiters, all } = line(40);
    const order: unknown[] = [];
    const nested = new Pending<string>(() => order.push(waiters.size, waiters.shift() === all[0]?.pending), Infinity);
    waiters.push(nested);
    waiters.abandon(nested as Pending, 'deadline');
    expect(order).toEqual([40, true]);
    expect(waiters.size).toBe(39);
  });

  it('gives up 10 000 at once without looking at each for each', async () => {
    const clock = new FakeClock();
    const keeper = new Timekeeper(clock);
    const waiters = new Waiters<string>('pool');
    const controller = new AbortController();
    const all = Array.from({ length: 10_000 }, () => waiter(Infinity, controller.signal));
    let looks = 0;
    for (const { pending } of all) {
      let settled = false;
      Object.defineProperty(pending, 'settled', {
        get: () => ((looks += 1), settled),
        set: (value: boolean) => {
          settled = value;
        },
      });
      keeper.add(pending as Pending);
      waiters.push(pending);
    }
    const survivor = waiter();
    waiters.push(survivor.pending);
    controller.abort();
    expect(all.every(({ results }) => results.length === 1)).toBe(true);
    expect(waiters.size).toBe(1);
    expect(waiters.shift()).toBe(survivor.pending);
    expect(looks).toBeLessThan(100_000);
  });

  it('behaves as a list does from which waiters are struck', () => {
    const random = new SeededRandom(21);
    for (let round = 0; round < 100; round += 1) {
      const waiters = new Waiters<string>('pool');
      let model: Waiter[] = [];
      for (let step = 0; step < 300; step += 1) {
        const choice = random.integer(0, 9);
        if (choice <= 4) {
          const next = waiter();
          waiters.push(next.pending);
          model.push(next);
        } else if (choice <= 8 && model.length > 0) {
          const chosen = random.pick(model);
          waiters.abandon(chosen.pending as Pending, 'deadline');
          model = model.filter((other) => other !== chosen);
        } else if (random.chance(0.95)) agree(waiters.shift(), model.shift()?.pending, 'shift');
        else {
          waiters.fail(broken);
          for (const { results } of model.splice(0)) expect(results).toEqual([broken]);
        }
        agree(waiters.size, model.length, 'size');
      }
    }
  });
});
