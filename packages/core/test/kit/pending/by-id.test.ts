import { describe, expect, it } from 'vitest';
import { Pending, Timekeeper } from '../../../src/deadline.ts';
import { type ByIdOptions, ByIdTable } from '../../../src/kit/pending/by-id.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { agree } from '../../support/agree.ts';
import { FakeHost, lost, Request } from '../../support/table-host.ts';

const small: ByIdOptions = { capacity: 4, firstId: 1, lastId: 100 };

function setUp(options: ByIdOptions = small): { host: FakeHost; table: ByIdTable; send: (name?: string) => Request } {
  const host = new FakeHost();
  const table = new ByIdTable(host, options);
  return {
    host,
    table,
    send(name) {
      const request = new Request(name);
      table.add(request);
      host.write(request);
      return request;
    },
  };
}

describe('ByIdTable', () => {
  it('gives each request its answer, in any order', () => {
    const { host, table, send } = setUp();
    const requests = ['a', 'b', 'c', 'd'].map(send);
    host.flush();
    expect(new Set(requests.map(({ id }) => id)).size).toBe(4);
    for (const index of [2, 0, 3, 1]) {
      const { id, name } = requests[index] as Request;
      expect(table.get(id)).toBe(requests[index]);
      expect(table.answer(id, `answer ${name}`)).toBe(true);
    }
    expect(requests.map(({ results }) => results)).toEqual([['answer a'], ['answer b'], ['answer c'], ['answer d']]);
    expect(table.size).toBe(0);
  });

  it('takes no second answer, and none for an id that it has not given', () => {
    const { host, table, send } = setUp();
    const request = send();
    host.flush();
    for (const id of [0, -1, -3, 2, 5, 101, 1.5, Number.NaN, Infinity, -Infinity, 2 ** 53, -0]) {
      expect(table.get(id)).toBeUndefined();
      expect(table.answer(id, 'invented')).toBe(false);
    }
    expect(table.answer(request.id, 'first')).toBe(true);
    expect(table.answer(request.id, 'second')).toBe(false);
    expect(request.results).toEqual(['first']);
    expect(table.size).toBe(0);
  });

  it('gives no answer to a request of which nothing has left', () => {
    const { host, table, send } = setUp();
    const request = send();
    expect(table.answer(request.id, 'guessed')).toBe(false);
    host.flush();
    expect(table.answer(request.id, 'asked')).toBe(true);
    expect(request.results).toEqual(['asked']);
  });

  it('removes a request that is given up before it left', () => {
    const { host, table, send } = setUp();
    const request = send();
    table.abandon(request, 'aborted');
    expect(request.results).toMatchObject([{ kind: 'aborted', outcome: 'not-sent', details: { phase: 'request' } }]);
    expect([table.size, table.tombstones, host.tombstones]).toEqual([0, 0, 0]);
    expect(table.get(request.id)).toBeUndefined();
  });

  it('keeps a tombstone for one that has left, and swallows its late answer', () => {
    const { host, table, send } = setUp();
    const request = send();
    host.flush();
    table.abandon(request, 'deadline');
    expect(request.results).toMatchObject([{ kind: 'timeout', outcome: 'unknown', details: { phase: 'request' } }]);
    expect([table.size, table.tombstones, host.tombstones]).toEqual([1, 1, 1]);
    expect(table.get(request.id)?.settled).toBe(true);
    expect(table.answer(request.id, 'late')).toBe(true);
    expect(request.results).toHaveLength(1);
    expect([table.size, table.tombstones]).toEqual([0, 0]);
    expect(table.answer(request.id, 'later')).toBe(false);
  });

  it('forgets a request that could not be written, and gives its place to the next', () => {
    const { table } = setUp({ capacity: 1, firstId: 1, lastId: 100 });
    const unwritten = new Request();
    table.add(unwritten);
    table.forget(unwritten);
    table.forget(unwritten);
    expect([table.size, table.full, unwritten.results]).toEqual([0, false, []]);
    const next = new Request();
    expect(table.add(next)).not.toBe(unwritten.id);
    table.forget(unwritten);
    expect(table.size).toBe(1);
  });

  it('is the holder that the timekeeper asks', async () => {
    const { host, table } = setUp();
    const clock = new FakeClock();
    const keeper = new Timekeeper(clock);
    const results: unknown[] = [];
    const pending = new Pending((result) => results.push(result), 20);
    keeper.add(pending);
    table.add(pending);
    host.write(pending);
    host.flush();
    await clock.advance(20);
    expect(results).toMatchObject([{ kind: 'timeout', outcome: 'unknown' }]);
    expect(table.tombstones).toBe(1);
  });
});

describe('ByIdTable: exhaustion', () => {
  it('is full when every slot waits, tombstones included, and gives out no id then', () => {
    const { host, table, send } = setUp();
    const requests = [1, 2, 3, 4].map(() => send());
    host.flush();
    expect(table.full).toBe(true);
    table.abandon(requests[1] as Request, 'deadline');
    expect(table.full).toBe(true);
    const extra = new Request();
    expect(() => table.add(extra)).toThrow(RangeError);
    expect(requests.map(({ id }) => table.get(id))).toEqual(requests);
    table.answer((requests[1] as Request).id, 'late');
    expect(table.full).toBe(false);
    expect(table.add(extra)).toBeGreaterThan(0);
    expect(table.full).toBe(true);
  });

  it('serves one request at a time, and one id', () => {
    const { host, table, send } = setUp({ capacity: 1, firstId: 7, lastId: 7 });
    for (let i = 0; i < 5; i += 1) {
      const request = send();
      host.flush();
      expect(request.id).toBe(7);
      expect(table.answer(7, i)).toBe(true);
      expect(request.results).toEqual([i]);
    }
  });
});

describe('ByIdTable: stalls', () => {
  it('tells for how long nothing but tombstones has been seen', () => {
    const { host, table, send } = setUp({ capacity: 2, firstId: 1, lastId: 100 });
    const [first, second] = [send(), send()];
    host.flush();
    table.abandon(first, 'deadline');
    expect(table.stalledMs(1000)).toBe(0);
    expect(table.stalledMs(2000)).toBe(0);
    table.abandon(second, 'deadline');
    expect([table.stalledMs(3000), table.stalledMs(3070)]).toEqual([0, 70]);
    // One answer proves the peer, whether or not anybody looked while its slot was free.
    table.answer(first.id, 'late');
    const third = send();
    host.flush();
    table.abandon(third, 'deadline');
    expect([table.stalledMs(3080), table.stalledMs(3090)]).toEqual([0, 10]);
    table.answer(second.id, 'late');
    expect(table.stalledMs(9000)).toBe(0);
  });
});

describe('ByIdTable: ids', () => {
  it('come again only after every turn of their slot', () => {
    const options: ByIdOptions = { capacity: 4, firstId: 10, lastId: 35 };
    const { host, table, send } = setUp(options);
    const last = new Map<number, number>();
    const ids = new Set<number>();
    for (let i = 0; i < 500; i += 1) {
      const { id } = send();
      host.flush();
      table.answer(id, i);
      ids.add(id);
      expect(id).toBeGreaterThanOrEqual(10);
      expect(id).toBeLessThanOrEqual(35);
      // Six turns of four slots.
      if (last.has(id)) expect(i - (last.get(id) as number)).toBe(24);
      last.set(id, i);
    }
    expect(ids.size).toBe(24);
  });

  it('start with the first, and use the whole of a range that fits', () => {
    const { table } = setUp({ capacity: 3, firstId: 0, lastId: 5 });
    const host = new FakeHost();
    const given = Array.from({ length: 7 }, () => {
      const request = new Request();
      const id = table.add(request);
      host.write(request);
      table.abandon(request, 'aborted');
      return id;
    });
    expect(given).toEqual([0, 1, 2, 3, 4, 5, 0]);
  });

  it('of a tombstone are not given to another', () => {
    const { host, table, send } = setUp({ capacity: 2, firstId: 1, lastId: 2 });
    const abandoned = send();
    host.flush();
    table.abandon(abandoned, 'deadline');
    for (let i = 0; i < 10; i += 1) {
      const request = send();
      host.flush();
      expect(request.id).not.toBe(abandoned.id);
      table.answer(request.id, i);
      expect(request.results).toEqual([i]);
    }
  });

  it('may be as large as integers are exact', () => {
    const { host, table, send } = setUp({
      capacity: 2,
      firstId: Number.MAX_SAFE_INTEGER - 5,
      lastId: Number.MAX_SAFE_INTEGER,
    });
    for (let i = 0; i < 20; i += 1) {
      const request = send();
      host.flush();
      expect(Number.isSafeInteger(request.id)).toBe(true);
      expect(table.answer(request.id, i)).toBe(true);
    }
  });

  it.each([
    { capacity: 0, firstId: 1, lastId: 10 },
    { capacity: -1, firstId: 1, lastId: 10 },
    { capacity: 2.5, firstId: 1, lastId: 10 },
    { capacity: Number.NaN, firstId: 1, lastId: 10 },
    { capacity: Infinity, firstId: 1, lastId: Infinity },
    { capacity: 11, firstId: 1, lastId: 10 },
    { capacity: 1, firstId: 10, lastId: 1 },
    { capacity: 2, firstId: Number.NaN, lastId: 10 },
    { capacity: 2, firstId: 1, lastId: 2 ** 53 },
    { capacity: 2, firstId: 0.5, lastId: 10 },
  ])('are refused as a range when they are none: %j', (options) => {
    expect(() => new ByIdTable(new FakeHost(), options)).toThrow(RangeError);
  });

  it('of several tables on one connection do not meet', () => {
    const host = new FakeHost();
    const tables = [
      new ByIdTable(host, { capacity: 2, firstId: 0, lastId: 99 }),
      new ByIdTable(host, { capacity: 2, firstId: 100, lastId: 199 }),
    ];
    const requests = tables.map((table) => {
      const request = new Request();
      table.add(request);
      host.write(request);
      return request;
    });
    host.flush();
    for (const [index, request] of requests.entries()) {
      expect(tables.map((table) => table.answer(request.id, index))).toEqual([index === 0, index === 1]);
    }
    expect(requests.map(({ results }) => results)).toEqual([[0], [1]]);
  });
});

describe('ByIdTable: the end of the connection', () => {
  it('ends what has left unknown, what has not as not sent, and tombstones not again', () => {
    const { host, table, send } = setUp();
    const [tombstone, sent] = [send(), send()];
    host.flush();
    const unsent = send();
    table.abandon(tombstone, 'aborted');
    table.clear(lost('not-sent'));
    expect([tombstone, sent, unsent].map(({ outcome }) => outcome)).toEqual([
      'aborted unknown',
      'connection unknown',
      'connection not-sent',
    ]);
    expect([tombstone.results.length, table.size, table.tombstones]).toEqual([1, 0, 0]);
  });

  it('lets nothing wait afterwards, not even what comes from a callback', () => {
    const { host, table } = setUp();
    const retry = new Request('retry');
    const request = new Request('first', () => table.add(retry));
    table.add(request);
    host.write(request);
    host.flush();
    table.clear(lost());
    expect(retry.outcome).toBe('connection not-sent');
    expect([table.size, table.full]).toEqual([0, false]);
    expect(table.answer(request.id, 'x')).toBe(false);
  });

  it('finds its counts right when a callback gives up another', () => {
    const { host, table, send } = setUp();
    const nosy = new Request('nosy', () => table.abandon(other, 'aborted'));
    table.add(nosy);
    host.write(nosy);
    const other = send('other');
    host.flush();
    table.clear(lost());
    expect(other.outcome).toBe('aborted unknown');
    expect([table.size, table.tombstones]).toEqual([0, 0]);
  });
});

describe('ByIdTable: callbacks', () => {
  it('may send the next request from inside an answer, into the slot that it left', () => {
    const { host, table } = setUp({ capacity: 1, firstId: 1, lastId: 1000 });
    const seen: number[] = [];
    const next = (): Request =>
      new Request('', () => {
        seen.push(table.size);
        if (seen.length < 50) start();
      });
    const start = (): void => {
      const request = next();
      const id = table.add(request);
      host.write(request);
      host.flush();
      table.answer(id, 'x');
    };
    start();
    expect(seen).toEqual(Array.from({ length: 50 }, () => 0));
  });
});

describe('ByIdTable, against a map', () => {
  it('gives each request its own answer or failure, and no id twice at once', () => {
    const random = new SeededRandom(43);
    for (let round = 0; round < 300; round += 1) {
      const capacity = random.integer(1, 9);
      const firstId = random.pick([0, 1, 1000, -5]);
      const range = capacity * random.integer(1, 4) + random.integer(0, capacity - 1);
      const { host, table } = setUp({ capacity, firstId, lastId: firstId + range - 1 });
      const model = new Map<number, { request: Request; left: boolean; expected: string | undefined }>();
      const all: { request: Request; expected: string | undefined }[] = [];
      for (let step = 0; step < 150; step += 1) {
        const choice = random.integer(0, 9);
        agree(table.full, model.size === capacity, 'full');
        if (choice <= 3 && !table.full) {
          const entry = { request: new Request(`${step}`), left: false, expected: undefined };
          const id = table.add(entry.request);
          host.write(entry.request);
          agree(model.has(id), false, `id ${id} is in use`);
          agree(entry.request.id, id, 'id');
          agree(id >= firstId && id < firstId + range, true, 'in the range');
          model.set(id, entry);
          all.push(entry);
        } else if (choice === 4) {
          host.flush();
          for (const entry of model.values()) entry.left = true;
        } else if (choice <= 7) {
          const known = model.size > 0 && random.chance(0.7);
          const id = known ? random.pick([...model.keys()]) : firstId + random.integer(-2, range + 2);
          const entry = model.get(id);
          agree(table.get(id), entry?.request, 'get');
          agree(table.answer(id, `answer ${step}`), entry?.left === true, `answer ${id}`);
          if (entry?.left !== true) continue;
          entry.expected ??= `answer ${step}`;
          model.delete(id);
        } else {
          const alive = [...model].filter(([, { expected }]) => expected === undefined);
          if (alive.length === 0) continue;
          const [id, entry] = random.pick(alive);
          table.abandon(entry.request, 'deadline');
          entry.expected = entry.left ? 'timeout unknown' : 'timeout not-sent';
          if (!entry.left) model.delete(id);
        }
        agree(table.size, model.size, 'size');
        agree(
          table.tombstones,
          [...model.values()].filter(({ expected }) => expected !== undefined).length,
          'tombstones',
        );
      }
      table.clear(lost());
      for (const entry of model.values()) entry.expected ??= entry.left ? 'connection unknown' : 'connection not-sent';
      for (const { request, expected } of all) {
        agree(request.results.length, 1, 'settled once');
        agree(request.outcome, expected, 'result');
      }
    }
  });
});
