import assert from 'node:assert/strict';
import {
  AbortedError,
  ArgumentError,
  Caller,
  type CallOptions,
  ClosedError,
  ConnectionError,
  exponential,
  Failure,
  type Pending,
  systemPorts,
  TimeoutError,
} from '@wirewright/core';
import type { Case, Context } from '../case.ts';

const policy = { maxAttempts: 3, backoff: exponential({ baseMs: 1 }) };

function callerFor(context: Context): Caller {
  const caller = new Caller({ system: 'case', ports: systemPorts, timeoutMs: 10_000, policy });
  context.own({ close: () => caller.destroy() });
  return caller;
}

const lost = (outcome: 'not-sent' | 'unknown'): Failure =>
  new Failure({ kind: 'connection', message: 'lost', outcome, retryable: true });

/** A call that its holder keeps for ever; the deadline, a signal or the end of the client are all that ends it. */
function keep(pending: Pending): void {
  pending.holder = {
    abandon: (given, why) => {
      const kind = why === 'deadline' ? 'timeout' : why;
      const cause = why === 'aborted' ? given.signal?.reason : undefined;
      given.settle(new Failure({ kind, message: 'kept', outcome: 'unknown', retryable: false, cause }));
    },
  };
}

/** As a client's public method. */
async function call(
  caller: Caller,
  send: (pending: Pending) => void,
  options?: CallOptions,
  idempotent = false,
): Promise<unknown> {
  return caller.unwrap(await caller.submit(options, idempotent, send));
}

export const callCases: readonly Case[] = [
  {
    name: 'a call gets its value',
    async run(context) {
      const caller = callerFor(context);
      assert.equal(await call(caller, (pending) => pending.settle('value')), 'value');
      assert.equal(await call(caller, (pending) => systemPorts.turns.nextTick(() => pending.settle('later'))), 'later');
      assert.equal(caller.lifecycle.calls, 0);
    },
  },
  {
    name: 'deadlines end calls by the shared timer, none before its time',
    async run(context) {
      const caller = callerFor(context);
      const began = systemPorts.clock.now();
      const calls = [60, 20, 40].map(async (timeoutMs) => {
        await assert.rejects(call(caller, keep, { timeoutMs }), TimeoutError);
        assert.ok(systemPorts.clock.now() >= began + timeoutMs);
      });
      await Promise.all(calls);
      assert.equal(caller.timekeeper.size, 0);
    },
  },
  {
    name: 'ten thousand deadlines at once',
    async run(context) {
      const caller = callerFor(context);
      const calls = Array.from({ length: 10_000 }, () =>
        call(caller, keep, { timeoutMs: 20 }).then(
          () => 'value',
          (error: unknown) => (error instanceof TimeoutError ? 'timeout' : 'other'),
        ),
      );
      assert.deepEqual(new Set(await Promise.all(calls)), new Set(['timeout']));
    },
  },
  {
    name: 'a signal ends its calls with its reason, before and after they began',
    async run(context) {
      const caller = callerFor(context);
      const controller = new AbortController();
      const calls = [1, 2, 3].map(() => call(caller, keep, { signal: controller.signal }));
      const other = call(caller, keep, { timeoutMs: 30 });
      const reason = { why: 'enough' };
      controller.abort(reason);
      for (const each of calls) {
        await assert.rejects(each, (error) => error instanceof AbortedError && error.cause === reason);
      }
      await assert.rejects(
        call(caller, keep, { signal: controller.signal }),
        (error) => error instanceof AbortedError && error.outcome === 'not-sent',
      );
      await assert.rejects(other, TimeoutError);
    },
  },
  {
    name: "the platform's own time-out signals work",
    async run(context) {
      const caller = callerFor(context);
      await assert.rejects(
        call(caller, keep, { signal: AbortSignal.timeout(20) }),
        (error) =>
          error instanceof AbortedError && (error.cause as { name?: unknown } | undefined)?.name === 'TimeoutError',
      );
      const any = AbortSignal.any([AbortSignal.timeout(20), new AbortController().signal]);
      await assert.rejects(call(caller, keep, { signal: any }), AbortedError);
    },
  },
  {
    name: 'what was not sent is repeated, what may have been done only if that does no harm',
    async run(context) {
      const caller = callerFor(context);
      const failing =
        (outcome: 'not-sent' | 'unknown', tries: { made: number }) =>
        (pending: Pending): void => {
          tries.made += 1;
          pending.settle(lost(outcome));
        };
      const expected: ['not-sent' | 'unknown', boolean, number][] = [
        ['not-sent', false, 3],
        ['unknown', true, 3],
        ['unknown', false, 1],
      ];
      for (const [outcome, idempotent, made] of expected) {
        const tries = { made: 0 };
        await assert.rejects(
          call(caller, failing(outcome, tries), {}, idempotent),
          (error) => error instanceof ConnectionError && error.attempts === made && error.outcome === outcome,
        );
        assert.equal(tries.made, made);
      }
    },
  },
  {
    name: 'a call that fails once and then works is a call that works',
    async run(context) {
      const caller = callerFor(context);
      let made = 0;
      const answer = await call(caller, (pending) => {
        made += 1;
        pending.settle(made === 1 ? lost('not-sent') : 'second');
      });
      assert.equal(answer, 'second');
    },
  },
  {
    name: 'close waits for the running calls, then refuses',
    async run(context) {
      const caller = callerFor(context);
      let settle: ((value: string) => void) | undefined;
      const running = call(caller, (pending) => {
        settle = (value) => pending.settle(value);
      });
      let closed = false;
      const closing = caller.close(10_000).then(() => (closed = true));
      await assert.rejects(call(caller, keep), ClosedError);
      assert.equal(closed, false);
      settle?.('done');
      assert.equal(await running, 'done');
      await closing;
      await caller.close(1);
    },
  },
  {
    name: 'close out of time and destroy end what runs, for a reason',
    async run(context) {
      const first = callerFor(context);
      const slow = call(first, keep);
      await Promise.all([assert.rejects(slow, ClosedError), first.close(20)]);
      const second = callerFor(context);
      const running = call(second, (pending) => void pending);
      const reason = new Error('the house burns');
      second.destroy(reason);
      await assert.rejects(running, (error) => error instanceof ClosedError && error.cause === reason);
    },
  },
  {
    name: 'nonsense is refused by name',
    async run(context) {
      const caller = callerFor(context);
      for (const timeoutMs of [0, -1, Number.NaN, '5' as never]) {
        await assert.rejects(call(caller, keep, { timeoutMs }), (error) => {
          assert.ok(error instanceof ArgumentError);
          assert.match(error.message, /timeoutMs/);
          return true;
        });
      }
    },
  },
];
