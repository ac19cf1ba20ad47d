import { describe, expect, it } from 'vitest';
import { Pending, Timekeeper } from '../../../src/deadline.ts';
import { InOrderTable } from '../../../src/kit/pending/in-order.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { agree } from '../../support/agree.ts';
import { FakeHost, lost, Request } from '../../support/table-host.ts';

function setUp(capacity = 100): {
  host: FakeHost;
  clock: FakeClock;
  table: InOrderTable;
  send: (name?: string) => Request;
} {
  const host = new FakeHost();
  const clock = new FakeClock();
  const table = new InOrderTable(host, { capacity, clock });
  return {
    host,
    clock,
    table,
    send(name) {
      const request = new Request(name);
      host.write(request);
      table.push(request);
      return request;
    },
  };
}

describe('InOrderTable', () => {
  it('gives answers in the order of the requests', () => {
    const { host, table, send } = setUp();
    const requests = ['a', 'b', 'c'].map(send);
    host.flush();
    expect(table.head()).toBe(requests[0]);
    for (const answer of [1, 2, 3]) expect(table.answer(answer)).toBe(true);
    expect(requests.map(({ results }) => results)).toEqual([[1], [2], [3]]);
    expect(table.size).toBe(0);
  });

  it('takes no answer that nobody waits for', () => {
    const { host, table, send } = setUp();
    expect(table.answer(1)).toBe(false);
    const request = send();
    host.flush();
    expect(table.answer(1)).toBe(true);
    expect(table.answer(2)).toBe(false);
    expect(request.results).toEqual([1]);
    expect([table.size, table.tombstones]).toEqual([0, 0]);
  });

  it('gives no answer to a request of which nothing has left', () => {
    const { host, table, send } = setUp();
    const first = send();
    host.flush();
    const second = send();
    expect([table.answer('one'), table.answer('two: sent twice?')]).toEqual([true, false]);
    expect([first.results, second.results]).toEqual([['one'], []]);
    host.flush();
    expect(table.answer('two')).toBe(true);
    expect(second.results).toEqual(['two']);
  });

  it('removes a request that is given up before it left', () => {
    const { host, table, send } = setUp();
    const [first, second, third] = [send(), send(), send()];
    table.abandon(second, 'aborted');
    expect(second.results).toMatchObject([{ kind: 'aborted', outcome: 'not-sent', details: { phase: 'request' } }]);
    expect([table.size, table.tombstones, host.tombstones]).toEqual([2, 0, 0]);
    host.flush();
    table.answer(1);
    table.answer(3);
    expect([first.results, third.results]).toEqual([[1], [3]]);
  });

  it('keeps a tombstone for one that has left, and swallows its late answer', () => {
    const { host, table, send } = setUp();
    const [first, second] = [send(), send()];
    host.flush();
    table.abandon(first, 'deadline');
    expect(first.results).toMatchObject([{ kind: 'timeout', outcome: 'unknown', details: { phase: 'request' } }]);
    expect([table.size, table.tombstones, host.tombstones]).toEqual([2, 1, 1]);
    expect(table.head()).toBe(first);
    expect(table.answer('late')).toBe(true);
    expect(table.answer('second')).toBe(true);
    expect(first.results).toHaveLength(1);
    expect(second.results).toEqual(['second']);
    expect([table.size, table.tombstones]).toEqual([0, 0]);
  });

  it('counts tombstones as in flight', () => {
    const { host, table, send } = setUp(2);
    const [first] = [send(), send()];
    host.flush();
    expect(table.full).toBe(true);
    table.abandon(first, 'deadline');
    expect(table.full).toBe(true);
    table.answer('late');
    expect(table.full).toBe(false);
  });

  it('is the holder that the timekeeper asks', async () => {
    const { host, clock, table } = setUp();
    const keeper = new Timekeeper(clock);
    const results: unknown[] = [];
    const pending = new Pending((result) => results.push(result), 20);
    keeper.add(pending);
    host.write(pending);
    table.push(pending);
    host.flush();
    await clock.advance(20);
    expect(results).toMatchObject([{ kind: 'timeout', outcome: 'unknown' }]);
    expect(table.tombstones).toBe(1);
  });
});

describe('InOrderTable: stalls', () => {
  it('tells for how long a tombstone has been what everybody waits for', () => {
    const { host, clock, table, send } = setUp();
    const [first, second, third] = [send(), send(), send()];
    host.flush();
    clock.jump(1000);
    expect(table.stalledMs(clock.now())).toBe(0);
    table.abandon(second, 'deadline');
    clock.jump(500);
    // It waits behind one that is alive.
    expect(table.stalledMs(clock.now())).toBe(0);
    table.answer('first');
    clock.jump(70);
    expect(table.stalledMs(clock.now())).toBe(70);
    table.abandon(third, 'deadline');
    clock.jump(30);
    expect(table.stalledMs(clock.now())).toBe(100);
    table.answer('late second');
    clock.jump(5);
    // The next tombstone has only been waited for since then.
    expect(table.stalledMs(clock.now())).toBe(5);
    table.answer('late third');
    expect(table.stalledMs(clock.now())).toBe(0);
    expect(first.results).toEqual(['first']);
  });

  it('counts from when the head was given up', () => {
    const { host, clock, table, send } = setUp();
    const head = send();
    host.flush();
    clock.jump(100);
    table.abandon(head, 'deadline');
    clock.jump(40);
    expect(table.stalledMs(clock.now())).toBe(40);
  });
});

describe('InOrderTable: the end of the connection', () => {
  it('ends what has left unknown, what has not as not sent, and tombstones not again', () => {
    const { host, table, send } = setUp();
    const [tombstone, sent] = [send(), send()];
    host.flush();
    const unsent = send();
    table.abandon(tombstone, 'aborted');
    table.clear(lost());
    expect([tombstone, sent, unsent].map(({ outcome }) => outcome)).toEqual([
      'aborted unknown',
      'connection unknown',
      'connection not-sent',
    ]);
    expect([tombstone.results.length, table.size, table.tombstones]).toEqual([1, 0, 0]);
  });

  it.each([
    ['not-sent', 'unknown'],
    ['unknown', 'unknown'],
    ['rejected', 'rejected'],
  ] as const)('never says not sent of what has left: %s becomes %s', (outcome, expected) => {
    const { host, table, send } = setUp();
    const sent = send();
    host.flush();
    table.clear(lost(outcome));
    expect(sent.outcome).toBe(`connection ${expected}`);
  });

  it('lets nothing wait afterwards, not even what comes from a callback', () => {
    const { host, table } = setUp();
    const retry = new Request('retry');
    const request = new Request('first', () => table.push(retry));
    host.write(request);
    table.push(request);
    host.flush();
    table.clear(lost());
    expect(retry.outcome).toBe('connection not-sent');
    const late = new Request('late');
    table.push(late);
    expect(late.outcome).toBe('connection not-sent');
    expect(table.size).toBe(0);
    expect(table.answer('x')).toBe(false);
  });

  it('finds its counts right when a callback gives up another', () => {
    const { host, table, send } = setUp();
    const nosy = new Request('nosy', () => table.abandon(other, 'aborted'));
    host.write(nosy);
    table.push(nosy);
    const other = send('other');
    host.flush();
    table.clear(lost());
    expect(other.outcome).toBe('aborted unknown');
    expect([table.size, table.tombstones]).toEqual([0, 0]);
  });

  it('may come from a tombstone', () => {
    const { host, table, send } = setUp();
    const [first, second] = [send(), send()];
    host.flush();
    host.onTombstoneCall = () => table.clear(lost());
    table.abandon(first, 'deadline');
    expect([first, second].map(({ outcome }) => outcome)).toEqual(['timeout unknown', 'connection unknown']);
    expect([table.size, table.tombstones]).toEqual([0, 0]);
  });
});

describe('InOrderTable: callbacks', () => {
  it('may send the next request, and be answered from inside an answer', () => {
    const { host, table } = setUp();
    const order: string[] = [];
    const chain = (name: string, next?: Request): Request =>
      new Request(name, () => {
        order.push(name, String(table.size));
        if (!next) return;
        host.write(next);
        table.push(next);
        host.flush();
        table.answer('nested');
      });
    const first = chain('a', chain('b', chain('c')));
    host.write(first);
    table.push(first);
    host.flush();
    table.answer('outer');
    expect(order).toEqual(['a', '0', 'b', '0', 'c', '0']);
  });
});

describe('InOrderTable, against a list', () => {
  it('gives each request its own answer or failure, whatever is given up', () => {
    const random = new SeededRandom(41);
    for (let round = 0; round < 300; round += 1) {
      const { host, clock, table } = setUp(random.integer(1, 12));
      interface Entry {
        readonly request: Request;
        left: boolean;
        expected: string | undefined;
      }
      let model: Entry[] = [];
      const all: Entry[] = [];
      let headSince = 0;
      const watchHead = (before: Entry | undefined): void => {
        const [head] = model;
        if (head?.expected !== undefined && (head !== before || before.expected === undefined)) headSince = clock.now();
      };
      for (let step = 0; step < 150; step += 1) {
        clock.jump(random.integer(0, 3));
        const choice = random.integer(0, 9);
        const head = model[0];
        const headWasAlive = head?.expected === undefined;
        if (choice <= 3 && !table.full) {
          const entry: Entry = { request: new Request(`${step}`), left: false, expected: undefined };
          host.write(entry.request);
          table.push(entry.request);
          model.push(entry);
          all.push(entry);
        } else if (choice === 4) {
          host.flush();
          for (const entry of model) entry.left = true;
        } else if (choice <= 6) {
          const answered = head?.left === true;
          agree(table.answer(`answer ${head?.request.name}`), answered, 'answer');
          if (answered) {
            head.expected ??= `answer ${head.request.name}`;
            model.shift();
            watchHead(head);
          }
        } else {
          const alive = model.filter(({ expected }) => expected === undefined);
          if (alive.length === 0) continue;
          const chosen = random.pick(alive);
          table.abandon(chosen.request, 'deadline');
          chosen.expected = chosen.left ? 'timeout unknown' : 'timeout not-sent';
          if (!chosen.left) model = model.filter((entry) => entry !== chosen);
          if (chosen === head && chosen.left && headWasAlive) headSince = clock.now();
        }
        const stalled = model[0]?.expected !== undefined;
        agree(table.size, model.length, 'size');
        agree(table.tombstones, model.filter(({ expected }) => expected !== undefined).length, 'tombstones');
        agree(table.head(), model[0]?.request, 'head');
        agree(table.stalledMs(clock.now()), stalled ? clock.now() - headSince : 0, 'stalledMs');
      }
      table.clear(lost());
      for (const entry of model) entry.expected ??= entry.left ? 'connection unknown' : 'connection not-sent';
      for (const { request, expected } of all) {
        agree(request.results.length, 1, 'settled once');
        agree(request.outcome, expected, 'result');
      }
    }
  });
});
