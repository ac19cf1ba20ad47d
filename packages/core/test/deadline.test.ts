import { describe, expect, it } from 'vitest';
import { abandonedFailure, type Abandonment, type Holder, Pending, tickMs, Timekeeper } from '../src/deadline.ts';
import { Failure } from '../src/errors/failure.ts';
import { FakeClock } from '../src/testing/fake-clock.ts';
import { SeededRandom } from '../src/testing/seeded-random.ts';
import { countedSignal } from './support/counted-signal.ts';

interface Watched {
  readonly pending: Pending;
  readonly results: unknown[];
  /** When it was settled, by the clock. */
  at: number | undefined;
}

function setUp(): {
  clock: FakeClock;
  keeper: Timekeeper;
  watch: (dueAt?: number, signal?: AbortSignal) => Watched;
} {
  const clock = new FakeClock();
  const keeper = new Timekeeper(clock);
  return {
    clock,
    keeper,
    watch(dueAt = Infinity, signal) {
      const results: unknown[] = [];
      const watched: Watched = {
        pending: new Pending(
          (result) => {
            results.push(result);
            watched.at = clock.now();
          },
          dueAt,
          signal,
        ),
        results,
        at: undefined,
      };
      keeper.add(watched.pending);
      return watched;
    },
  };
}

/** A holder that settles with what it was told, and remembers it. */
class Shelf implements Holder {
  readonly log: [Pending, Abandonment][] = [];

  abandon(pending: Pending, why: Abandonment): void {
    this.log.push([pending, why]);
    pending.settle(why);
  }
}

const failureOf = (watched: Watched): Failure => {
  expect(watched.results).toHaveLength(1);
  expect(watched.results[0]).toBeInstanceOf(Failure);
  return watched.results[0] as Failure;
};

describe('Pending', () => {
  it('settles once', () => {
    const results: unknown[] = [];
    const pending = new Pending((result) => results.push(result), Infinity);
    pending.settle('first');
    pending.settle('second');
    expect(results).toEqual(['first']);
    expect(pending.settled).toBe(true);
  });

  it('is settled and unwatched before its callback runs', () => {
    const { keeper } = setUp();
    const seen: unknown[] = [];
    const pending: Pending = new Pending(() => seen.push(pending.settled, keeper.size), Infinity);
    keeper.add(pending);
    pending.settle(1);
    expect(seen).toEqual([true, 0]);
  });
});

describe('Timekeeper: deadlines', () => {
  it('ends a call not before its deadline and not later than a tick after it', async () => {
    const random = new SeededRandom(11);
    const { clock, watch } = setUp();
    const all: Watched[] = [];
    for (let i = 0; i < 500; i += 1) {
      all.push(watch(clock.now() + random.integer(0, 300) + random.next()));
      await clock.advance(random.integer(0, 7));
    }
    await clock.advance(400);
    for (const { pending, at } of all) {
      expect(at).toBeGreaterThanOrEqual(pending.dueAt);
      expect(at).toBeLessThanOrEqual(pending.dueAt + tickMs);
    }
  });

  it('says that nobody had it yet: not sent, and that later may be better', async () => {
    const { clock, watch } = setUp();
    const watched = watch(5);
    await clock.advance(10);
    expect(failureOf(watched)).toMatchObject({
      kind: 'timeout',
      code: 'TIMEOUT',
      outcome: 'not-sent',
      retryable: true,
      details: { phase: 'start' },
    });
  });

  it('tells the holder of the moment', async () => {
    const { clock, watch } = setUp();
    const [first, second] = [new Shelf(), new Shelf()];
    const watched = watch(20);
    watched.pending.holder = first;
    await clock.advance(5);
    watched.pending.holder = second;
    await clock.advance(20);
    expect(first.log).toEqual([]);
    expect(second.log).toEqual([[watched.pending, 'deadline']]);
  });

  it('lets Infinity wait', async () => {
    const { clock, keeper, watch } = setUp();
    const watched = watch();
    await clock.advance(100_000);
    expect(watched.results).toEqual([]);
    expect(keeper.size).toBe(1);
  });

  it('moves a deadline in both directions', async () => {
    const { clock, keeper, watch } = setUp();
    const sooner = watch(1000);
    const later = watch(100);
    keeper.reschedule(sooner.pending, 50);
    keeper.reschedule(later.pending, 500);
    await clock.advance(60);
    expect(sooner.at).toBe(50);
    await clock.advance(400);
    expect(later.at).toBeUndefined();
    await clock.advance(60);
    expect(later.at).toBe(500);
  });

  it('leaves alone one that got more time from another that ended in the same tick', async () => {
    const { clock, keeper, watch } = setUp();
    const spared = watch(10);
    const generous = watch(10);
    generous.pending.holder = {
      abandon(pending, why) {
        keeper.reschedule(spared.pending, 100);
        pending.settle(why);
      },
    };
    await clock.advance(50);
    expect(generous.results).toEqual(['deadline']);
    expect(spared.results).toEqual([]);
    await clock.advance(50);
    expect(spared.at).toBe(100);
  });

  it('ends everything overdue after a jump of the clock', async () => {
    const { clock, watch } = setUp();
    const all = [watch(10), watch(1000), watch(3_600_000), watch(3_600_001 + tickMs)];
    clock.jump(3_600_000);
    await clock.advance(0);
    expect(all.map(({ results }) => results.length)).toEqual([1, 1, 1, 0]);
  });

  it('watches what is added while it ends others', async () => {
    const { clock, keeper, watch } = setUp();
    const added: Watched[] = [];
    const first = new Pending(() => added.push(watch(clock.now() + 25)), 10);
    keeper.add(first);
    await clock.advance(10);
    expect(added).toHaveLength(1);
    await clock.advance(30);
    expect(added[0]?.at).toBe(40);
  });

  it('takes no call twice, and none that is settled', async () => {
    const { clock, keeper, watch } = setUp();
    const watched = watch(30);
    keeper.add(watched.pending);
    expect(keeper.size).toBe(1);
    const settled = new Pending(() => {}, 30);
    settled.settle(1);
    keeper.add(settled);
    expect(keeper.size).toBe(1);
    await clock.advance(50);
    expect(keeper.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves the calls of another keeper alone', () => {
    const { keeper, watch } = setUp();
    watch();
    const other = new Timekeeper(new FakeClock());
    const stranger = new Pending(() => {}, Infinity);
    other.add(stranger);
    keeper.remove(stranger);
    keeper.add(stranger);
    expect([keeper.size, other.size]).toEqual([1, 1]);
  });

  it('keeps count of random adds, settles and removals like a set does', async () => {
    const random = new SeededRandom(5);
    const { clock, keeper, watch } = setUp();
    const model = new Set<Watched>();
    for (let step = 0; step < 3000; step += 1) {
      const choice = random.integer(0, 5);
      if (choice <= 2) model.add(watch(clock.now() + random.integer(1, 400)));
      else if (choice === 3 && model.size > 0) {
        const chosen = random.pick([...model]);
        chosen.pending.settle('answer');
        model.delete(chosen);
      } else if (choice === 4 && model.size > 0) {
        const chosen = random.pick([...model]);
        keeper.remove(chosen.pending);
        model.delete(chosen);
      } else await clock.advance(random.integer(0, 20));
      for (const watched of model) {
        if (watched.pending.settled) model.delete(watched);
      }
      expect(keeper.size).toBe(model.size);
    }
  });
});

describe('Timekeeper: its timer', () => {
  it('is one, keeps the process alive, and runs only while something is pending', async () => {
    const { clock, watch } = setUp();
    expect(clock.pendingTimers).toBe(0);
    const all = Array.from({ length: 50 }, () => watch());
    expect(clock.pendingTimers).toBe(1);
    expect(clock.refedTimers).toBe(1);
    await clock.advance(100);
    expect(clock.refedTimers).toBe(1);
    for (const { pending } of all) pending.settle(1);
    await clock.advance(tickMs);
    expect(clock.pendingTimers).toBe(0);
  });

  it('starts again for the next call', async () => {
    const { clock, watch } = setUp();
    watch(10);
    await clock.advance(100);
    const next = watch(110);
    await clock.advance(50);
    expect(next.at).toBe(110);
  });

  it('is one, when a call is added from inside a tick', async () => {
    const { clock, keeper, watch } = setUp();
    keeper.add(new Pending(() => watch(), 10));
    watch();
    await clock.advance(15);
    expect(clock.pendingTimers).toBe(1);
  });

  it('tells tick listeners while calls are pending, until they leave', async () => {
    const { clock, keeper, watch } = setUp();
    const ticks: number[] = [];
    const listener = { onTick: (now: number): void => void ticks.push(now) };
    keeper.listen(listener);
    await clock.advance(50);
    expect(ticks).toEqual([]);
    const watched = watch();
    await clock.advance(30);
    expect(ticks).toEqual([60, 70, 80]);
    watched.pending.settle(1);
    await clock.advance(100);
    expect(ticks).toEqual([60, 70, 80, 90]);
    keeper.unlisten(listener);
    watch();
    await clock.advance(30);
    expect(ticks).toHaveLength(4);
  });
});

describe('Timekeeper: signals', () => {
  it('ends a call when its signal is aborted, with the reason as the cause', async () => {
    const { clock, keeper, watch } = setUp();
    const controller = new AbortController();
    const watched = watch(Infinity, controller.signal);
    const bystander = watch();
    const reason = { why: 'enough' };
    await clock.advance(10 * tickMs);
    controller.abort(reason);
    const failure = failureOf(watched);
    expect(failure).toMatchObject({ kind: 'aborted', code: 'ABORTED', outcome: 'not-sent', retryable: false });
    expect(failure.cause).toBe(reason);
    expect(bystander.results).toEqual([]);
    expect(keeper.size).toBe(1);
  });

  it('listens to a signal once, however many calls it has at once and in a row', async () => {
    const { clock, watch } = setUp();
    const { signal, listeners } = countedSignal(new AbortController());
    let added = 0;
    const count = signal.addEventListener;
    signal.addEventListener = function add(...args: Parameters<typeof count>): void {
      added += 1;
      Reflect.apply(count, this, args);
    };
    for (let round = 0; round < 20; round += 1) {
      const calls = Array.from({ length: 10 }, () => watch(Infinity, signal));
      expect(listeners()).toBe(1);
      for (const { pending } of calls) pending.settle(round);
    }
    expect(added).toBe(1);
    await clock.advance(2 * tickMs);
    expect(listeners()).toBe(0);
  });

  it('lets go of a signal together with the only call that used it', () => {
    const { watch } = setUp();
    const { signal, listeners } = countedSignal(new AbortController());
    const { pending } = watch(Infinity, signal);
    expect(listeners()).toBe(1);
    pending.settle('answered');
    expect(listeners()).toBe(0);
  });

  it('stays with a signal that comes a second time, and leaves it a tick after its last call', async () => {
    const { clock, watch } = setUp();
    const { signal, listeners } = countedSignal(new AbortController());
    for (let call = 0; call < 5; call += 1) {
      watch(Infinity, signal).pending.settle('answered');
      expect(listeners()).toBe(call === 0 ? 0 : 1);
    }
    watch(Infinity, new AbortController().signal).pending.settle('answered');
    expect(listeners()).toBe(1);
    await clock.advance(tickMs);
    expect(listeners()).toBe(0);
  });

  it('ends every call of an aborted signal, whatever is added and settled meanwhile', () => {
    const { keeper, watch } = setUp();
    const controller = new AbortController();
    const calls = Array.from({ length: 5 }, () => watch(Infinity, controller.signal));
    let late: Watched | undefined;
    const meddler = new Pending(
      () => {
        late ??= watch(Infinity, controller.signal);
        calls[2]?.pending.settle('answered');
      },
      Infinity,
      controller.signal,
    );
    keeper.add(meddler);
    controller.abort();
    expect(calls.map(({ results }) => results.length)).toEqual([1, 1, 1, 1, 1]);
    expect(calls[2]?.results).toEqual(['answered']);
    expect(failureOf(late as Watched).kind).toBe('aborted');
    expect(keeper.size).toBe(0);
  });

  it('ends a call at once whose signal was aborted before, through its holder', () => {
    const { clock, keeper } = setUp();
    const shelf = new Shelf();
    const results: unknown[] = [];
    const pending = new Pending((result) => results.push(result), Infinity, AbortSignal.abort());
    pending.holder = shelf;
    keeper.add(pending);
    expect(results).toEqual(['aborted']);
    expect(keeper.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps nothing of a call whose signal is none', async () => {
    const { clock, keeper, watch } = setUp();
    expect(() => watch(Infinity, {} as AbortSignal)).toThrow(TypeError);
    expect(keeper.size).toBe(0);
    await clock.advance(tickMs);
    expect(clock.pendingTimers).toBe(0);
    expect(watch().pending.keeper).toBe(keeper);
  });

  it('serves several signals and their calls in any order', () => {
    const random = new SeededRandom(8);
    for (let round = 0; round < 100; round += 1) {
      const { keeper, watch } = setUp();
      const controllers = Array.from({ length: 3 }, () => new AbortController());
      const calls = Array.from({ length: 12 }, () => {
        const controller = random.pick(controllers);
        return { controller, ...watch(Infinity, controller.signal) };
      });
      for (const call of calls) if (random.chance(0.3)) call.pending.settle('answered');
      const aborted = random.pick(controllers);
      aborted.abort();
      for (const { controller, pending, results } of calls) {
        const ended = pending.settled ? 1 : 0;
        expect(results).toHaveLength(ended);
        if (controller === aborted) expect(ended).toBe(1);
        else expect(pending.settled).toBe(results[0] === 'answered');
      }
      expect(keeper.size).toBe(calls.filter(({ pending }) => !pending.settled).length);
    }
  });
});

describe('Timekeeper: the end of a client', () => {
  it('ends everything with the reason, and lets go of timer and listeners', () => {
    const { clock, keeper, watch } = setUp();
    const { signal, listeners } = countedSignal(new AbortController());
    const calls = [watch(100), watch(Infinity, signal), watch()];
    const reason = new Error('shutting down');
    keeper.abandonAll(reason);
    keeper.release();
    for (const watched of calls) {
      expect(failureOf(watched)).toMatchObject({ kind: 'closed', code: 'CLOSED', outcome: 'not-sent' });
      expect(failureOf(watched).cause).toBe(reason);
    }
    expect(keeper.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    expect(listeners()).toBe(0);
  });

  it('lets nothing begin to wait afterwards, not even from a callback', () => {
    const { clock, keeper, watch } = setUp();
    let restarted: Watched | undefined;
    keeper.add(new Pending(() => (restarted = watch()), Infinity));
    keeper.abandonAll('gone');
    expect(failureOf(restarted as Watched)).toMatchObject({ kind: 'closed', cause: 'gone' });
    expect(failureOf(watch())).toMatchObject({ kind: 'closed', cause: 'gone' });
    keeper.release();
    expect(keeper.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps its timer while something is pending', () => {
    const { clock, keeper, watch } = setUp();
    watch();
    keeper.release();
    expect(clock.pendingTimers).toBe(1);
  });
});

describe('Timekeeper: holders, callbacks and listeners that throw', () => {
  const throwing: Holder = {
    abandon() {
      throw new Error('a holder with a bug');
    },
  };

  it('end no other wait, and do not stop the clock', async () => {
    const { clock, keeper, watch } = setUp();
    const [before, broken, after] = [watch(10), watch(10), watch(10)];
    broken.pending.holder = throwing;
    keeper.listen({
      onTick() {
        if (clock.now() === 10) throw new Error('a listener with a bug');
      },
    });
    const later = watch(40);
    await expect(clock.advance(10)).rejects.toThrow('a holder with a bug');
    await expect(clock.advance(0)).rejects.toThrow('a listener with a bug');
    await clock.advance(0);
    expect([before, after].map((watched) => failureOf(watched).kind)).toEqual(['timeout', 'timeout']);
    expect(failureOf(broken)).toMatchObject({ kind: 'timeout', outcome: 'unknown', details: { phase: 'held' } });
    await clock.advance(40);
    expect(later.at).toBe(40);
  });

  it('do not keep the others of an aborted signal waiting', async () => {
    const { clock, watch } = setUp();
    const controller = new AbortController();
    const calls = [
      watch(Infinity, controller.signal),
      watch(Infinity, controller.signal),
      watch(Infinity, controller.signal),
    ];
    (calls[1] as Watched).pending.holder = throwing;
    controller.abort();
    expect(calls.map((watched) => failureOf(watched).outcome)).toEqual(['not-sent', 'unknown', 'not-sent']);
    await expect(clock.advance(0)).rejects.toThrow('a holder with a bug');
  });

  it('do not keep a client from ending', async () => {
    const { clock, keeper, watch } = setUp();
    const bystander = watch();
    keeper.add(
      new Pending(() => {
        throw new Error('a callback with a bug');
      }, Infinity),
    );
    keeper.abandonAll('gone');
    expect(failureOf(bystander).kind).toBe('closed');
    expect(keeper.size).toBe(0);
    await expect(clock.advance(0)).rejects.toThrow('a callback with a bug');
  });

  it('cannot keep a call that they do not settle', async () => {
    const { clock, keeper, watch } = setUp();
    const forgotten = watch(10);
    forgotten.pending.holder = { abandon() {} };
    await clock.advance(10);
    expect(failureOf(forgotten)).toMatchObject({ outcome: 'unknown', details: { phase: 'held' } });
    expect(keeper.size).toBe(0);
  });
});

describe('Timekeeper: many', () => {
  it('gives up 100 000 calls in one tick', async () => {
    const { clock, keeper } = setUp();
    let settled = 0;
    for (let i = 0; i < 100_000; i += 1) keeper.add(new Pending(() => (settled += 1), 5));
    await clock.advance(10);
    expect(settled).toBe(100_000);
    expect(keeper.size).toBe(0);
  });
});

describe('abandonedFailure', () => {
  it('is a record of its own for each reason', () => {
    const { keeper } = setUp();
    const pending = new Pending(() => {}, Infinity, AbortSignal.abort('stop'));
    const make = (why: Abandonment): Failure => abandonedFailure(pending, why, 'unknown', 'request');
    keeper.closeReason = 'never used: nobody keeps it';
    expect(make('deadline')).toMatchObject({ kind: 'timeout', outcome: 'unknown', details: { phase: 'request' } });
    expect(make('aborted')).toMatchObject({ kind: 'aborted', cause: 'stop', details: { phase: 'request' } });
    expect(make('closed')).toMatchObject({ kind: 'closed', cause: undefined, details: { phase: 'request' } });
  });
});
