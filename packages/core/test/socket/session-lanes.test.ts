import { describe, expect, it } from 'vitest';
import { Failure, Pending, waitFor } from '../../src/index.ts';
import { Connection, Session, type SessionOptions, type SessionWire } from '../../src/socket/index.ts';
import { createLines, type Lines } from '../support/lines.ts';
import { over } from '../support/recorded-session.ts';

/** One request of each lane at a time; the test answers. */
class LaneWire implements SessionWire<string> {
  readonly #written: string[];
  readonly #busy = new Map<number, Pending>();

  constructor(written: string[]) {
    this.#written = written;
  }

  isFull(lane: number): boolean {
    return this.#busy.has(lane);
  }

  send(request: string, pending: Pending, lane: number): void {
    this.#written.push(`${lane}:${request}`);
    this.#busy.set(lane, pending);
  }

  answer(lane: number): void {
    const pending = this.#busy.get(lane);
    this.#busy.delete(lane);
    pending?.settle('done');
  }

  onData(bytes: Uint8Array, length: number): void {
    for (const lane of bytes.subarray(0, length)) this.answer(lane);
  }

  onClose(failure: Failure): void {
    for (const pending of this.#busy.values()) pending.settle(failure);
    this.#busy.clear();
  }
}

interface LaneWorld {
  readonly lines: Lines;
  readonly session: Session<string, LaneWire>;
  readonly written: string[];
  submit(request: string, lane?: number): Promise<unknown>;
  /** The server answers what is out on a lane. */
  answer(lane: number): Promise<void>;
}

function createLaneWorld(options: Partial<SessionOptions<string, LaneWire>> = {}): LaneWorld {
  const lines = createLines();
  const { ports, timekeeper } = lines;
  const written: string[] = [];
  const session = new Session<string, LaneWire>({
    ports,
    timekeeper,
    backoff: () => 100,
    lanes: 2,
    open: (hooks) =>
      Connection.open<LaneWire>({ ...lines.connection, ...hooks, createWire: () => new LaneWire(written) }),
    ...options,
  });
  return {
    lines,
    session,
    written,
    submit: (request, lane) =>
      waitFor(timekeeper, { dueAt: ports.clock.now() + 1000 }, 'test', (pending) =>
        session.submit(request, pending, request.length, lane),
      ),
    answer(lane) {
      lines.net.links.at(-1)?.server.write(Uint8Array.of(lane));
      return lines.run();
    },
  };
}

describe('the lanes of a session', () => {
  it('do not wait for each other, and keep their own order', async () => {
    const { session, lines, written, submit, answer } = createLaneWorld();
    const calls = [submit('a', 0), submit('b', 0), submit('c', 1), submit('d', 1), submit('e', 0)];
    await lines.run();
    expect([written.splice(0).toSorted(), session.waiting]).toEqual([['0:a', '1:c'], 3]);
    await answer(1);
    expect([written.splice(0), session.waiting]).toEqual([['1:d'], 2]);
    await answer(0);
    await answer(0);
    await answer(1);
    expect([written, session.waiting]).toEqual([['0:b', '0:e'], 0]);
    await answer(0);
    expect(await Promise.all(calls)).toEqual(new Array(5).fill('done'));
  });

  it('are bounded one by one', async () => {
    const { submit, lines } = createLaneWorld({ maxWaiting: 1, maxWaitingBytes: 10 });
    const results = Promise.all([submit('a', 0), submit('b', 0), submit('c', 1), submit('d', 1)]);
    lines.net.onDial = () => 'black-hole';
    await lines.run(2000);
    expect(await results).toMatchObject([
      { kind: 'timeout' },
      { kind: 'overloaded', outcome: 'not-sent' },
      { kind: 'timeout' },
      { kind: 'overloaded', outcome: 'not-sent' },
    ]);
  });

  it('all go to the next connection, and all end with the session', async () => {
    const { session, submit, lines, written, answer } = createLaneWorld();
    const lost = [submit('a', 0), submit('b', 1)];
    const kept = [submit('c', 0), submit('d', 1)];
    await lines.run();
    written.length = 0;
    lines.net.links[0]?.reset('client');
    await lines.run(200);
    expect(await Promise.all(lost)).toMatchObject([{ code: 'REFUSED' }, { code: 'REFUSED' }]);
    expect(written).toEqual(['0:c', '1:d']);
    await answer(0);
    await answer(1);
    expect(await Promise.all(kept)).toEqual(['done', 'done']);
    const ended = [submit('e', 0), submit('f', 0), submit('g', 1), submit('h', 1)];
    session.destroy(over);
    expect(await Promise.all(ended)).toMatchObject(ended.map(() => ({ kind: 'closed' })));
  });

  it('let who is told on one of them call on another', async () => {
    const { session, lines } = createLaneWorld({
      open: async () => new Failure({ kind: 'authentication', message: 'no', outcome: 'not-sent', retryable: false }),
      lanes: 2,
    });
    const results: unknown[] = [];
    const later = new Pending((result) => results.push(result), Infinity);
    const told = new Pending(() => session.submit('b', later, 1, 1), Infinity);
    session.submit('a', told, 1, 0);
    await lines.run(1);
    // The next try, which it has begun, fails as well, and ends it then: not with the failure of the first.
    expect([session.epoch, results]).toMatchObject([2, [{ kind: 'authentication' }]]);
  });

  it('take turns where they share their room', async () => {
    let room = 1;
    const written: string[] = [];
    const { session, lines } = createLaneWorld({
      open: (hooks) =>
        Connection.open<LaneWire>({
          ...lines.connection,
          ...hooks,
          createWire: () =>
            Object.assign(new LaneWire(written), {
              isFull: () => room === 0,
              send: (request: string) => {
                room -= 1;
                written.push(request);
              },
            }),
        }),
    });
    for (const name of ['a1', 'a2', 'a3']) session.submit(name, new Pending(() => {}, Infinity), 1, 0);
    for (const name of ['b1', 'b2', 'b3']) session.submit(name, new Pending(() => {}, Infinity), 1, 1);
    await lines.run();
    for (let i = 0; i < 5; i += 1) {
      room = 1;
      lines.net.links[0]?.server.write(Uint8Array.of(9));
      await lines.run();
    }
    expect([written.length, written.filter((name) => name.startsWith('b')).length]).toEqual([6, 3]);
    expect(written.slice(0, 4).filter((name) => name.startsWith('b'))).toHaveLength(2);
  });

  it('are refused by number where there are fewer', async () => {
    const { submit } = createLaneWorld();
    await expect(submit('a', 2)).rejects.toThrow(/lane 2 was asked for, expected 0 to 1/);
    expect(() => createLaneWorld({ lanes: 0 })).toThrow(/lanes/);
  });

  it('are one where nothing is said', async () => {
    const { submit, lines, written } = createLaneWorld({ lanes: 1 });
    void submit('a');
    await lines.run();
    expect(written).toEqual(['0:a']);
  });
});
