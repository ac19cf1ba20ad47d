import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { createFakePorts } from '../../src/testing/fake-ports.ts';
import { FakeTurns } from '../../src/testing/fake-turns.ts';

describe('FakeClock', () => {
  it('runs due timers in order of time, each at its own time', async () => {
    const clock = new FakeClock({ startMs: 100 });
    const log: string[] = [];
    clock.setTimer(() => log.push(`b@${clock.now()}`), 20);
    clock.setTimer(() => log.push(`a@${clock.now()}`), 10);
    clock.setTimer(() => log.push(`c@${clock.now()}`), 20);
    clock.setTimer(() => log.push('later'), 21);
    await clock.advance(20);
    expect(log).toEqual(['a@110', 'b@120', 'c@120']);
    expect(clock.now()).toBe(120);
  });

  it('runs timers that timers start, if they are due within the same advance', async () => {
    const clock = new FakeClock();
    const log: number[] = [];
    const again = (): void => {
      log.push(clock.now());
      clock.setTimer(again, 10);
    };
    clock.setTimer(again, 10);
    await clock.advance(35);
    expect(log).toEqual([10, 20, 30]);
    expect(clock.nextAt).toBe(40);
  });

  it('settles promises between two timers, however long their chain', async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    clock.setTimer(() => {
      void (async () => {
        for (let link = 0; link < 100; link += 1) await null;
        log.push('promise');
      })();
    }, 1);
    clock.setTimer(() => log.push('timer'), 1);
    await clock.advance(1);
    expect(log).toEqual(['promise', 'timer']);
  });

  it('never runs backwards, also where two advances overlap', async () => {
    const clock = new FakeClock();
    const times: number[] = [];
    for (const at of [10, 30, 50]) clock.setTimer(() => times.push(clock.now()), at);
    await Promise.all([clock.advance(100), clock.advance(20)]);
    expect([times, clock.now()]).toEqual([[10, 30, 50], 100]);
  });

  it('moves synchronously too, without promises but with ticks', () => {
    const clock = new FakeClock();
    const log: string[] = [];
    clock.setTimer(() => {
      void Promise.resolve().then(() => log.push('promise'));
      clock.turns.nextTick(() => log.push('tick'));
    }, 1);
    clock.setTimer(() => log.push('timer'), 1);
    clock.advanceSync(5);
    expect(log).toEqual(['tick', 'timer']);
    expect(clock.now()).toBe(5);
  });

  it('does not run a timer that was cancelled, also by a timer of the same time', async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    clock.setTimer(() => second.cancel(), 5);
    const second = clock.setTimer(() => log.push('second'), 5);
    const fired = clock.setTimer(() => log.push('fired'), 5);
    await clock.advance(5);
    fired.cancel();
    expect(log).toEqual(['fired']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('counts what is pending and what is refed', async () => {
    const clock = new FakeClock();
    const first = clock.setTimer(() => {}, 5);
    const second = clock.setTimer(() => {}, 6);
    first.unref();
    first.unref();
    expect([clock.pendingTimers, clock.refedTimers]).toEqual([2, 1]);
    first.ref();
    expect(clock.refedTimers).toBe(2);
    await clock.advance(5);
    first.unref();
    first.cancel();
    expect([clock.pendingTimers, clock.refedTimers]).toEqual([1, 1]);
    second.cancel();
    second.cancel();
    expect([clock.pendingTimers, clock.refedTimers]).toEqual([0, 0]);
  });

  it('jumps over timers without running them; they run late, at the time it is then', async () => {
    const clock = new FakeClock();
    const log: number[] = [];
    clock.setTimer(() => log.push(clock.now()), 10);
    clock.jump(1000);
    expect(log).toEqual([]);
    await clock.advance(0);
    expect(log).toEqual([1000]);
  });

  it('runs until only unrefed timers are left', async () => {
    const clock = new FakeClock();
    let fired = 0;
    clock.setTimer(() => clock.setTimer(() => (fired += 1), 1000), 1000);
    const background = clock.setTimer(() => {}, 1e9);
    background.unref();
    expect(await clock.runUntilIdle()).toBe(true);
    expect([fired, clock.now(), clock.pendingTimers]).toEqual([1, 2000, 1]);
  });

  it('says that it is not idle yet at the limit, and gives up on a loop without end', async () => {
    const clock = new FakeClock();
    clock.setTimer(() => {}, 100);
    expect(await clock.runUntilIdle(99)).toBe(false);
    expect(await clock.runUntilIdle(1)).toBe(true);
    const again = (): void => void clock.setTimer(again, 0);
    again();
    await expect(clock.runUntilIdle()).rejects.toThrow(/not idle after/);
  });

  it('never fires a timer of infinite delay', async () => {
    const clock = new FakeClock();
    const timer = clock.setTimer(() => expect.unreachable(), Infinity);
    await clock.advance(1e12);
    expect(clock.pendingTimers).toBe(1);
    timer.unref();
    expect(await clock.runUntilIdle()).toBe(true);
  });

  it('refuses time that runs backwards and delays that are none', async () => {
    const clock = new FakeClock();
    expect(() => clock.jump(-1)).toThrow(/virtual time moves by 0 ms or more/);
    await expect(clock.advance(Number.NaN)).rejects.toThrow(/virtual time/);
    expect(() => clock.advanceSync(Infinity)).toThrow(/virtual time/);
    expect(() => clock.setTimer(() => {}, Number.NaN)).toThrow(/delay must be 0 ms or more/);
  });

  it('starts afresh on reset; a timer from before stays dead', async () => {
    const clock = new FakeClock();
    const before = clock.setTimer(() => expect.unreachable(), 5);
    clock.turns.nextTick(() => expect.unreachable());
    await clock.advance(1).catch(() => {});
    clock.reset(7);
    before.cancel();
    before.unref();
    clock.setTimer(() => {}, 1);
    await clock.advance(100);
    expect([clock.now(), clock.pendingTimers, clock.refedTimers]).toEqual([107, 0, 0]);
  });
});

describe('turns on a FakeClock', () => {
  it('run in the order of an event loop: event, ticks, promises, what is due, immediates, later', async () => {
    const clock = new FakeClock();
    const { turns } = clock;
    const log: string[] = [];
    clock.setTimer(() => {
      log.push('event');
      turns.immediate(() => {
        log.push('immediate');
        turns.nextTick(() => log.push('tick of immediate'));
      });
      turns.immediate(() => log.push('second immediate'));
      void Promise.resolve().then(() => {
        log.push('promise');
        turns.nextTick(() => log.push('tick of promise'));
      });
      turns.nextTick(() => log.push('tick'));
    }, 1);
    clock.setTimer(() => log.push('due'), 1);
    clock.setTimer(() => log.push('later'), 1.001);
    await clock.advance(2);
    expect(log).toEqual([
      'event',
      'tick',
      'promise',
      'tick of promise',
      'due',
      'immediate',
      'tick of immediate',
      'second immediate',
      'later',
    ]);
  });

  it('can be run by hand', () => {
    const turns = new FakeTurns();
    const log: string[] = [];
    turns.nextTick(() => turns.nextTick(() => log.push('nested')));
    turns.immediate(() => log.push('immediate'));
    expect([turns.pendingTicks, turns.pendingImmediates]).toEqual([1, 1]);
    expect(turns.runTicks()).toBe(2);
    expect(turns.runImmediate()).toBe(true);
    expect(turns.runImmediate()).toBe(false);
    expect(log).toEqual(['nested', 'immediate']);
    turns.nextTick(() => expect.unreachable());
    turns.immediate(() => expect.unreachable());
    turns.clear();
    expect([turns.runTicks(), turns.runImmediate()]).toEqual([0, false]);
  });

  it('keep the rest of the queue when a callback throws, and end a queue that feeds itself', () => {
    const turns = new FakeTurns();
    const log: string[] = [];
    turns.nextTick(() => {
      throw new Error('callback');
    });
    turns.nextTick(() => log.push('rest'));
    expect(() => turns.runTicks()).toThrow('callback');
    turns.runTicks();
    expect(log).toEqual(['rest']);
    const forever = (): void => turns.nextTick(forever);
    forever();
    expect(() => turns.runTicks()).toThrow(/did not empty/);
  });
});

describe('createFakePorts', () => {
  it('joins a clock, its turns and a seeded generator', async () => {
    const ports = createFakePorts({ seed: 4, startMs: 50 });
    const first = ports.random.next();
    const log: string[] = [];
    ports.turns.nextTick(() => log.push('tick'));
    ports.turns.immediate(() => log.push('immediate'));
    await ports.settle();
    expect(log).toEqual(['tick', 'immediate']);
    ports.clock.setTimer(() => expect.unreachable(), 1);
    await ports.clock.advance(0.5);
    ports.reset(4);
    expect([ports.clock.now(), ports.clock.pendingTimers, ports.random.next()]).toEqual([50, 0, first]);
  });

  it('leaves turns to the platform when asked to', async () => {
    const ports = createFakePorts({ turns: 'system' });
    const ran = new Promise<void>((resolve) => ports.turns.immediate(resolve));
    expect(ports.fakeTurns.pendingImmediates).toBe(0);
    await ran;
  });
});
