import { describe, expect, it } from 'vitest';
import type { Lines } from '../support/lines.ts';
import { dropped, expectNothingLeft, over, recorded, type SessionSettings } from '../support/recorded-session.ts';

describe('a session that is destroyed', () => {
  const situations: [string, (lines: Lines) => Promise<void>, SessionSettings][] = [
    ['idle', async () => {}, {}],
    [
      'dialling',
      async ({ net, session, run }) => {
        net.onDial = () => 'black-hole';
        session.start();
        await run();
      },
      {},
    ],
    ['about to be told that it is up', async ({ session }) => session.start(), {}],
    [
      'being set up',
      async ({ session, run }) => {
        session.start();
        await run();
        expect([session.state.is, session.wire]).toEqual(['connecting', undefined]);
      },
      { onUp: () => new Promise(() => {}) },
    ],
    [
      'up',
      async ({ session, run }) => {
        session.start();
        await run();
        expect(session.state.is).toBe('up');
      },
      { liveness: { idleMs: 1000, timeoutMs: 500, ping: (wire) => void wire.call('ping') } },
    ],
    [
      'down',
      async ({ net, session, run }) => {
        net.onDial = () => 'refuse';
        session.start();
        await run();
        expect(session.state.is).toBe('down');
      },
      {},
    ],
    [
      'idle again',
      async ({ net, submit, run }) => {
        net.onDial = () => 'refuse';
        void submit('a', { timeoutMs: 10 });
        await run(500);
      },
      {},
    ],
  ];

  it.each(situations)('while it is %s leaves nothing behind', async (_, prepare, settings) => {
    const lines = recorded(settings, { connection: { connectTimeoutMs: 60_000 } });
    await prepare(lines);
    lines.answer = () => undefined;
    const calls = Array.from({ length: 3 }, () => lines.submit('x', { timeoutMs: 100_000 }));
    lines.session.destroy(over);
    lines.session.destroy(dropped);
    expect(lines.session.state).toEqual({ is: 'closed', cause: over });
    expect(await Promise.all(calls)).toEqual([over, over, over]);
    expect(await lines.submit('y')).toBe(over);
    lines.session.start();
    lines.session.redialNow();
    lines.session.drop(dropped);
    lines.session.ref();
    lines.session.unref();
    await lines.run(60_100);
    expectNothingLeft(lines);
    expect(lines.told.filter((each) => each.startsWith('closed'))).toEqual(['closed: CLOSED']);
    expect(lines.told.at(-1)).toMatch(/^(closed|lost)/);
    expect([lines.session.wire, lines.session.waiting]).toEqual([undefined, 0]);
  });

  it('ends what was sent as unknown', async () => {
    const lines = recorded();
    lines.session.start();
    await lines.run();
    lines.answer = () => undefined;
    const sent = lines.submit('a');
    await lines.run();
    const unsent = lines.submit('b');
    lines.session.destroy(over);
    expect(await sent).toMatchObject({ kind: 'closed', outcome: 'unknown' });
    expect(await unsent).toMatchObject({ kind: 'closed', outcome: 'not-sent' });
    expect(lines.told.slice(2)).toEqual(['closed: CLOSED', 'lost 1: CLOSED']);
  });
});

describe('whether a session keeps the process alive', () => {
  it('is so while it is connected, unless it is unref()ed', async () => {
    const { session, net, run } = recorded();
    session.start();
    await run();
    expect(net.refedSockets).toBe(1);
    session.unref();
    expect(net.refedSockets).toBe(0);
    session.ref();
    expect(net.refedSockets).toBe(1);
    session.unref();
    net.links[0]?.reset('client');
    await run(200);
    expect([session.epoch, net.openSockets, net.refedSockets]).toEqual([2, 1, 0]);
  });

  it('is so for the pause before a connection that is wanted', async () => {
    const { session, net, ports, run } = recorded({ backoff: () => 60_000 });
    net.onDial = () => 'refuse';
    session.start();
    await run(100);
    expect([ports.clock.pendingTimers, ports.clock.refedTimers]).toEqual([1, 1]);
    session.unref();
    expect(ports.clock.refedTimers).toBe(0);
    session.ref();
    expect(ports.clock.refedTimers).toBe(1);
    session.unref();
    await run(60_000);
    expect([net.dials, ports.clock.pendingTimers, ports.clock.refedTimers]).toEqual([2, 1, 0]);
  });

  it('is not so for a pause that only calls wait for: they have deadlines that are', async () => {
    const { session, net, ports, submit, run } = recorded({ backoff: () => 60_000 });
    net.onDial = () => 'refuse';
    void submit('a', { timeoutMs: 200 });
    await run(100);
    expect(ports.clock.refedTimers).toBe(1);
    await run(200);
    expect([session.state.is, ports.clock.pendingTimers, ports.clock.refedTimers]).toEqual(['down', 1, 0]);
    session.ref();
    expect(ports.clock.refedTimers).toBe(0);
  });
});
