import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/index.ts';
import { Connection, type ConnectionHooks, Session, type SessionWire } from '../../src/socket/index.ts';
import { createLines, type Lines, type LineWire } from '../support/lines.ts';
import { dropped, expectNothingLeft, over, recorded } from '../support/recorded-session.ts';
import { Request } from '../support/table-host.ts';

type ClosingWire = SessionWire<string>;

describe('a session', () => {
  it('dials when it is first asked, once, and lets calls go in the order in which they came', async () => {
    const { session, net, told, received, submit, run } = recorded();
    await run(1000);
    expect([session.state, session.epoch, session.wire, net.dials]).toEqual([
      { is: 'idle', cause: undefined },
      0,
      undefined,
      0,
    ]);
    const calls = ['a', 'b', 'c'].map((line) => submit(line));
    expect([session.state.is, session.waiting]).toEqual(['connecting', 3]);
    await run();
    expect(await Promise.all(calls)).toEqual(['re a', 're b', 're c']);
    expect(received.map(({ line }) => line)).toEqual(['a', 'b', 'c']);
    expect(session.wire).toBeDefined();
    expect([net.dials, session.waiting]).toEqual([1, 0]);
    expect(told).toEqual(['connecting 1', 'up 1 lines.test:1']);
  });

  it('dials by start() for nobody, and goes on when the connection is lost', async () => {
    const { session, net, told, run } = recorded();
    session.start();
    session.start();
    await run();
    session.start();
    net.links[0]?.reset('client');
    await run(200);
    expect(told).toEqual([
      'connecting 1',
      'up 1 lines.test:1',
      'lost 1: REFUSED',
      'down: REFUSED, 100',
      'connecting 2: REFUSED',
      'up 2 lines.test:1',
    ]);
    expect(net.dials).toBe(2);
  });

  it('does not dial again for nobody when it was not started, but for the next call', async () => {
    const { session, net, told, submit, run } = recorded();
    expect(await Promise.all([submit('a'), run()])).toEqual(['re a', undefined]);
    net.links[0]?.reset('client');
    await run(10_000);
    expect(session.state).toMatchObject({ is: 'idle', cause: { code: 'CONNECTION_LOST' } });
    expect(net.dials).toBe(1);
    expect(await Promise.all([submit('b'), run()])).toEqual(['re b', undefined]);
    expect(told.slice(2)).toEqual([
      'lost 1: CONNECTION_LOST',
      'idle: CONNECTION_LOST',
      'connecting 2: CONNECTION_LOST',
      'up 2 lines.test:1',
    ]);
  });

  it('becomes idle when those that waited have given up before the next dial', async () => {
    const { session, net, submit, run } = recorded({ backoff: () => 500 });
    net.onDial = () => 'refuse';
    const call = submit('a', { timeoutMs: 100 });
    await run(400);
    expect(session.state.is).toBe('down');
    await run(200);
    expect(session.state).toMatchObject({ is: 'idle', cause: { code: 'CONNECT_FAILED' } });
    expect(net.dials).toBe(1);
    expect(await call).toMatchObject({ kind: 'timeout' });
  });

  it('sends at once while it is up, and lets nobody overtake who waits for room', async () => {
    const { session, received, run } = recorded({}, { wire: { maxInFlight: 1 } });
    session.start();
    await run();
    const third = new Request('c');
    // The answer makes room, and this one comes before it is used.
    const first = new Request('a', () => session.submit('c', third, 1));
    session.submit('a', first, 1);
    const second = new Request('b');
    session.submit('b', second, 1);
    expect(session.waiting).toBe(1);
    await run();
    expect([first, second, third].map(({ outcome }) => outcome)).toEqual(['re a', 're b', 're c']);
    expect(received.map(({ line }) => line)).toEqual(['a', 'b', 'c']);
  });
});

describe('calls that wait in a session', () => {
  it.each([
    ['count', { maxWaiting: 2 }, 1, 'bounds: 2 calls'],
    ['bytes', { maxWaitingBytes: 20 }, 10, '20 bytes'],
  ])('are bounded by %s', async (_, bound, bytes, message) => {
    const lines = recorded(bound);
    lines.net.onDial = () => 'black-hole';
    const calls = Array.from({ length: 3 }, (_each, i) => lines.submit(`${i}`, { bytes }));
    expect(lines.session.waiting).toBe(2);
    const refused = await calls[2];
    expect(refused).toMatchObject({
      kind: 'overloaded',
      code: 'OVERLOADED',
      outcome: 'not-sent',
      retryable: true,
      details: { phase: 'queue' },
    });
    expect((refused as Failure).message).toContain(message);
    lines.session.destroy(over);
    // The dial has a time limit of its own.
    await lines.run(10_100);
    expectNothingLeft(lines);
  });

  it('are 10 000 and 16 MiB at most where nothing else is said', async () => {
    const { session, net, submit } = recorded();
    net.onDial = () => 'black-hole';
    for (let i = 0; i < 10_000; i += 1) void submit('x', { bytes: 1 });
    expect(await submit('x', { bytes: 1 })).toMatchObject({ kind: 'overloaded' });
    session.destroy(over);
    const second = recorded();
    second.net.onDial = () => 'black-hole';
    void second.submit('x', { bytes: 16 * 1024 * 1024 - 1 });
    void second.submit('x', { bytes: 1 });
    expect(await second.submit('x', { bytes: 1 })).toMatchObject({ kind: 'overloaded' });
    expect(second.session.waiting).toBe(2);
  });

  it('are told why there is no room, when that is no secret', async () => {
    const lines = recorded({ maxWaiting: 1 });
    lines.net.onDial = () => 'refuse';
    void lines.submit('a');
    await lines.run(50);
    expect(await lines.submit('b')).toMatchObject({ kind: 'overloaded', details: { lastFailure: 'CONNECT_FAILED' } });
  });

  it('wait to their deadline while the peer is down, and learn why it is', async () => {
    const { net, submit, run } = recorded();
    net.onDial = () => 'refuse';
    const calls = [submit('a', { timeoutMs: 1000 }), submit('b', { timeoutMs: 350 })];
    let settled = 0;
    for (const call of calls) void call.then(() => (settled += 1));
    await run(340);
    expect(settled).toBe(0);
    await run(30);
    expect(settled).toBe(1);
    await run(1000);
    for (const result of await Promise.all(calls)) {
      expect(result).toMatchObject({
        kind: 'timeout',
        outcome: 'not-sent',
        retryable: true,
        cause: { code: 'ECONNREFUSED' },
        details: { phase: 'connect', lastFailure: 'CONNECT_FAILED' },
      });
    }
    expect(net.dials).toBeGreaterThan(3);
  });

  it('learn nothing of an earlier failure when they wait for room, or were aborted', async () => {
    const lines = recorded({ maxWaiting: 2 }, { wire: { maxInFlight: 1 } });
    const controller = new AbortController();
    lines.net.onDial = (_, number) => (number === 1 ? 'refuse' : 'accept');
    const aborted = lines.submit('a', { signal: controller.signal });
    await lines.run(50);
    controller.abort('enough');
    expect(await aborted).toMatchObject({ kind: 'aborted', cause: 'enough', details: { phase: 'connect' } });
    lines.session.start();
    await lines.run(200);
    lines.answer = () => undefined;
    const calls = [lines.submit('b', { timeoutMs: 300 }), lines.submit('c', { timeoutMs: 100 })];
    await lines.run(120);
    const late = (await calls[1]) as Failure;
    expect(late).toMatchObject({ kind: 'timeout', details: { phase: 'queue' } });
    expect([late.cause, late.details]).toEqual([undefined, { phase: 'queue' }]);
    calls.push(lines.submit('d'), lines.submit('e'));
    expect(((await lines.submit('f')) as Failure).details).toEqual({ phase: 'queue' });
  });

  it('go to the next connection; those that were sent end unknown', async () => {
    const lines = recorded({}, { wire: { maxInFlight: 2 } });
    lines.session.start();
    await lines.run();
    lines.answer = () => undefined;
    const calls = ['a', 'b', 'c', 'd'].map((line) => lines.submit(line));
    await lines.run();
    lines.answer = ({ line }) => `re ${line}`;
    lines.net.links[0]?.reset('client');
    await lines.run(300);
    const results = await Promise.all(calls);
    expect(results.slice(0, 2)).toMatchObject([
      { kind: 'connection', outcome: 'unknown', retryable: true },
      { kind: 'connection', outcome: 'unknown', retryable: true },
    ]);
    expect(results.slice(2)).toEqual(['re c', 're d']);
    expect(lines.received.map(({ line, link }) => `${line} on ${link.number}`)).toEqual([
      'a on 1',
      'b on 1',
      'c on 2',
      'd on 2',
    ]);
  });

  it('are not handed to a connection that ends while one of them is written', async () => {
    const lines = createLines();
    const written: string[] = [];
    let full = true;
    const createWire = (connection: Connection<ClosingWire>): ClosingWire => ({
      isFull() {
        return full;
      },
      send(request, pending) {
        written.push(request);
        if (request === 'b') connection.close(dropped);
        pending.settle(request);
      },
      onData() {},
      onClose() {},
    });
    const session = new Session<string, ClosingWire>({
      ports: lines.ports,
      timekeeper: lines.timekeeper,
      backoff: () => 100,
      open: (hooks) => Connection.open<ClosingWire>({ ...lines.connection, ...hooks, createWire }),
    });
    for (const name of ['a', 'b', 'c', 'd']) session.submit(name, new Request(name), 1);
    await lines.run();
    expect([session.state.is, session.waiting]).toEqual(['up', 4]);
    full = false;
    lines.net.links[0]?.server.write(new Uint8Array(1));
    await lines.run();
    expect([session.state.is, session.waiting, written.join('')]).toEqual(['down', 2, 'ab']);
    await lines.run(200);
    expect([session.state.is, session.waiting, written.join('')]).toEqual(['up', 0, 'abcd']);
  });

  it('are bounded, typed and cheap when ten thousand come at once for a dead address', async () => {
    const lines = recorded({ maxWaiting: 1000, backoff: () => 100 });
    lines.net.onDial = () => 'refuse';
    const calls = Array.from({ length: 10_000 }, () => lines.submit('x', { timeoutMs: 1000 }));
    expect(lines.session.waiting).toBe(1000);
    // They, and the dial.
    expect(lines.timekeeper.size).toBe(1001);
    let mostTimers = 0;
    for (let ms = 0; ms < 1100; ms += 10) {
      await lines.run(10);
      mostTimers = Math.max(mostTimers, lines.ports.clock.pendingTimers);
    }
    const kinds = new Map<string, number>();
    for (const result of await Promise.all(calls)) {
      const kind = result instanceof Failure ? result.kind : 'value';
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    expect(Object.fromEntries(kinds)).toEqual({ overloaded: 9000, timeout: 1000 });
    expect(lines.net.dials).toBeLessThanOrEqual(11);
    expect(mostTimers).toBeLessThanOrEqual(3);
    await lines.run(200);
    expect(lines.session.state.is).toBe('idle');
    expectNothingLeft(lines);
  });
});

describe('the pauses between tries', () => {
  it('grow with failures in a row, and are told', async () => {
    const numbers: number[] = [];
    const { session, net, told, submit, run } = recorded({ backoff: (number) => (numbers.push(number), number * 10) });
    net.onDial = (_, number) => (number < 4 ? 'refuse' : 'accept');
    session.start();
    await run(100);
    expect(numbers).toEqual([1, 2, 3]);
    expect(told.filter((each) => each.startsWith('down'))).toEqual([
      'down: CONNECT_FAILED, 10',
      'down: CONNECT_FAILED, 20',
      'down: CONNECT_FAILED, 30',
    ]);
    // Once it has answered, the count begins anew.
    await Promise.all([submit('a'), run()]);
    net.links[0]?.reset('client');
    await run(1);
    expect(numbers.slice(3)).toEqual([1]);
  });

  it('are random, from 50 ms up to 5 s, where nothing else is said', async () => {
    const pauses: number[] = [];
    const lines = createLines({
      session: {
        backoff: undefined as never,
        onState: (state) => {
          if (state.is === 'down') pauses.push(state.retryInMs);
        },
      },
    });
    lines.net.onDial = () => 'refuse';
    lines.session.start();
    while (pauses.length < 200) await lines.run(1000);
    pauses.slice(0, 10).forEach((pause, i) => expect(pause).toBeLessThan(Math.min(5000, 50 * 2 ** i)));
    expect(Math.max(...pauses)).toBeGreaterThan(4500);
    expect(Math.max(...pauses)).toBeLessThan(5000);
    expect(Math.min(...pauses.slice(10))).toBeLessThan(500);
  });

  it('end by redialNow(), which does nothing at other times', async () => {
    const { session, net, ports, submit, run } = recorded({ backoff: () => 60_000 });
    session.redialNow();
    net.onDial = (_, number) => (number === 1 ? 'refuse' : 'accept');
    const call = submit('a', { timeoutMs: 5000 });
    session.redialNow();
    await run();
    expect([session.state.is, net.dials]).toEqual(['down', 1]);
    session.redialNow();
    await run();
    expect(await call).toBe('re a');
    session.redialNow();
    await run(20);
    expect(ports.clock.pendingTimers).toBe(0);
    await run(100_000);
    expect([session.epoch, net.dials]).toEqual([2, 2]);
  });

  it('that are infinite give up: who waits is told, and the next call tries anew', async () => {
    const { session, net, told, ports, submit, run } = recorded({ backoff: (number) => (number < 3 ? 10 : Infinity) });
    net.onDial = () => 'refuse';
    session.start();
    const first = submit('a', { timeoutMs: 10_000 });
    await run(100);
    expect(await first).toMatchObject({ code: 'CONNECT_FAILED', outcome: 'not-sent', retryable: true });
    expect(told.slice(-1)).toEqual(['idle: CONNECT_FAILED']);
    expect([net.dials, ports.clock.pendingTimers]).toEqual([3, 0]);
    const second = submit('b', { timeoutMs: 10_000 });
    await run(100);
    expect(await second).toMatchObject({ code: 'CONNECT_FAILED' });
    expect(net.dials).toBe(6);
  });
});

describe('a session that is dropped', () => {
  it('ends its connection with that failure, and calls that wait go to the next one', async () => {
    const lines = recorded({}, { wire: { maxInFlight: 1 } });
    lines.session.drop(dropped);
    lines.session.start();
    lines.session.drop(dropped);
    await lines.run();
    expect(lines.told).toEqual(['connecting 1', 'up 1 lines.test:1']);
    lines.answer = ({ link }) => (link.number === 1 ? undefined : 'fine');
    const calls = ['a', 'b'].map((line) => lines.submit(line));
    await lines.run();
    lines.session.drop(dropped);
    lines.session.drop(dropped);
    await lines.run(200);
    expect(await Promise.all(calls)).toMatchObject([{ code: 'DROPPED', outcome: 'unknown' }, 'fine']);
    expect(lines.told.slice(2)).toEqual([
      'lost 1: DROPPED',
      'down: DROPPED, 100',
      'connecting 2: DROPPED',
      'up 2 lines.test:1',
    ]);
  });
});

describe('the opener of a session', () => {
  it.each([
    ['rejects', () => Promise.reject(new Error('no socket factory today'))],
    [
      'throws',
      () => {
        throw new Error('no socket factory today');
      },
    ],
  ])('that %s has failed, and is asked again', async (_, fail) => {
    const lines = createLines();
    let asked = 0;
    const session = new Session<string, LineWire>({
      ports: lines.ports,
      timekeeper: lines.timekeeper,
      backoff: () => 100,
      open: (hooks) => ((asked += 1) === 1 ? fail() : Connection.open<LineWire>({ ...lines.connection, ...hooks })),
    });
    session.start();
    await lines.run();
    expect(session.state).toMatchObject({
      is: 'down',
      cause: { code: 'CONNECT_FAILED', cause: { message: 'no socket factory today' } },
    });
    await lines.run(200);
    expect([session.state.is, asked]).toEqual(['up', 2]);
  });

  it('may bring a connection that is lost already', async () => {
    const lines = createLines();
    let opened = 0;
    const open = async (hooks: ConnectionHooks<LineWire>): Promise<Connection<LineWire> | Failure> => {
      const connection = await Connection.open<LineWire>({ ...lines.connection, ...hooks });
      if ((opened += 1) === 1 && !(connection instanceof Failure)) connection.close(dropped);
      return connection;
    };
    const downs: number[] = [];
    const session = new Session<string, LineWire>({
      ports: lines.ports,
      timekeeper: lines.timekeeper,
      backoff: () => 100,
      onDown: (epoch) => downs.push(epoch),
      open,
    });
    session.start();
    await lines.run();
    expect(session.state).toMatchObject({ is: 'down', cause: { code: 'DROPPED' } });
    await lines.run(200);
    expect([session.state.is, session.epoch, downs]).toEqual(['up', 2, []]);
  });
});

describe('the callbacks of a session', () => {
  it('may end it: nothing is dialled when it is told to connect', async () => {
    const lines: Lines = createLines({
      session: {
        onState: ({ is }) => {
          if (is === 'connecting') lines.session.destroy(over);
        },
      },
    });
    expect(await lines.submit('a')).toBe(over);
    await lines.run(1000);
    expect(lines.net.dials).toBe(0);
    expectNothingLeft(lines);
  });

  it('may end it when it is up, or lost, or given up', async () => {
    for (const at of ['up', 'idle', 'lost']) {
      const lines: Lines = createLines({
        session: {
          onState: ({ is }) => {
            if (is === at) lines.session.destroy(over);
          },
          onDown: () => {
            if (at === 'lost') lines.session.destroy(over);
          },
        },
      });
      const call = lines.submit('a');
      await lines.run();
      lines.net.links[0]?.reset('client');
      await lines.run(1000);
      expect(lines.session.state.is).toBe('closed');
      expect(await call).toBe(at === 'up' ? over : 're a');
      expectNothingLeft(lines);
    }
  });

  it('may call from onDown, and wait for the next connection', async () => {
    const calls: Promise<string | Failure>[] = [];
    const lines: Lines = createLines({ session: { onDown: () => void calls.push(lines.submit('from onDown')) } });
    lines.session.start();
    await lines.run();
    lines.net.links[0]?.reset('client');
    await lines.run(200);
    expect(await Promise.all(calls)).toEqual(['re from onDown']);
    expect(lines.session.epoch).toBe(2);
  });

  it('may want the connection from onDown', async () => {
    const lines: Lines = createLines({ session: { onDown: () => lines.session.start() } });
    await Promise.all([lines.submit('a'), lines.run()]);
    lines.net.links[0]?.reset('client');
    await lines.run(200);
    expect([lines.session.state.is, lines.session.epoch]).toEqual(['up', 2]);
  });
});

describe('the options of a session', () => {
  it.each([
    ['maxWaiting', 0],
    ['maxWaiting', 1.5],
    ['maxWaiting', NaN],
    ['maxWaitingBytes', 0],
    ['maxWaitingBytes', -1],
    ['setUpTimeoutMs', 0],
    ['setUpTimeoutMs', NaN],
    ['open', 'sesame'],
    ['onUp', 'soon'],
    ['onDown', {}],
    ['onState', 5],
    ['backoff', 100],
    ['liveness', true],
  ])('refuse %s: %s', (name, value) => {
    const options = { session: { [name]: value } };
    expect(() => createLines(options)).toThrow(`Session: '${name}' must be`);
  });

  it.each([
    ['idleMs', 0],
    ['idleMs', NaN],
    ['timeoutMs', -1],
    ['timeoutMs', '5'],
    ['ping', 5],
  ])('refuse %s: %s of liveness', (name, value) => {
    const liveness = { idleMs: 1, timeoutMs: 1, ping: () => {}, [name]: value };
    expect(() => createLines({ session: { liveness } })).toThrow(`liveness: '${name}' must be`);
  });

  it('may have no bounds', () => {
    const session = { maxWaiting: Infinity, maxWaitingBytes: Infinity, setUpTimeoutMs: Infinity };
    expect(() => createLines({ session })).not.toThrow();
  });
});
