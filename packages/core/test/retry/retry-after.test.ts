import { beforeEach, describe, expect, it } from 'vitest';
import { Timekeeper } from '../../src/deadline.ts';
import { Failure, type FailureInit } from '../../src/errors/failure.ts';
import { ArgumentError, ConnectionError, TimeoutError } from '../../src/errors/kinds.ts';
import { RetryBudget } from '../../src/retry/budget.ts';
import { pause } from '../../src/retry/pause.ts';
import { mayRepeat, type RetryPolicy } from '../../src/retry/policy.ts';
import { type GaveUp, retryAfter, type RetryCall } from '../../src/retry/retry-after.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { countedSignal } from '../support/counted-signal.ts';

const fail = (init: Partial<FailureInit> = {}): Failure =>
  new Failure({ kind: 'connection', message: 'lost', outcome: 'not-sent', retryable: true, ...init });

let clock: FakeClock;
let timekeeper: Timekeeper;

beforeEach(() => {
  clock = new FakeClock({ startMs: 5000 });
  timekeeper = new Timekeeper(clock);
});

function callOf(policy: Partial<RetryPolicy> = {}, more: Partial<RetryCall> = {}): RetryCall {
  return {
    policy: { maxAttempts: 4, backoff: (attempt) => attempt * 100, ...policy },
    timekeeper,
    random: { next: () => 0 },
    idempotent: true,
    dueAt: Infinity,
    ...more,
  };
}

/** Starts a retry; `tries` are the results of the second try and on, and the last of them is given again. */
function start(first: Failure, call: RetryCall, tries: readonly (string | Failure)[] = [first]) {
  const made: { number: number; atMs: number }[] = [];
  const state = { made, result: undefined as string | GaveUp | undefined };
  const result = retryAfter<string>(first, call, async (number) => {
    made.push({ number, atMs: clock.now() - 5000 });
    return tries[Math.min(made.length, tries.length) - 1] as string | Failure;
  });
  void result.then((value) => {
    state.result = value;
  });
  return state;
}

describe('mayRepeat', () => {
  const rows: [string, Partial<FailureInit>, boolean, boolean][] = [
    // failure, init, idempotent call, other call
    ['not sent', { outcome: 'not-sent' }, true, true],
    ['rejected', { kind: 'server', outcome: 'rejected' }, true, true],
    ['rejected for good', { kind: 'server', outcome: 'rejected', retryable: false }, false, false],
    ['unknown', { outcome: 'unknown' }, true, false],
    ['unknown, not retryable', { outcome: 'unknown', retryable: false }, false, false],
    ['aborted', { kind: 'aborted', outcome: 'not-sent' }, false, false],
    ['closed', { kind: 'closed', outcome: 'not-sent' }, false, false],
  ];
  it.each(rows)('%s', (_name, init, whenIdempotent, otherwise) => {
    expect(mayRepeat(fail(init), { idempotent: true })).toBe(whenIdempotent);
    expect(mayRepeat(fail(init), { idempotent: false })).toBe(otherwise);
  });

  it('lets a policy say what helps, but not what is safe', () => {
    const isRetryable = (): boolean => true;
    expect(mayRepeat(fail({ retryable: false }), { idempotent: false, isRetryable })).toBe(true);
    expect(mayRepeat(fail({ outcome: 'unknown' }), { idempotent: false, isRetryable })).toBe(false);
    expect(mayRepeat(fail({ kind: 'aborted' }), { idempotent: true, isRetryable })).toBe(false);
    expect(mayRepeat(fail(), { idempotent: true, isRetryable: () => false })).toBe(false);
  });
});

describe('retryAfter', () => {
  it('pauses by the policy and gives the first success', async () => {
    const run = start(fail(), callOf(), [fail({ code: 'SECOND' }), 'value']);
    await clock.advance(99);
    expect(run.made).toEqual([]);
    await clock.advance(1000);
    expect(run.result).toBe('value');
    expect(run.made).toEqual([
      { number: 2, atMs: 100 },
      { number: 3, atMs: 300 },
    ]);
    expect(timekeeper.size).toBe(0);
  });

  it('gives back the last failure, with the number of tries and the earlier codes', async () => {
    const run = start(fail({ code: 'ONE' }), callOf(), [
      fail({ code: 'TWO' }),
      fail({ code: 'THREE' }),
      fail({ code: 'FOUR', message: 'the fourth', cause: 'own' }),
    ]);
    await clock.advance(2000);
    const gaveUp = run.result as GaveUp;
    expect(gaveUp).toMatchObject({ attempts: 4, earlier: ['ONE', 'TWO', 'THREE'], reason: 'attempts' });
    const error = gaveUp.toError('thing');
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ message: 'the fourth', code: 'FOUR', attempts: 4, system: 'thing', cause: 'own' });
    expect(error.details).toEqual({ earlier: ['ONE', 'TWO', 'THREE'] });
  });

  it('repeats nothing when one try is all, or when a repeat is not safe', async () => {
    const once = start(fail(), callOf({ maxAttempts: 1 }));
    const unsafe = start(fail({ outcome: 'unknown' }), callOf({}, { idempotent: false }));
    await clock.advance(0);
    expect(once.result).toMatchObject({ attempts: 1, reason: 'attempts', earlier: [] });
    expect(unsafe.result).toMatchObject({ attempts: 1, reason: 'not-repeatable' });
    expect((unsafe.result as GaveUp).failure.retryable).toBe(false);
    expect((unsafe.result as GaveUp).toError('thing').details).toEqual({});
    expect((once.result as GaveUp).failure.retryable).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('stops at a failure that cannot be repeated', async () => {
    const refused = fail({ kind: 'permission', code: 'NO', outcome: 'rejected', retryable: false });
    const run = start(fail(), callOf(), [refused]);
    await clock.advance(1000);
    expect(run.result).toMatchObject({ attempts: 2, reason: 'not-repeatable' });
    expect((run.result as GaveUp).failure).toBe(refused);
  });

  it('keeps unknown what an earlier try may have done', async () => {
    const run = start(fail({ outcome: 'unknown' }), callOf({ maxAttempts: 2 }), [fail({ outcome: 'not-sent' })]);
    const asks = start(fail({ outcome: 'rejected', kind: 'server' }), callOf({ maxAttempts: 2 }), [fail()]);
    await clock.advance(1000);
    expect((run.result as GaveUp).failure).toMatchObject({ outcome: 'unknown', retryable: true });
    expect((asks.result as GaveUp).failure.outcome).toBe('not-sent');
  });

  it('waits as long as the server asks, if that is longer, whatever the cap', async () => {
    const hinted = (retryAfterMs: unknown): Failure => fail({ kind: 'overloaded', details: { retryAfterMs } });
    const run = start(hinted(700), callOf({ capMs: 50 }), [hinted(10), hinted(-5), 'value']);
    await clock.advance(2000);
    expect(run.made.map(({ atMs }) => atMs)).toEqual([700, 750, 800]);
    expect(run.result).toBe('value');
  });

  it('gives up at once when the pause would not end before the deadline', async () => {
    const late = start(fail(), callOf({ backoff: () => 200 }, { dueAt: 5200 }));
    const inTime = start(fail(), callOf({ backoff: () => 190 }, { dueAt: 5200 }), ['value']);
    const hinted = start(fail({ details: { retryAfterMs: 60_000 } }), callOf({}, { dueAt: 5200 }));
    const endless = start(fail(), callOf({ backoff: () => Infinity }));
    await clock.advance(0);
    expect(late.result).toMatchObject({ reason: 'deadline', attempts: 1 });
    expect((late.result as GaveUp).toError('thing')).toMatchObject({
      message: 'lost',
      details: { gaveUp: 'deadline' },
    });
    expect(hinted.result).toMatchObject({ reason: 'deadline' });
    expect(endless.result).toMatchObject({ reason: 'deadline' });
    await clock.advance(200);
    expect(inTime.result).toBe('value');
  });

  it('makes no try after the deadline when the clock has jumped', async () => {
    const run = start(fail(), callOf({}, { dueAt: 5150 }), ['value']);
    await clock.advance(0);
    clock.jump(400);
    await clock.advance(0);
    expect(run.made).toEqual([]);
    expect(run.result).toMatchObject({ reason: 'deadline', attempts: 1 });
  });

  it('ends a pause when the signal is aborted, and leaves no listener', async () => {
    const controller = new AbortController();
    const { signal, listeners } = countedSignal(controller);
    const run = start(fail({ code: 'ONE', outcome: 'unknown' }), callOf({}, { signal }));
    await clock.advance(50);
    controller.abort(new Error('enough'));
    await clock.advance(0);
    const gaveUp = run.result as GaveUp;
    expect(gaveUp).toMatchObject({ reason: 'ended', attempts: 1, earlier: ['ONE'] });
    expect(gaveUp.failure).toMatchObject({ kind: 'aborted', outcome: 'unknown', retryable: false });
    expect(gaveUp.failure.cause).toEqual(new Error('enough'));
    expect(run.made).toEqual([]);
    await clock.advance(100);
    expect(listeners()).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('makes no try once the signal was aborted during one', async () => {
    const controller = new AbortController();
    const call = callOf({ backoff: () => 0 }, { signal: controller.signal });
    let tries = 0;
    const result = retryAfter<string>(fail(), call, async () => {
      tries += 1;
      controller.abort();
      return fail();
    });
    await clock.advance(0);
    expect(await result).toMatchObject({ reason: 'ended', attempts: 2 });
    expect(tries).toBe(1);
  });

  it('ends pauses when the client is destroyed, and begins none afterwards', async () => {
    const pausing = start(fail(), callOf());
    await clock.advance(10);
    timekeeper.abandonAll('why');
    const tooLate = start(fail(), callOf());
    await clock.advance(0);
    for (const { result } of [pausing, tooLate]) {
      expect((result as GaveUp).failure).toMatchObject({ kind: 'closed', outcome: 'not-sent', cause: 'why' });
    }
    expect(timekeeper.size).toBe(0);
  });

  it('draws on the budget, except for what is expected', async () => {
    const budget = new RetryBudget({ capacity: 1, perSecond: 0 });
    const others = Array.from({ length: 3 }, () => start(fail({ code: 'STORM' }), callOf({ budget, maxAttempts: 2 })));
    const expected = start(fail({ code: 'FIRST' }), callOf({ budget, isExpected: ({ code }) => code === 'FIRST' }), [
      'ok',
    ]);
    await clock.advance(1000);
    expect(others.map(({ result }) => (result as GaveUp).reason)).toEqual(['attempts', 'budget', 'budget']);
    const refused = others[1]?.result as GaveUp;
    expect(refused.toError('thing').details).toEqual({ gaveUp: 'budget' });
    expect(expected.result).toBe('ok');
    expect(budget.repeating).toBe(0);
  });

  it('never stops a lone call before its tries are used up', async () => {
    const budget = new RetryBudget({ capacity: 0, perSecond: 0 });
    for (let round = 0; round < 3; round += 1) {
      const run = start(fail(), callOf({ budget, maxAttempts: 10 }));
      await clock.advance(10_000);
      expect(run.result).toMatchObject({ attempts: 10, reason: 'attempts' });
    }
  });

  it('keeps the latest codes only', async () => {
    const run = start(fail(), callOf({ maxAttempts: 50, backoff: () => 0 }));
    await clock.advance(0);
    expect((run.result as GaveUp).earlier).toHaveLength(32);
  });

  it.each([Number.NaN, -1, 'soon'])('refuses a backoff that gives %s, and leaves the budget', async (ms) => {
    const budget = new RetryBudget();
    const result = retryAfter(fail(), callOf({ budget, backoff: () => ms as number }), async () => 'value');
    await expect(result).rejects.toThrow(ArgumentError);
    expect(budget.repeating).toBe(0);
  });

  it('passes on what a try throws, and leaves the budget', async () => {
    const budget = new RetryBudget();
    const result = retryAfter(fail(), callOf({ budget, backoff: () => 0 }), async () => {
      throw new RangeError('bug');
    });
    await expect(result).rejects.toThrow(RangeError);
    expect(budget.repeating).toBe(0);
  });
});

describe('pause', () => {
  it('ends within a tick after its time', async () => {
    let endedAt = 0;
    void pause(25, timekeeper, { dueAt: Infinity }).then((failure) => {
      expect(failure).toBeUndefined();
      endedAt = clock.now();
    });
    await clock.advance(24);
    expect(endedAt).toBe(0);
    expect(clock.refedTimers).toBe(1);
    await clock.advance(11);
    expect(endedAt - 5000).toBeGreaterThanOrEqual(25);
  });

  it('does not begin when it cannot end in time', async () => {
    const failure = (await pause(25, timekeeper, { dueAt: 5025 })) as Failure;
    expect(failure).toMatchObject({ kind: 'timeout', outcome: 'not-sent', details: { phase: 'pause' } });
    expect(failure.toError({ system: 'thing', attempts: 1 })).toBeInstanceOf(TimeoutError);
    expect(timekeeper.size).toBe(0);
  });

  it('does not begin when the signal is aborted already', async () => {
    const signal = AbortSignal.abort('stop');
    expect(await pause(25, timekeeper, { dueAt: 5025, signal })).toMatchObject({ kind: 'aborted', cause: 'stop' });
    expect(await pause(0, timekeeper, { dueAt: Infinity, signal })).toMatchObject({ kind: 'aborted', cause: 'stop' });
    expect(timekeeper.size).toBe(0);
  });

  it('takes no time for 0 ms', async () => {
    expect(await pause(0, timekeeper, { dueAt: Infinity })).toBeUndefined();
    expect(timekeeper.size).toBe(0);
  });
});
