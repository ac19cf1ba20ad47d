import { describe, expect, it } from 'vitest';
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
