import { describe, expect, it } from 'vitest';
import {
  AbortedError,
  ArgumentError,
  Caller,
  type CallerOptions,
  type CallLimits,
  type CallOptions,
  ClosedError,
  ConnectionError,
  Failure,
  GaveUp,
  type Pending,
  RetryBudget,
  TimeoutError,
} from '../src/index.ts';
import { createFakePorts, type FakeClock } from '../src/testing/index.ts';

const lost = (outcome: 'not-sent' | 'unknown' | 'rejected', retryable = true): Failure =>
  new Failure({ kind: 'connection', code: 'LOST', message: 'lost', outcome, retryable });

interface World {
  readonly caller: Caller;
  readonly clock: FakeClock;
  /** What `send` was given, try by try. */
  readonly sent: Pending<string>[];
  submit(options?: CallOptions, idempotent?: boolean): Promise<string>;
  run(attempt: (limits: CallLimits) => Promise<string | Failure>, options?: CallOptions): Promise<string>;
}

function createWorld(options: Partial<CallerOptions> = {}): World {
  const ports = createFakePorts();
  const caller = new Caller({ system: 'test', ports, timeoutMs: 1000, ...options });
  const sent: Pending<string>[] = [];
  return {
    caller,
    clock: ports.clock,
    sent,
    submit: async (limits, idempotent = false) =>
      caller.unwrap(
        await caller.submit<string>(limits, idempotent, (pending) => sent.push(pending as Pending<string>)),
      ),
    run: async (attempt, limits) => caller.unwrap(await caller.run<string>(limits, false, attempt)),
  };
}

/** The error of a call that fails. */
const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a call that is one step', () => {
  it('ends with what it is settled with, and is counted while it runs', async () => {
    const { caller, sent, submit } = createWorld();
    const call = submit();
    expect([caller.lifecycle.calls, caller.timekeeper.size]).toEqual([1, 1]);
    sent[0]?.settle('value');
    expect(await call).toBe('value');
    expect([caller.lifecycle.calls, caller.timekeeper.size]).toEqual([0, 0]);
  });

  it.each([
    ['the default', undefined, 1000],
    ['its own', { timeoutMs: 50 }, 50],
  ])('ends at its deadline, %s', async (_, options, ms) => {
    const { caller, clock, submit } = createWorld();
    const call = errorOf(submit(options));
    await clock.advance(ms - 1);
    expect(caller.lifecycle.calls).toBe(1);
    await clock.advance(11);
    expect(await call).toBeInstanceOf(TimeoutError);
    expect(await call).toMatchObject({ system: 'test', outcome: 'not-sent', attempts: 1 });
    expect(caller.lifecycle.calls).toBe(0);
  });

  it('may wait for ever', async () => {
    const { caller, clock, sent, submit } = createWorld();
    const call = submit({ timeoutMs: Infinity });
    await clock.advance(10_000_000);
    expect(caller.lifecycle.calls).toBe(1);
    sent[0]?.settle('late');
    expect(await call).toBe('late');
  });

  it('ends by its signal, with its reason, and leaves no listener', async () => {
    const { caller, clock, submit } = createWorld();
    const controller = new AbortController();
    const call = errorOf(submit({ signal: controller.signal }));
    controller.abort('enough');
    expect(await call).toBeInstanceOf(AbortedError);
    expect(await call).toMatchObject({ cause: 'enough', attempts: 1 });
    await clock.advance(20);
    expect([caller.lifecycle.calls, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('does not begin when its signal was aborted already', async () => {
    const { caller, sent, submit } = createWorld();
    const error = await errorOf(submit({ signal: AbortSignal.abort('no') }));
    expect(error).toBeInstanceOf(AbortedError);
    expect(error).toMatchObject({ cause: 'no', outcome: 'not-sent', attempts: 0 });
    expect([sent.length, caller.lifecycle.calls]).toEqual([0, 0]);
  });

  it('is repeated where that is safe, until it succeeds', async () => {
    const { caller, clock, sent, submit } = createWorld();
    const call = submit();
    sent[0]?.settle(lost('not-sent'));
    await clock.advance(100);
    expect(sent.length).toBe(2);
    expect(caller.lifecycle.calls).toBe(1);
    sent[1]?.settle('second');
    expect(await call).toBe('second');
    expect(caller.lifecycle.calls).toBe(0);
  });

  it.each([
    [lost('unknown'), false, 1],
    [lost('unknown'), true, 2],
    [lost('rejected'), false, 2],
    [lost('rejected', false), false, 1],
  ])('is repeated, or not: %#', async (failure, idempotent, tries) => {
    const { clock, sent, submit } = createWorld();
    const call = errorOf(submit({}, idempotent));
    sent[0]?.settle(failure);
    await clock.advance(60);
    expect(sent.length).toBe(tries);
    sent[1]?.settle('value');
    expect(await call).toEqual(tries === 1 ? expect.any(ConnectionError) : undefined);
  });

  it('is tried five times, with pauses that grow up to a second, where nothing else is said', async () => {
    const { clock, sent, submit } = createWorld({ timeoutMs: 100_000 });
    const call = errorOf(submit());
    const pauses: number[] = [];
    for (let tries = 1; tries <= 5; tries += 1) {
      const start = clock.now();
      while (sent.length < tries) await clock.advance(1);
      pauses.push(clock.now() - start);
      sent.at(-1)?.settle(lost('not-sent'));
    }
    expect(await call).toMatchObject({
      attempts: 5,
      code: 'LOST',
      details: { earlier: ['LOST', 'LOST', 'LOST', 'LOST'] },
    });
    [50, 100, 200, 400].forEach((most, i) => expect(pauses[i + 1]).toBeLessThanOrEqual(most + 11));
    await clock.advance(10_000);
    expect(sent.length).toBe(5);
  });

  it('follows the policy that it is given, and pays for it', async () => {
    const budget = new RetryBudget({ capacity: 10, perSuccess: 1, perSecond: 0 });
    const { clock, sent, submit } = createWorld({ policy: { maxAttempts: 2, backoff: () => 5, budget } });
    const call = errorOf(submit());
    sent[0]?.settle(lost('not-sent'));
    await clock.advance(20);
    expect(budget.tokens).toBe(9);
    sent[1]?.settle(lost('not-sent'));
    expect(await call).toMatchObject({ attempts: 2 });
    const good = submit();
    sent[2]?.settle('value');
    await good;
    expect(budget.tokens).toBe(10);
  });

  it('ends within its one deadline, whatever its tries do', async () => {
    const { clock, sent, submit } = createWorld({ policy: { maxAttempts: Infinity, backoff: () => 10 } });
    const call = errorOf(submit({ timeoutMs: 200 }));
    let ended = false;
    void call.then(() => (ended = true));
    while (clock.now() < 190) {
      sent.at(-1)?.settle(lost('not-sent'));
      await clock.advance(10);
      expect(ended).toBe(false);
    }
    await clock.advance(20);
    expect(ended).toBe(true);
    expect(sent.length).toBeGreaterThan(5);
  });

  it('can be aborted in a pause', async () => {
    const { caller, clock, sent, submit } = createWorld({ policy: { maxAttempts: 5, backoff: () => 500 } });
    const controller = new AbortController();
    const call = errorOf(submit({ signal: controller.signal }));
    sent[0]?.settle(lost('not-sent'));
    await clock.advance(100);
    controller.abort('enough');
    expect(await call).toMatchObject({ code: 'ABORTED', cause: 'enough', details: { earlier: ['LOST'] } });
    expect(caller.lifecycle.calls).toBe(0);
  });

  it('ends with what its sender throws, and nothing of it is left', async () => {
    const { caller, clock } = createWorld();
    const call = caller.submit<string>({}, false, () => {
      throw new TypeError('a mistake');
    });
    expect(await errorOf(call)).toMatchObject({ message: 'a mistake' });
    expect([caller.lifecycle.calls, caller.timekeeper.size]).toEqual([0, 0]);
    await clock.advance(20);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['with a value', 'value', 'value'],
    ['with a failure that is repeated', lost('not-sent'), 'second'],
    ['with a failure that is not', lost('unknown'), 'LOST'],
  ])('ends with what its sender settles it, %s, although that throws, and is counted out once', async (...row) => {
    const [, result, expected] = row;
    const { caller, clock } = createWorld();
    let tries = 0;
    const call = caller.submit<string>({}, false, (pending) => {
      tries += 1;
      pending.settle(tries === 1 ? result : 'second');
      throw new TypeError('a mistake');
    });
    await clock.advance(1000);
    const settled = await call;
    expect(settled instanceof GaveUp ? settled.failure.code : settled).toBe(expected);
    expect(caller.lifecycle.calls).toBe(0);
  });

  it('ends with what a sender throws on a later try, or a policy does', async () => {
    for (const policy of [undefined, { maxAttempts: 3, backoff: (): never => fail() }]) {
      const { caller, clock } = createWorld(policy ? { policy } : {});
      let tries = 0;
      const call = errorOf(
        caller.submit<string>({}, false, (pending) => {
          tries += 1;
          if (tries > 1) fail();
          pending.settle(lost('not-sent'));
        }),
      );
      await clock.advance(1000);
      expect(await call).toMatchObject({ message: 'a mistake' });
      expect([caller.lifecycle.calls, caller.timekeeper.size]).toEqual([0, 0]);
    }
  });

  it('hears nothing of what comes after it was settled', async () => {
    const { caller, sent, submit } = createWorld();
    const call = submit();
    sent[0]?.settle('first');
    sent[0]?.settle('second');
    sent[0]?.settle(lost('not-sent'));
    expect(await call).toBe('first');
    expect([caller.lifecycle.calls, sent.length]).toEqual([0, 1]);
  });
});

function fail(): never {
  throw new TypeError('a mistake');
}

describe('a call of several steps', () => {
  it('gives its deadline and signal to each try, and is repeated as the others', async () => {
    const { caller, clock, run } = createWorld();
    const { signal } = new AbortController();
    const seen: CallLimits[] = [];
    const call = run(async (limits) => (seen.push(limits) === 1 ? lost('not-sent') : 'second'), {
      signal,
      timeoutMs: 300,
    });
    expect(caller.lifecycle.calls).toBe(1);
    await clock.advance(100);
    expect(await call).toBe('second');
    expect(seen).toEqual([
      { dueAt: 300, signal },
      { dueAt: 300, signal },
    ]);
    expect(caller.lifecycle.calls).toBe(0);
  });

  it('pays for repeats when it succeeds at once', async () => {
    const budget = new RetryBudget({ capacity: 10, perSuccess: 1, perSecond: 0 });
    budget.draw(0);
    const { run } = createWorld({ policy: { maxAttempts: 2, backoff: () => 5, budget } });
    await run(async () => 'value');
    expect(budget.tokens).toBe(10);
  });

  it('is counted out when it throws', async () => {
    const { caller, run } = createWorld();
    expect(await errorOf(run(() => fail()))).toMatchObject({ message: 'a mistake' });
    expect(await errorOf(run(async () => fail()))).toMatchObject({ message: 'a mistake' });
    expect(caller.lifecycle.calls).toBe(0);
  });

  it('does not begin when its signal was aborted already, or its client is closed', async () => {
    const { caller, run } = createWorld();
    let attempts = 0;
    const attempt = async (): Promise<string> => `try ${(attempts += 1)}`;
    expect(await errorOf(run(attempt, { signal: AbortSignal.abort('no') }))).toBeInstanceOf(AbortedError);
    caller.destroy('over');
    expect(await errorOf(run(attempt))).toBeInstanceOf(ClosedError);
    expect(attempts).toBe(0);
  });
});

describe('the stack of an error', () => {
  it('shows where the public method was called', async () => {
    const { sent, submit } = createWorld();
    async function userCode(): Promise<unknown> {
      const call = submit();
      sent[0]?.settle(lost('unknown'));
      return await call;
    }
    expect(((await errorOf(userCode())) as Error).stack).toContain('userCode');
  });
});

describe('the end of a caller', () => {
  it('waits for running calls, refuses new ones, and then destroys what it owns, in order', async () => {
    const { caller, clock, sent, submit } = createWorld();
    const log: string[] = [];
    for (const name of ['a', 'b']) caller.own({ destroy: ({ kind }) => log.push(`${name} ${kind}`) });
    const running = submit();
    let closed = false;
    const closing = caller.close(500).then(() => (closed = true));
    const refused = await errorOf(submit());
    expect(refused).toBeInstanceOf(ClosedError);
    expect(refused).toMatchObject({ outcome: 'not-sent', retryable: false, attempts: 0 });
    await clock.advance(100);
    expect([closed, log]).toEqual([false, []]);
    sent[0]?.settle('value');
    expect(await running).toBe('value');
    await closing;
    expect(log).toEqual(['a closed', 'b closed']);
    await caller.close(500);
    caller.destroy();
    expect([log.length, clock.pendingTimers]).toEqual([2, 0]);
  });

  it.each([0, 100])('ends what runs when its time is up: %i ms', async (ms) => {
    const { caller, clock, submit } = createWorld();
    const call = errorOf(submit({ timeoutMs: Infinity }));
    const closing = caller.close(ms);
    await clock.advance(ms + 10);
    await closing;
    expect(await call).toBeInstanceOf(ClosedError);
  });

  it('ends at once by destroy(), whose reason is the cause, also for calls in a pause and for who comes later', async () => {
    const { caller, clock, sent, submit } = createWorld({ policy: { maxAttempts: 5, backoff: () => 500 } });
    const calls = [errorOf(submit()), errorOf(submit())];
    sent[0]?.settle(lost('not-sent'));
    await clock.advance(10);
    caller.destroy('over');
    for (const error of await Promise.all(calls)) {
      expect(error).toBeInstanceOf(ClosedError);
      expect(error).toMatchObject({ cause: 'over' });
    }
    expect(await errorOf(submit())).toBeInstanceOf(ClosedError);
    expect([caller.lifecycle.calls, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('destroys at once what it is given afterwards', () => {
    const { caller } = createWorld();
    caller.destroy('over');
    const failures: Failure[] = [];
    const resource = { destroy: (failure: Failure) => void failures.push(failure) };
    expect(caller.own(resource)).toBe(resource);
    expect(failures).toMatchObject([{ kind: 'closed', cause: 'over' }]);
  });

  it.each(['destroy', 'close'] as const)(
    'by %s() destroys all, and then throws what one of them threw',
    async (how) => {
      const { caller, clock } = createWorld();
      const log: string[] = [];
      for (const name of ['a', 'b', 'c']) {
        caller.own({
          destroy: () => {
            log.push(name);
            if (name !== 'c') throw new Error(`${name} is broken`);
          },
        });
      }
      const end = async (): Promise<void> => (how === 'close' ? caller.close(100) : caller.destroy());
      expect(await errorOf(end())).toMatchObject({ message: 'a is broken' });
      expect(log).toEqual(['a', 'b', 'c']);
      await caller.close(100);
      caller.destroy();
      expect([caller.lifecycle.state, clock.pendingTimers]).toEqual(['closed', 0]);
    },
  );
});

describe('what a caller is given', () => {
  it.each<[string, CallOptions]>([
    ['timeoutMs', { timeoutMs: 0 }],
    ['timeoutMs', { timeoutMs: -1 }],
    ['timeoutMs', { timeoutMs: NaN }],
    ['timeoutMs', { timeoutMs: '5' as unknown as number }],
    ['timeoutMs', { timeoutMs: null as unknown as number }],
    ['signal', { signal: {} as AbortSignal }],
    ['signal', { signal: null as unknown as AbortSignal }],
    ['signal', { signal: 'now' as unknown as AbortSignal }],
  ])('for a call is refused by name, and leaves nothing: %s %#', async (name, options) => {
    const { caller, clock, submit, run } = createWorld();
    for (const call of [submit(options), run(async () => 'value', options)]) {
      const error = await errorOf(call);
      expect(error).toBeInstanceOf(ArgumentError);
      expect((error as Error).message).toContain(`test: '${name}' must be`);
    }
    expect([caller.lifecycle.calls, caller.timekeeper.size, clock.pendingTimers]).toEqual([0, 0, 0]);
    await caller.close(100);
  });

  it.each([-1, NaN, '5' as unknown as number])('for its end is refused by name: %s', async (timeoutMs) => {
    const { caller } = createWorld();
    expect(await errorOf(caller.close(timeoutMs))).toBeInstanceOf(ArgumentError);
    expect(caller.lifecycle.state).toBe('open');
  });

  it.each<[string, object]>([
    ['system', { system: '' }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['timeoutMs', { timeoutMs: NaN }],
    ['ports', { ports: 5 }],
    ['policy', { policy: 5 }],
    ['maxAttempts', { policy: { maxAttempts: 0, backoff: () => 1 } }],
    ['backoff', { policy: { maxAttempts: 2, backoff: 100 } }],
  ])('to begin with is refused by name: %s %#', (name, options) => {
    expect(() => createWorld(options)).toThrow(`'${name}' must be`);
  });
});
