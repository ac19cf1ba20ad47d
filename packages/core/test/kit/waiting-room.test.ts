import { describe, expect, it } from 'vitest';
import { abandonedFailure, Failure, Timekeeper } from '../../src/index.ts';
import { WaitingRoom } from '../../src/kit/index.ts';
import { FakeClock, SeededRandom } from '../../src/testing/index.ts';
import { agree } from '../support/agree.ts';
import { Request as Waiter } from '../support/table-host.ts';

const lost = new Failure({ kind: 'connection', message: 'no server', outcome: 'not-sent', retryable: true });

function roomOf(maxCount: number, maxBytes = Infinity): WaitingRoom<string> {
  return new WaitingRoom<string>(maxCount, maxBytes, (pending, why) =>
    abandonedFailure(pending, why, 'not-sent', 'a test'),
  );
}

function enter(room: WaitingRoom<string>, name: string, bytes = 0): Waiter | undefined {
  const waiter = new Waiter(name);
  return room.enter(name, waiter, bytes) ? waiter : undefined;
}

describe('WaitingRoom', () => {
  it('lets out first in, first out, with what came in', () => {
    const room = roomOf(10);
    const waiters = ['a', 'b', 'c'].map((name) => enter(room, name, 5));
    expect([room.size, room.bytes]).toEqual([3, 15]);
    expect(room.leave()).toEqual({ request: 'a', pending: waiters[0], bytes: 5 });
    expect([room.leave()?.request, room.leave()?.request]).toEqual(['b', 'c']);
    expect(room.leave()).toBe(undefined);
    expect([room.size, room.bytes]).toEqual([0, 0]);
  });

  it('is bounded by count', () => {
    const room = roomOf(2);
    expect([enter(room, 'a'), enter(room, 'b'), enter(room, 'c')].map(Boolean)).toEqual([true, true, false]);
    room.leave();
    expect(enter(room, 'd')).toBeDefined();
    expect(room.size).toBe(2);
  });

  it('is bounded by bytes, and takes one of any size when nobody else is there', () => {
    const room = roomOf(10, 100);
    expect(enter(room, 'large', 1000)).toBeDefined();
    expect(enter(room, 'small', 1)).toBe(undefined);
    room.leave();
    expect([enter(room, 'a', 60), enter(room, 'b', 40), enter(room, 'c', 1)].map(Boolean)).toEqual([true, true, false]);
    expect(enter(room, 'nothing', 0)).toBeDefined();
    expect(room.bytes).toBe(100);
  });

  it.each([NaN, -5, undefined])('keeps its bound when it is told a size of %s', (bytes) => {
    const room = roomOf(10, 100);
    enter(room, 'nonsense', bytes);
    expect(room.bytes).toBe(0);
    enter(room, 'a', 100);
    expect(enter(room, 'b', 1)).toBe(undefined);
  });

  it('tells one that gives up why, at once, and makes room for another', () => {
    const room = roomOf(1);
    const waiter = enter(room, 'a') as Waiter;
    expect(waiter.holder).toBe(room);
    room.abandon(waiter, 'deadline');
    expect(waiter.results).toMatchObject([{ kind: 'timeout', details: { phase: 'a test' } }]);
    expect(room.size).toBe(0);
    expect(enter(room, 'b')).toBeDefined();
    expect(enter(room, 'c')).toBe(undefined);
    expect(room.leave()?.request).toBe('b');
    expect(room.size).toBe(0);
  });

  it('is told by the timekeeper', async () => {
    const clock = new FakeClock();
    const keeper = new Timekeeper(clock);
    const room = roomOf(1);
    const waiter = enter(room, 'a') as Waiter;
    waiter.dueAt = 30;
    keeper.add(waiter);
    await clock.advance(40);
    expect(waiter.outcome).toBe('timeout not-sent');
    expect([room.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('gives the bytes of those that gave up to who needs them', () => {
    const room = roomOf(10, 100);
    const waiters = [enter(room, 'a', 50), enter(room, 'b', 50)] as Waiter[];
    room.abandon(waiters[0] as Waiter, 'aborted');
    expect(enter(room, 'c', 51)).toBe(undefined);
    expect(enter(room, 'd', 50)).toBeDefined();
    expect([room.size, room.bytes]).toEqual([2, 100]);
    expect(room.leave()?.request).toBe('b');
  });

  it('does not keep many that gave up', () => {
    const room = roomOf(1000);
    const waiters = Array.from({ length: 100 }, (_, i) => enter(room, `${i}`, 1) as Waiter);
    for (const waiter of waiters.slice(0, 80)) room.abandon(waiter, 'aborted');
    expect(room.size).toBe(20);
    expect(room.bytes).toBeLessThan(80);
    expect(room.leave()?.request).toBe('80');
  });

  it('counts right whoever settles those that wait', () => {
    const room = roomOf(2);
    const waiters = [enter(room, 'a', 1), enter(room, 'b', 1)] as Waiter[];
    waiters[0]?.settle('by somebody else');
    expect(room.leave()?.request).toBe('b');
    expect([room.size, room.bytes]).toEqual([0, 0]);
    expect([enter(room, 'c'), enter(room, 'd'), enter(room, 'e')].map(Boolean)).toEqual([true, true, false]);
    room.fail(lost);
    waiters[1]?.settle('');
    expect(room.size).toBe(0);
  });

  it('does not take in who is settled already', () => {
    const room = roomOf(1);
    const waiter = new Waiter('a');
    waiter.settle('done');
    expect(room.enter('a', waiter, 5)).toBe(true);
    expect([room.size, room.bytes]).toEqual([0, 0]);
  });

  it('ends all with one failure, and forgets those that gave up', () => {
    const room = roomOf(10);
    const waiters = ['a', 'b', 'c'].map((name) => enter(room, name, 7) as Waiter);
    room.abandon(waiters[1] as Waiter, 'aborted');
    waiters[2]?.settle('by somebody else');
    room.fail(lost);
    expect(waiters.map(({ outcome }) => outcome)).toEqual([
      'connection not-sent',
      'aborted not-sent',
      'by somebody else',
    ]);
    expect([room.size, room.bytes]).toEqual([0, 0]);
  });

  it('lets in who comes while the others are told, and does not tell it, too', () => {
    const room = roomOf(10);
    const again: Waiter[] = [];
    for (const name of ['a', 'b']) {
      const waiter = new Waiter(name, () => {
        const next = new Waiter(`${name} again`);
        again.push(next);
        room.enter(next.name, next, 0);
      });
      room.enter(name, waiter, 0);
    }
    room.fail(lost);
    expect(again.map(({ settled }) => settled)).toEqual([false, false]);
    expect([room.leave()?.request, room.leave()?.request]).toEqual(['a again', 'b again']);
  });

  it('can be swept while it tells the others', () => {
    const room = roomOf(1000);
    const others: Waiter[] = [];
    const first = new Waiter('first', () => {
      for (const other of others) room.abandon(other, 'aborted');
    });
    room.enter('first', first, 0);
    for (let i = 0; i < 100; i += 1) others.push(enter(room, `${i}`, 1) as Waiter);
    room.fail(lost);
    expect([room.size, room.bytes]).toEqual([0, 0]);
  });

  it('agrees with a list, whatever happens in it', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const random = new SeededRandom(seed);
      const [maxCount, maxBytes] = [random.integer(1, 60), random.integer(1, 300)];
      const room = roomOf(maxCount, maxBytes);
      let list: { waiter: Waiter; bytes: number }[] = [];
      for (let step = 0; step < 300; step += 1) {
        const choice = random.next();
        if (choice < 0.5) {
          const bytes = random.integer(0, 20);
          const waiter = new Waiter(`${seed} ${step}`);
          const total = list.reduce((sum, each) => sum + each.bytes, 0);
          const hasRoom = list.length < maxCount && (list.length === 0 || total + bytes <= maxBytes);
          agree(room.enter(waiter.name, waiter, bytes), hasRoom, `seed ${seed}: entered`);
          if (hasRoom) list.push({ waiter, bytes });
        } else if (choice < 0.75 && list.length > 0) {
          const { waiter } = random.pick(list);
          room.abandon(waiter, 'aborted');
          list = list.filter((each) => each.waiter !== waiter);
        } else if (choice < 0.99) agree(room.leave()?.pending, list.shift()?.waiter, `seed ${seed}: left`);
        else {
          room.fail(lost);
          agree(list.filter(({ waiter }) => waiter.outcome !== 'connection not-sent').length, 0, 'told');
          list = [];
        }
        agree(room.size, list.length, `seed ${seed}: size`);
      }
    }
  });
});
