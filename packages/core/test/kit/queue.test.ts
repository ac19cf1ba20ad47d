import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeEach, describe, expect, it } from 'vitest';
import { Timekeeper } from '../../src/deadline.ts';
import { Failure } from '../../src/errors/failure.ts';
import { ConnectionError, OverloadedError } from '../../src/errors/kinds.ts';
import { Queue } from '../../src/kit/queue.ts';
import type { QueueOptions } from '../../src/kit/queue-options.ts';
import { dropped, gap, isNotice, type Notice, reconnected, recreated } from '../../src/notices.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import type { CallLimits } from '../../src/waiting.ts';
import { collectGarbage } from '../support/collect-garbage.ts';
import { countedSignal } from '../support/counted-signal.ts';

const lost = new Failure({ kind: 'connection', message: 'lost', outcome: 'unknown', retryable: true });
const make = <T = number>(options: Partial<QueueOptions> = {}): Queue<T> =>
  new Queue<T>({ maxItems: 3, maxBytes: Infinity, whenFull: 'wait', ...options });

/** All that can be read now. */
function drain<T>(queue: Queue<T>): (T | Notice)[] {
  const read: (T | Notice)[] = [];
  for (let entry = queue.take(); entry !== undefined; entry = queue.take()) read.push(entry);
  return read;
}

let clock: FakeClock;
let timekeeper: Timekeeper;

beforeEach(() => {
  clock = new FakeClock();
  timekeeper = new Timekeeper(clock);
});

describe('reading', () => {
  it('gives items in order, then waits for the next', async () => {
    const queue = make();
    queue.push(1);
    queue.push(2);
    const read = [queue.next(), queue.next(), queue.next(), queue.next()];
    expect(queue.size).toBe(0);
    queue.push(3);
    queue.push(4);
    expect((await Promise.all(read)).map(({ value }) => value)).toEqual([1, 2, 3, 4]);
  });

  it('ends after what is there', async () => {
    const queue = make();
    queue.push(1);
    queue.end();
    expect(queue.push(2)).toBe(false);
    const read: unknown[] = [];
    for await (const item of queue) read.push(item);
    expect(read).toEqual([1]);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('ends those that wait', async () => {
    const queue = make();
    const read = [queue.next(), queue.next()];
    queue.end();
    expect(await Promise.all(read)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  it('fails after what is there, once, with a stack of the reader', async () => {
    const queue = make({ system: 'thing' });
    queue.push(1);
    queue.fail(lost);
    queue.fail(new Error('a second'));
    expect((await queue.next()).value).toBe(1);
    const error = await queue.next().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ message: 'lost', system: 'thing' });
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('fails the first of those that wait and ends the others', async () => {
    const queue = make();
    async function readerOfThisTest(): Promise<unknown> {
      return await queue.next();
    }
    const first = readerOfThisTest();
    const second = queue.next();
    queue.fail(lost);
    const error = (await first.catch((caught: unknown) => caught)) as Error;
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.stack).toContain('readerOfThisTest');
    expect(await second).toEqual({ done: true, value: undefined });
  });

  it('passes an error on as it is', async () => {
    const queue = make();
    const error = new TypeError('own');
    queue.fail(error);
    await expect(queue.next()).rejects.toBe(error);
  });

  it('is read without waiting by take()', () => {
    const queue = make();
    expect(queue.take()).toBeUndefined();
    queue.push(1);
    expect(queue.take()).toBe(1);
    queue.fail(lost);
    expect(() => queue.take()).toThrow(ConnectionError);
    expect(queue.take()).toBeUndefined();
  });

  it("keeps the reader's AsyncLocalStorage", async () => {
    const storage = new AsyncLocalStorage<string>();
    const queue = make();
    const seen: unknown[] = [];
    const reader = storage.run('reader', async () => {
      for await (const item of queue) seen.push([item, storage.getStore()]);
    });
    queue.push(0);
    storage.run('producer', () => queue.push(1));
    await clock.advance(0);
    storage.run('producer', () => queue.push(2));
    queue.end();
    await reader;
    expect(seen).toEqual([
      [0, 'reader'],
      [1, 'reader'],
      [2, 'reader'],
    ]);
  });
});

describe('leaving', () => {
  it('stops the stream, once, and throws away what was not read', async () => {
    let stopped = 0;
    const queue = make({
      onReturn: async () => {
        await clock.advance(0);
        stopped += 1;
      },
    });
    queue.push(1);
    queue.push(2);
    for await (const item of queue) if (item === 1) break;
    expect(stopped).toBe(1);
    expect(queue.size).toBe(0);
    expect(queue.push(3)).toBe(false);
    expect(queue.notify(recreated())).toBe(false);
    expect(await queue.return()).toEqual({ done: true, value: undefined });
    await queue[Symbol.asyncDispose]();
    expect(stopped).toBe(1);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('ends those that wait, and drops a failure that nobody read', async () => {
    const queue = make();
    const waiting = queue.next();
    await queue.return();
    expect((await waiting).done).toBe(true);
    const failed = make();
    failed.fail(lost);
    await failed.return();
    expect((await failed.next()).done).toBe(true);
  });

  it('by throw() rejects with the error', async () => {
    let stopped = false;
    const queue = make({
      onReturn: () => {
        stopped = true;
      },
    });
    await expect(queue.throw(new RangeError('mine'))).rejects.toThrow('mine');
    expect(stopped).toBe(true);
  });

  it('keeps no reference to items that were read, dropped or left', async () => {
    const queue = make<object>({ whenFull: 'drop-oldest', maxItems: 2 });
    const refs = (() =>
      Array.from({ length: 4 }, () => {
        const item = {};
        queue.push(item);
        return new WeakRef(item);
      }))();
    (() => queue.take())();
    (() => queue.take())();
    await collectGarbage();
    expect(refs.map((ref) => ref.deref() !== undefined)).toEqual([false, false, false, true]);
    await queue.return();
    await collectGarbage();
    expect(refs[3]?.deref()).toBeUndefined();
  });
});

describe('bounds', () => {
  it('are by count and by bytes', () => {
    const byCount = make({ maxItems: 2 });
    expect([byCount.push(1), byCount.push(2), byCount.push(3)]).toEqual([true, true, false]);
    const byBytes = make({ maxBytes: 10 });
    expect([byBytes.push(1, 4), byBytes.push(2, 6), byBytes.push(3, 1)]).toEqual([true, true, false]);
    expect([byBytes.size, byBytes.bytes]).toEqual([2, 10]);
    byBytes.take();
    expect(byBytes.bytes).toBe(6);
  });

  it('let one item through that is larger than all', () => {
    const queue = make({ maxBytes: 10 });
    expect([queue.push(1, 100), queue.push(2, 1)]).toEqual([true, false]);
    queue.take();
    expect([queue.push(2, 1), queue.push(3, 100)]).toEqual([true, false]);
  });

  it('are not filled by what goes straight to a reader', async () => {
    const queue = make({ maxItems: 1 });
    const read = queue.next();
    expect([queue.push(1), queue.push(2), queue.push(3)]).toEqual([true, true, false]);
    expect((await read).value).toBe(1);
  });

  it('drop the oldest and say how many, at their place', () => {
    const queue = make({ whenFull: 'drop-oldest' });
    for (let i = 1; i <= 5; i += 1) expect(queue.push(i)).toBe(true);
    expect(queue.droppedCount).toBe(2);
    expect(drain(queue)).toEqual([dropped(2), 3, 4, 5]);
    expect(drain(queue)).toEqual([]);
  });

  it('drop as many old ones as the bytes of a new one need', () => {
    const queue = make({ whenFull: 'drop-oldest', maxBytes: 10 });
    queue.push(1, 4);
    queue.push(2, 4);
    queue.push(3, 9);
    expect(drain(queue)).toEqual([dropped(2), 3]);
    expect(queue.bytes).toBe(0);
  });

  it('drop the newest and say how many, at their place', () => {
    const queue = make({ whenFull: 'drop-newest', maxItems: 2 });
    expect([1, 2, 3, 4].map((item) => queue.push(item))).toEqual([true, true, false, false]);
    expect(queue.take()).toBe(1);
    expect(queue.push(5)).toBe(true);
    expect(queue.push(6)).toBe(false);
    expect(drain(queue)).toEqual([2, dropped(2), 5, dropped(1)]);
    expect(queue.droppedCount).toBe(3);
  });

  it('close the queue: what is there can be read, then OverloadedError', async () => {
    const queue = make({ whenFull: 'close', maxItems: 1, system: 'thing' });
    expect([queue.push(1, 7), queue.push(2, 7), queue.push(3, 7)]).toEqual([true, false, false]);
    expect(queue.ended).toBe(true);
    expect((await queue.next()).value).toBe(1);
    const error = await queue.next().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OverloadedError);
    expect(error).toMatchObject({ code: 'READER_BEHIND', retryable: true, details: { items: 1, bytes: 7 } });
  });

  it('refuse nonsense', () => {
    expect(() => make({ maxItems: 0 })).toThrow("Queue: 'maxItems' must be an integer of at least 1; got 0");
    expect(() => make({ maxBytes: Number.NaN })).toThrow("'maxBytes'");
    expect(() => make({ whenFull: 'drop' as never })).toThrow("'whenFull' must be one of 'wait', 'drop-oldest'");
    expect(() => make({ maxProducers: -1 })).toThrow("'maxProducers'");
    expect(() => make({ onHigh: 1 as never })).toThrow("'onHigh' must be a function");
    expect(() => make({ onLow: 1 as never })).toThrow("'onLow' must be a function");
    expect(() => make({ onReturn: 1 as never })).toThrow("'onReturn' must be a function");
  });
});

describe('notices', () => {
  it('come in order with the items, need no room and reach a reader that waits', async () => {
    const queue = make({ maxItems: 1 });
    const waiting = queue.next();
    queue.notify(reconnected(1));
    queue.push(1);
    queue.notify(gap(2n, 3n));
    queue.notify(recreated());
    expect(queue.size).toBe(1);
    expect((await waiting).value).toEqual(reconnected(1));
    expect(drain(queue)).toEqual([1, gap(2n, 3n), recreated()]);
  });

  it('are merged while no item stands between them: an unread queue stays bounded', () => {
    const queue = make();
    queue.push(1);
    for (let epoch = 2; epoch < 1000; epoch += 1) {
      queue.notify(gap(BigInt(epoch), BigInt(epoch + 1)));
      queue.notify(reconnected(epoch));
    }
    queue.push(2);
    queue.notify(reconnected(1000));
    expect(drain(queue)).toEqual([1, gap(2n, 1000n), reconnected(999), 2, reconnected(1000)]);
  });

  it('are not dropped with the items around them', () => {
    const queue = make({ whenFull: 'drop-oldest', maxItems: 1 });
    queue.push(1);
    for (let epoch = 2; epoch < 100; epoch += 1) {
      queue.notify(gap(BigInt(epoch), BigInt(epoch)));
      queue.notify(reconnected(epoch));
      queue.push(epoch);
    }
    expect(drain(queue)).toEqual([dropped(98), gap(2n, 98n), reconnected(98), gap(99n, 99n), reconnected(99), 99]);
  });

  it('follow what was dropped before them', () => {
    const queue = make({ whenFull: 'drop-newest', maxItems: 1 });
    queue.push(1);
    queue.push(2);
    queue.notify(recreated());
    queue.push(3);
    queue.notify(recreated());
    expect(drain(queue)).toEqual([1, dropped(2), recreated()]);
  });
});

describe('pushWhenRoom', () => {
  const unbounded: CallLimits = { dueAt: Infinity };
  let log: string[];
  let queue: Queue<string>;

  function produce(item: string, limits: CallLimits = unbounded, bytes = 0): void {
    void queue.pushWhenRoom(item, bytes, timekeeper, limits).then((failure) => {
      log.push(failure ? `${item}: ${failure.kind} ${failure.outcome}` : item);
    });
  }

  beforeEach(() => {
    log = [];
    queue = make<string>({ maxItems: 1, maxBytes: 10 });
  });

  it('waits for room, in order', async () => {
    for (const item of ['a', 'b', 'c']) produce(item);
    await clock.advance(0);
    expect(log).toEqual(['a']);
    expect(queue.push('x')).toBe(false);
    expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual(['a', 'b', 'c', undefined]);
    await clock.advance(0);
    expect(log).toEqual(['a', 'b', 'c']);
    expect(timekeeper.size).toBe(0);
  });

  it('keeps a small item behind a large one that waits', async () => {
    queue = make<string>({ maxBytes: 10 });
    queue.push('first', 6);
    produce('large', unbounded, 6);
    produce('small', unbounded, 1);
    expect(queue.push('smaller', 1)).toBe(false);
    expect([queue.take(), queue.take(), queue.take()]).toEqual(['first', 'large', 'small']);
  });

  it('honours deadline and signal, and leaves no listener', async () => {
    queue.push('full');
    const controller = new AbortController();
    const { signal, listeners } = countedSignal(controller);
    produce('late', { dueAt: 20 });
    produce('aborted', { dueAt: Infinity, signal });
    produce('never', { dueAt: Infinity, signal: AbortSignal.abort() });
    await clock.advance(5);
    controller.abort();
    await clock.advance(30);
    expect(log).toEqual(['never: aborted not-sent', 'aborted: aborted not-sent', 'late: timeout not-sent']);
    expect([queue.take(), queue.take()]).toEqual(['full', undefined]);
    expect(listeners()).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('bounds those that wait', async () => {
    queue = make<string>({ maxItems: 1, maxProducers: 1 });
    for (const item of ['a', 'b', 'c']) produce(item);
    await clock.advance(0);
    expect(log).toEqual(['a', 'c: overloaded not-sent']);
  });

  it('ends with the queue', async () => {
    for (const item of ['a', 'b']) produce(item);
    await queue.return();
    produce('c');
    await clock.advance(0);
    expect(log).toEqual(['a', 'b: closed not-sent', 'c: closed not-sent']);
  });
});

describe('watermarks', () => {
  function watched(options: Partial<QueueOptions>): { queue: Queue<number>; log: string[] } {
    const log: string[] = [];
    const queue = make({ onHigh: () => log.push('high'), onLow: () => log.push('low'), ...options });
    return { queue, log };
  }

  it('tell at three quarters and at one quarter', () => {
    const { queue, log } = watched({ maxItems: 8 });
    for (let i = 0; i < 5; i += 1) queue.push(i);
    expect(log).toEqual([]);
    queue.push(5);
    queue.push(6);
    expect(log).toEqual(['high']);
    for (let i = 0; i < 4; i += 1) queue.take();
    expect(log).toEqual(['high']);
    queue.take();
    expect(log).toEqual(['high', 'low']);
    for (let i = 0; i < 4; i += 1) queue.push(i);
    expect(log).toEqual(['high', 'low', 'high']);
  });

  it('go by bytes too', () => {
    const { queue, log } = watched({ maxItems: 100, maxBytes: 100 });
    queue.push(1, 74);
    queue.push(1, 1);
    expect(log).toEqual(['high']);
    queue.take();
    expect(log).toEqual(['high', 'low']);
  });

  it('let a queue of one breathe', () => {
    const { queue, log } = watched({ maxItems: 1 });
    queue.push(1);
    queue.take();
    expect(log).toEqual(['high', 'low']);
  });

  it('never leave what fills the queue paused after its end', async () => {
    for (const finish of [
      (q: Queue<number>) => q.end(),
      (q: Queue<number>) => q.fail(lost),
      (q: Queue<number>) => q.return(),
    ]) {
      const { queue, log } = watched({ maxItems: 2 });
      queue.push(1);
      queue.push(2);
      await finish(queue);
      expect(log).toEqual(['high', 'low']);
    }
  });
});

it('loses nothing without a notice, whatever happens', () => {
  const random = new SeededRandom(11);
  for (let round = 0; round < 300; round += 1) {
    const maxItems = random.integer(1, 6);
    const maxBytes = random.chance(0.5) ? Infinity : random.integer(1, 30);
    const whenFull = random.pick(['drop-oldest', 'drop-newest'] as const);
    const queue = make({ maxItems, maxBytes, whenFull });
    let pushed = 0;
    let next = 0;
    let seen = 0;
    const read = (): void => {
      const entry = queue.take();
      if (entry === undefined) return;
      if (!isNotice(entry)) {
        expect(entry).toBe(next);
        next += 1;
        seen += 1;
      } else if (entry.notice === 'dropped') {
        next += entry.count;
      }
    };
    for (let step = 0; step < 200; step += 1) {
      if (random.chance(0.6)) queue.push(pushed++, random.integer(0, 10));
      else if (random.chance(0.2)) queue.notify(reconnected(step));
      else read();
      expect(queue.size).toBeLessThanOrEqual(maxItems);
      if (queue.size > 1) expect(queue.bytes).toBeLessThanOrEqual(maxBytes);
    }
    for (let i = 0; i < 100; i += 1) read();
    expect(next).toBe(pushed);
    expect(pushed - seen).toBe(queue.droppedCount);
  }
});
