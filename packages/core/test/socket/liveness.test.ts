import { describe, expect, it } from 'vitest';
import { Connection, Liveness } from '../../src/socket/index.ts';
import { createLines, type Lines, type LineWire } from '../support/lines.ts';

const ping = (wire: LineWire): void => void wire.call('ping');

async function connected(send: (wire: LineWire) => void = ping): Promise<Lines & { readonly pings: () => number }> {
  const lines = createLines({ session: { liveness: { idleMs: 1000, timeoutMs: 500, ping: send } } });
  lines.session.start();
  await lines.run();
  return { ...lines, pings: () => lines.received.filter(({ line }) => line === 'ping').length };
}

describe('Liveness', () => {
  it('is quiet while both sides talk', async () => {
    const { submit, run, pings } = await connected();
    for (let i = 0; i < 10; i += 1) {
      expect(await Promise.all([submit('x'), run(900)])).toEqual(['re x', undefined]);
    }
    expect(pings()).toBe(0);
  });

  it('pings a peer that is silent, and goes on while it answers', async () => {
    const { session, run, pings } = await connected();
    await run(10_000);
    expect(pings()).toBeGreaterThanOrEqual(5);
    expect([session.state.is, session.epoch]).toEqual(['up', 1]);
  });

  it('gives up a peer that does not answer', async () => {
    const { session, net, run } = await connected();
    net.links[0]?.blackHole();
    await run(1490);
    expect([session.state.is, session.epoch]).toEqual(['up', 1]);
    await run(30);
    expect(session.state).toMatchObject({ is: 'down', cause: { code: 'PEER_SILENT', outcome: 'unknown' } });
  });

  it('pings when only the peer talks: to the peer, we are the silent one', async () => {
    const { net, run, pings } = await connected();
    const down = net.links[0]?.server;
    // An answer without a request would end the connection: half a line is none.
    for (let i = 0; i < 100; i += 1) {
      down?.write(new Uint8Array([0x2e]));
      await run(100);
    }
    expect(pings()).toBeGreaterThanOrEqual(5);
  });

  it('does not take for dead whom we do not read', async () => {
    const { session, run } = await connected();
    const { connection } = session.wire as LineWire;
    connection.pause();
    await run(20_000);
    expect([session.state.is, session.epoch]).toEqual(['up', 1]);
    connection.resume();
    await run(20_000);
    expect([session.state.is, session.epoch]).toEqual(['up', 1]);
  });

  it('is over with its connection, and leaves no timer', async () => {
    const { net, ports, run } = await connected();
    expect([ports.clock.pendingTimers, ports.clock.refedTimers]).toEqual([2, 1]);
    await run(50);
    expect([ports.clock.pendingTimers, ports.clock.refedTimers]).toEqual([1, 0]);
    net.links[0]?.reset('client');
    await run(20);
    // That of the redial.
    expect([ports.clock.pendingTimers, ports.clock.refedTimers]).toEqual([1, 1]);
  });

  it.each([
    ['ends as soon as the answer is late', 499, 'up'],
    ['waits for as long as it says', 501, 'down'],
  ])('%s', async (_, afterMs, state) => {
    const { session, net, run } = await connected();
    net.links[0]?.blackHole();
    await run(996 + afterMs);
    expect(session.state.is).toBe(state);
  });

  it('judges nobody before it has read what arrived while the process was busy', async () => {
    const { session, net, ports, run } = await connected();
    const [link] = net.links;
    link?.blackHole('up');
    await run(1400);
    // A byte comes after the time is up; by the time that anything is looked at, both have been.
    link?.down.change({ latencyMs: [200, 200] });
    link?.server.write(new Uint8Array([0x2e]));
    ports.clock.jump(300);
    await run(100);
    expect([session.state.is, session.epoch]).toEqual(['up', 1]);
  });

  it('does not go on with a connection that ends before it is judged', async () => {
    const { net, ports, run } = await connected();
    const [link] = net.links;
    link?.blackHole('up');
    await run(1400);
    link?.down.change({ latencyMs: [200, 200] });
    link?.server.write(new Uint8Array([0x2e]));
    link?.close('server');
    ports.clock.jump(300);
    await run(20);
    // That of the redial.
    expect(ports.clock.pendingTimers).toBe(1);
  });

  it('can be stopped at any time', async () => {
    const { connection, ports, run } = createLines();
    const [opened] = await Promise.all([Connection.open(connection), run(20)]);
    let pings = 0;
    const options = { idleMs: 1000, timeoutMs: 500, ping: () => ((pings += 1), liveness.stop()) };
    const liveness = new Liveness(ports, opened as Connection<LineWire>, options);
    liveness.start();
    await run(5000);
    expect([pings, (opened as Connection<LineWire>).up, ports.clock.pendingTimers]).toEqual([1, true, 0]);
  });

  it('never pings when it is told so', async () => {
    const lines = createLines({ session: { liveness: { idleMs: Infinity, timeoutMs: 1, ping } } });
    lines.session.start();
    await lines.run(1_000_000);
    expect(lines.received).toEqual([]);
  });

  it('ends a connection whose ping cannot be written', async () => {
    let fails = false;
    const { session, run } = await connected((wire) => {
      if (fails) throw new Error('no ping today');
      ping(wire);
    });
    fails = true;
    await run(1050);
    expect(session.state).toMatchObject({ is: 'down', cause: { code: 'DECODER_FAILED' } });
    fails = false;
    await run(2000);
    expect([session.state.is, session.epoch]).toEqual(['up', 2]);
  });
});
