import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemPorts } from '../src/index.ts';

describe('systemPorts', () => {
  it('tells a time that does not run backwards', () => {
    const { clock } = systemPorts;
    let last = clock.now();
    for (let i = 0; i < 1000; i += 1) {
      const now = clock.now();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });

  it('draws from [0, 1)', () => {
    const draws = Array.from({ length: 100 }, () => systemPorts.random.next());
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
    expect(new Set(draws).size).toBeGreaterThan(90);
  });

  it('runs turns later, in their order', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      systemPorts.turns.immediate(() => (order.push('immediate'), resolve()));
      systemPorts.turns.nextTick(() => order.push('nextTick'));
      order.push('now');
    });
    expect(order).toEqual(['now', 'nextTick', 'immediate']);
  });

  it('cannot be changed by somebody who shares it', () => {
    expect(Object.isFrozen(systemPorts)).toBe(true);
  });
});

describe('systemPorts.clock.setTimer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('fires once, in its time', () => {
    let fired = 0;
    systemPorts.clock.setTimer(() => (fired += 1), 50);
    vi.advanceTimersByTime(49);
    expect(fired).toBe(0);
    vi.advanceTimersByTime(1);
    expect(fired).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(fired).toBe(1);
  });

  it('does not fire when it was cancelled, however often', () => {
    let fired = 0;
    const timer = systemPorts.clock.setTimer(() => (fired += 1), 50);
    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(1000);
    expect(fired).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('holds longer than the platform can', () => {
    const days = 24 * 3600 * 1000;
    let fired = 0;
    systemPorts.clock.setTimer(() => (fired += 1), 60 * days);
    const cancelled = systemPorts.clock.setTimer(() => (fired += 100), 60 * days);
    vi.advanceTimersByTime(60 * days - 1);
    expect(fired).toBe(0);
    cancelled.cancel();
    vi.advanceTimersByTime(1);
    expect(fired).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never fires after Infinity', () => {
    let fired = 0;
    const timer = systemPorts.clock.setTimer(() => (fired += 1), Infinity);
    vi.advanceTimersByTime(2 ** 33);
    expect(fired).toBe(0);
    timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('systemPorts.clock.setTimer, of the platform', () => {
  const longMs = 2 ** 31 + 5;

  it('keeps the process alive until it is told not to', () => {
    const handles: NodeJS.Timeout[] = [];
    const { setTimeout: original } = globalThis;
    const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation((callback: () => void, ms?: number) => {
      const handle = original(callback, ms);
      handles.push(handle);
      return handle;
    });
    const timer = systemPorts.clock.setTimer(() => {}, 10_000);
    const refed = (): boolean | undefined => handles.at(-1)?.hasRef();
    expect(refed()).toBe(true);
    timer.unref();
    expect(refed()).toBe(false);
    timer.ref();
    expect(refed()).toBe(true);
    timer.cancel();
    spy.mockRestore();
  });

  it('stays as it was told to be, when a long one is set again', () => {
    const unrefs: number[] = [];
    const pending: (() => void)[] = [];
    const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void) => {
      const index = pending.push(callback) - 1;
      return { unref: () => unrefs.push(index), ref() {} };
    }) as never);
    systemPorts.clock.setTimer(() => {}, longMs).unref();
    systemPorts.clock.setTimer(() => {}, longMs);
    const undecided = systemPorts.clock.setTimer(() => {}, longMs);
    undecided.unref();
    undecided.ref();
    for (const callback of pending.slice()) callback();
    spy.mockRestore();
    // The first handle of the first timer and of the third; the second of the first alone.
    expect(unrefs).toEqual([0, 2, 3]);
  });

  it('runs where a timer is a number, as in a browser', () => {
    const cleared: unknown[] = [];
    const set = vi.spyOn(globalThis, 'setTimeout').mockImplementation((() => 7) as never);
    const clear = vi.spyOn(globalThis, 'clearTimeout').mockImplementation((handle) => void cleared.push(handle));
    const timer = systemPorts.clock.setTimer(() => {}, 10);
    timer.unref();
    timer.ref();
    timer.cancel();
    set.mockRestore();
    clear.mockRestore();
    expect(cleared).toEqual([7]);
  });
});

describe('systemPorts, where there is no process and no setImmediate', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it('takes what every platform has', async () => {
    vi.resetModules();
    const ticks: (() => void)[] = [];
    const timers: (() => void)[] = [];
    vi.stubGlobal('process', undefined);
    vi.stubGlobal('setImmediate', undefined);
    vi.stubGlobal('queueMicrotask', (callback: () => void) => void ticks.push(callback));
    vi.stubGlobal('setTimeout', (callback: () => void) => timers.push(callback));
    const { systemPorts: ports } = await import('../src/ports.ts');
    const ran: string[] = [];
    ports.turns.nextTick(() => ran.push('tick'));
    ports.turns.immediate(() => ran.push('immediate'));
    vi.unstubAllGlobals();
    for (const callback of [...ticks, ...timers]) callback();
    expect(ran).toEqual(['tick', 'immediate']);
  });
});
