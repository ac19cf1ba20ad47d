import { describe, expect, it } from 'vitest';
import { type Failure, Pending, tickMs, Timekeeper } from '../src/index.ts';
import { Lifecycle } from '../src/lifecycle.ts';
import { FakeClock } from '../src/testing/fake-clock.ts';

function setUp(onRelease?: () => void) {
  const clock = new FakeClock();
  const timekeeper = new Timekeeper(clock);
  const released: Failure[] = [];
  const lifecycle = new Lifecycle(timekeeper, (failure) => {
    released.push(failure);
    onRelease?.();
  });
  const closing = { done: false };
  return {
    clock,
    timekeeper,
    released,
    lifecycle,
    closing,
    /** A call that waits, entered and watched. */
    call() {
      const results: unknown[] = [];
      expect(lifecycle.enter()).toBeUndefined();
      timekeeper.add(
        new Pending((result) => {
          results.push(result);
          lifecycle.leave();
        }, Infinity),
      );
      return results;
    },
    close(timeoutMs: number) {
      void lifecycle.close(timeoutMs).then(() => (closing.done = true));
      return clock.advance(0);
    },
  };
}

describe('Lifecycle', () => {
  it('counts calls while it is open', () => {
    const { lifecycle } = setUp();
    expect([lifecycle.state, lifecycle.calls]).toEqual(['open', 0]);
    lifecycle.enter();
    lifecycle.enter();
    lifecycle.leave();
    expect([lifecycle.state, lifecycle.calls]).toEqual(['open', 1]);
  });

  it('closes at once when no call runs', async () => {
    const { lifecycle, close, closing, released } = setUp();
    await close(5000);
    expect([lifecycle.state, closing.done, released.length]).toEqual(['closed', true, 1]);
  });

  it('lets the running calls end, and takes no new ones', async () => {
    const { lifecycle, close, closing, released, clock } = setUp();
    lifecycle.enter();
    lifecycle.enter();
    await close(5000);
    expect(lifecycle.state).toBe('closing');
    expect(lifecycle.enter()).toMatchObject({
      kind: 'closed',
      outcome: 'not-sent',
      retryable: false,
      cause: undefined,
    });
    expect(lifecycle.calls).toBe(2);
    lifecycle.leave();
    await clock.advance(1000);
    expect([closing.done, released.length]).toEqual([false, 0]);
    lifecycle.leave();
    await clock.advance(0);
    expect([lifecycle.state, closing.done, released.length]).toEqual(['closed', true, 1]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends what still runs when its time is over', async () => {
    const { lifecycle, call, close, closing, released, clock, timekeeper } = setUp();
    const results = call();
    await close(500);
    expect(clock.refedTimers).toBe(1);
    await clock.advance(500 - 1);
    expect([closing.done, results.length]).toEqual([false, 0]);
    await clock.advance(1 + tickMs);
    expect(results).toMatchObject([{ kind: 'closed', outcome: 'not-sent', cause: undefined }]);
    expect([lifecycle.state, closing.done, released.length]).toEqual(['closed', true, 1]);
    expect([timekeeper.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('does not wait without time, or with a time that is none', async () => {
    for (const timeoutMs of [0, -1, Number.NaN]) {
      const { call, close, closing } = setUp();
      const results = call();
      await close(timeoutMs);
      expect(results).toMatchObject([{ kind: 'closed' }]);
      expect(closing.done).toBe(true);
    }
  });

  it('waits for ever for calls, where that is wanted', async () => {
    const { lifecycle, close, closing, clock } = setUp();
    lifecycle.enter();
    await close(Infinity);
    clock.jump(1e12);
    await clock.advance(tickMs);
    expect(closing.done).toBe(false);
    lifecycle.leave();
    await clock.advance(0);
    expect(closing.done).toBe(true);
  });

  it('is destroyed at once, with the reason as the cause', () => {
    const { lifecycle, call, released, clock } = setUp();
    const reason = new Error('shutdown');
    const calls = [call(), call()];
    lifecycle.destroy(reason);
    for (const [failure] of calls) expect(failure).toMatchObject({ kind: 'closed', cause: reason });
    expect(released).toMatchObject([{ kind: 'closed', outcome: 'not-sent', cause: reason }]);
    expect(lifecycle.state).toBe('closed');
    expect(lifecycle.enter()).toMatchObject({ kind: 'closed' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets go once, however often and in whatever order it is ended', async () => {
    const { lifecycle, close, closing, released, clock } = setUp();
    lifecycle.enter();
    const first = lifecycle.close(5000);
    expect(lifecycle.close(1)).toBe(first);
    await close(5000);
    lifecycle.destroy('impatient');
    await clock.advance(0);
    expect(closing.done).toBe(true);
    lifecycle.destroy('again');
    await lifecycle.close(5000);
    expect(released).toMatchObject([{ cause: 'impatient' }]);
    const destroyed = setUp();
    destroyed.lifecycle.destroy();
    await destroyed.close(5000);
    expect([destroyed.closing.done, destroyed.released.length]).toEqual([true, 1]);
  });

  it('ends calls before it lets go of what they wait for', () => {
    const order: string[] = [];
    const { lifecycle, timekeeper } = setUp(() => order.push('released'));
    timekeeper.add(new Pending(() => order.push('settled'), Infinity));
    lifecycle.destroy();
    expect(order).toEqual(['settled', 'released']);
  });

  it('may be destroyed from the callback of a call that it ends', () => {
    const { lifecycle, timekeeper, released } = setUp();
    timekeeper.add(new Pending(() => lifecycle.destroy('nested'), Infinity));
    lifecycle.destroy('outer');
    expect(released).toMatchObject([{ cause: 'outer' }]);
  });

  it('leaves no timer when letting go fails', () => {
    const { lifecycle, call, clock } = setUp(() => {
      throw new TypeError('a client with a bug');
    });
    call();
    expect(() => lifecycle.destroy()).toThrow('a client with a bug');
    expect([lifecycle.state, clock.pendingTimers]).toEqual(['closed', 0]);
  });
});
