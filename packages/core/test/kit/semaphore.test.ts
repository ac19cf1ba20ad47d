import { beforeEach, describe, expect, it } from 'vitest';
import { Timekeeper } from '../../src/deadline.ts';
import { Failure } from '../../src/errors/failure.ts';
import { Semaphore, type SemaphoreOptions } from '../../src/kit/semaphore.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import type { CallLimits } from '../../src/waiting.ts';
import { countedSignal } from '../support/counted-signal.ts';

let clock: FakeClock;
let timekeeper: Timekeeper;
let semaphore: Semaphore;
let log: string[];

function make(options: Partial<SemaphoreOptions> = {}): void {
  semaphore = new Semaphore({ permits: 1, ...options });
}

function wait(name: string, limits: Partial<CallLimits> = {}): void {
  void semaphore.wait(timekeeper, { dueAt: Infinity, ...limits }).then((failure) => {
    log.push(failure ? `${name}: ${failure.kind} ${failure.outcome} ${String(failure.details?.['phase'])}` : name);
  });
}

beforeEach(() => {
  clock = new FakeClock();
  timekeeper = new Timekeeper(clock);
  log = [];
  make();
});

describe('Semaphore', () => {
  it('gives out its permits at once, and no more', () => {
    make({ permits: 2 });
    expect([semaphore.tryAcquire(), semaphore.tryAcquire(), semaphore.tryAcquire()]).toEqual([true, true, false]);
    semaphore.release();
    expect(semaphore.taken).toBe(1);
    expect(semaphore.tryAcquire()).toBe(true);
  });

  it('hands permits on in order', async () => {
    for (const name of ['a', 'b', 'c']) wait(name);
    await clock.advance(0);
    expect(log).toEqual(['a']);
    expect(semaphore.waiting).toBe(2);
    semaphore.release();
    expect(semaphore.tryAcquire()).toBe(false);
    await clock.advance(0);
    expect(log).toEqual(['a', 'b']);
    semaphore.release();
    semaphore.release();
    await clock.advance(0);
    expect(log).toEqual(['a', 'b', 'c']);
    expect(semaphore.taken).toBe(0);
    expect(timekeeper.size).toBe(0);
  });

  it('skips those that gave up', async () => {
    semaphore.tryAcquire();
    const controller = new AbortController();
    wait('late', { dueAt: 20 });
    wait('aborted', { signal: controller.signal });
    wait('next');
    await clock.advance(5);
    controller.abort();
    await clock.advance(25);
    expect(log).toEqual(['aborted: aborted not-sent permit', 'late: timeout not-sent permit']);
    expect(semaphore.waiting).toBe(1);
    semaphore.release();
    await clock.advance(0);
    expect(log.at(-1)).toBe('next');
  });

  it('refuses at once a signal that is aborted already, even if a permit is free', async () => {
    wait('a', { signal: AbortSignal.abort() });
    await clock.advance(0);
    expect(log).toEqual(['a: aborted not-sent permit']);
    expect(semaphore.taken).toBe(0);
  });

  it('bounds those that wait', async () => {
    make({ maxWaiters: 1, phase: 'stream' });
    semaphore.tryAcquire();
    wait('a');
    wait('b');
    await clock.advance(0);
    expect(log).toEqual(['b: overloaded not-sent stream']);
    expect((await semaphore.wait(timekeeper, { dueAt: Infinity }))?.retryable).toBe(true);
    semaphore.release();
    wait('c');
    await clock.advance(0);
    expect(log).toEqual(['b: overloaded not-sent stream', 'a']);
  });

  it('does not count those that gave up as waiting, however many', async () => {
    make({ maxWaiters: 10 });
    semaphore.tryAcquire();
    for (let i = 0; i < 1000; i += 1) {
      wait('x', { dueAt: clock.now() + 10 });
      await clock.advance(20);
    }
    expect(log).toHaveLength(1000);
    expect(new Set(log)).toEqual(new Set(['x: timeout not-sent permit']));
  });

  it('closes: ends those that wait and all that come', async () => {
    semaphore.tryAcquire();
    wait('a');
    semaphore.close(new Failure({ kind: 'closed', message: 'over', outcome: 'not-sent', retryable: false }));
    wait('b');
    await clock.advance(0);
    expect(log).toEqual(['a: closed not-sent undefined', 'b: closed not-sent undefined']);
    semaphore.release();
    expect(semaphore.tryAcquire()).toBe(false);
  });

  it('lets nobody give back what was not taken', () => {
    expect(() => semaphore.release()).toThrow(RangeError);
  });

  it('leaves no listener and no timer', async () => {
    const { signal, listeners } = countedSignal(new AbortController());
    wait('a', { signal });
    for (let i = 0; i < 20; i += 1) wait('b', { signal });
    expect(listeners()).toBe(1);
    for (let i = 0; i < 21; i += 1) semaphore.release();
    await clock.advance(20);
    expect(listeners()).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('refuses nonsense', () => {
    expect(() => make({ permits: 0 })).toThrow(
      "Semaphore: 'permits' must be an integer of at least 1, or Infinity; got 0",
    );
    expect(() => make({ maxWaiters: -1 })).toThrow("'maxWaiters'");
    expect(() => make({ phase: '' })).toThrow("'phase'");
    expect(() => make({ maxWaiter: 1 } as never)).toThrow("did you mean 'maxWaiters'?");
  });
});
