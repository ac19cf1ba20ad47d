import dns from 'node:dns';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { FaultProxy } from '../../src/testing/fault-proxy.ts';
import { ScriptedServer } from '../../src/testing/scripted-server.ts';
import { bytes, connected, dial, quiet, refused, start, text } from './proxy-line.ts';

afterEach(() => void vi.restoreAllMocks());

describe('FaultProxy', () => {
  it('passes everything both ways, and each end on its own', async () => {
    const { proxy, client, peer, connection } = await connected();
    client.end.write(bytes('request'));
    expect(text(await peer.read(7))).toBe('request');
    client.end.end();
    await peer.readEnd();
    peer.write(bytes('answer'));
    expect(text(await client.end.read(6))).toBe('answer');
    peer.end();
    await client.end.readEnd();
    await connection.untilClosed();
    expect(connection.closed).toBe(true);
    expect(proxy.counts).toEqual({
      connections: 1,
      open: 0,
      faults: {},
      unreachable: 0,
      bytes: { request: 7, answer: 6 },
    });
  });

  it('passes a reset on, in both directions', async () => {
    const first = await connected();
    first.client.end.reset();
    await first.peer.untilClosed();
    expect(first.peer.wasReset).toBe(true);
    const second = await connected();
    second.peer.reset();
    await second.client.end.untilClosed();
    expect(second.client.end.wasReset).toBe(true);
  });

  it('carries much more than it holds, at the pace of the reader', async () => {
    const { client, peer, connection } = await connected();
    const size = 32 << 20;
    peer.pause();
    let drained = false;
    client.socket.write(new Uint8Array(size), () => (drained = true));
    for (let before = -1; before !== connection.bytes.request; await quiet()) before = connection.bytes.request;
    expect([drained, connection.bytes.request < size]).toEqual([false, true]);
    peer.resume();
    await peer.read(size);
    expect(connection.bytes.request).toBe(size);
  });

  it('cuts the client off where the server cannot be reached', async () => {
    const { proxy, server } = await start();
    await server.close();
    const client = dial(proxy);
    await client.end.untilClosed();
    expect(client.end.wasReset).toBe(true);
    expect(proxy.counts).toMatchObject({ unreachable: 1, open: 0 });
  });

  it('works from path to path', async () => {
    const [from, to] = ['from', 'to'].map((name) => join(tmpdir(), `wirewright-${name}-${process.pid}.sock`));
    const { proxy, server } = await start({ listen: { path: from as string } }, to);
    expect(proxy.target).toEqual({ path: from });
    const client = dial(proxy);
    const peer = await server.accept();
    client.end.write(bytes('over the wire'));
    expect(text(await peer.read(13))).toBe('over the wire');
    const rule = proxy.inject({ fault: { type: 'refuse' } });
    expect(await refused(proxy)).toBe('ENOENT');
    await rule.remove();
    await once(dial(proxy).socket, 'connect');
    // A unix socket knows no reset.
    (await proxy.accept()).apply({ type: 'reset' });
    await client.end.readEnd();
  });

  it('gives its connections in order, and none any more when it is closed', async () => {
    const { proxy } = await start();
    const waiting = proxy.accept();
    dial(proxy);
    expect((await waiting).number).toBe(1);
    dial(proxy);
    expect((await proxy.accept()).number).toBe(2);
    expect(proxy.connections.map(({ number }) => number)).toEqual([1, 2]);
    const never = proxy.accept();
    await Promise.all([expect(never).rejects.toThrow(/proxy is closed/), proxy.close()]);
    await expect(proxy.accept()).rejects.toThrow(/proxy is closed/);
    expect(await refused(proxy)).toBe('ECONNREFUSED');
    await proxy.close();
  });

  it('leaves nothing when it is closed in the middle of everything', async () => {
    const clock = new FakeClock();
    {
      await using proxy = (await start({ clock })).proxy;
      proxy.inject({ fault: { type: 'delay', delayMs: 1000 }, connections: 1 });
      proxy.inject({ fault: { type: 'hold', until: new Promise(() => {}) }, connections: 2 });
      proxy.inject({ fault: { type: 'black-hole' }, connections: 3 });
      const clients = [dial(proxy), dial(proxy), dial(proxy)];
      for (const { end } of clients) end.write(bytes('request'));
      for (let each = 0; each < 3; each += 1) await proxy.accept();
      clients[2]?.end.end();
      await quiet();
      expect(clock.pendingTimers).toBe(2);
      expect(proxy.counts.open).toBe(3);
    }
    expect(clock.pendingTimers).toBe(0);
  });

  it('closes its listener before close resolves', async () => {
    const listeners = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
    const { proxy } = await start();
    await quiet();
    const before = listeners();
    dial(proxy);
    await proxy.accept();
    await proxy.close();
    expect(listeners()).toBe(before - 1);
  });

  it('tells the server of a client that has left before it was reached', async () => {
    const server = await ScriptedServer.listen();
    const proxy = await FaultProxy.listen({ target: { host: 'localhost', port: server.port } });
    const lookup = vi.spyOn(dns, 'lookup');
    const asked = new Promise<() => void>((resolve) =>
      lookup.mockImplementation(((_host: string, _options: object, callback: (...found: unknown[]) => void) =>
        resolve(() => callback(null, [{ address: '127.0.0.1', family: 4 }]))) as never),
    );
    const client = dial(proxy);
    const found = await asked;
    if (client.socket.connecting) await once(client.socket, 'connect');
    client.end.reset();
    await client.end.untilClosed();
    await quiet();
    found();
    const peer = await server.accept();
    await peer.untilClosed();
    expect(peer.wasReset).toBe(true);
    await (await proxy.accept()).untilClosed();
    expect(proxy.counts).toMatchObject({ connections: 1, open: 0, unreachable: 0 });
    await Promise.all([proxy.close(), server.close()]);
  });

  it('closes also while it reaches for the server', async () => {
    const { server } = await start();
    const proxy = await FaultProxy.listen({ target: { host: 'localhost', port: server.port } });
    vi.spyOn(dns, 'lookup').mockImplementation(() => {});
    const client = dial(proxy);
    while (proxy.counts.connections === 0) await quiet();
    await proxy.close();
    await client.end.readEnd();
  });

  it('prints the seed that repeats it', async () => {
    const { proxy: chosen } = await start({ seed: 77 });
    expect(chosen.seed).toBe(77);
    const { server } = await start();
    const random = await FaultProxy.listen({ target: server.target });
    expect(Number.isInteger(random.seed)).toBe(true);
    await random.close();
    await expect(FaultProxy.listen({ target: server.target, seed: -1 })).rejects.toThrow(/seed must be/);
  });
});

describe('faults of connections', () => {
  it('refuse: no new connection, the open ones go on, and later it listens at the same place', async () => {
    const { proxy, client, peer } = await connected();
    const rule = proxy.inject({ fault: { type: 'refuse' } });
    expect(await refused(proxy)).toBe('ECONNREFUSED');
    client.end.write(bytes('still'));
    expect(text(await peer.read(5))).toBe('still');
    const second = proxy.inject({ fault: { type: 'refuse' } });
    await rule.remove();
    expect(await refused(proxy)).toBe('ECONNREFUSED');
    const listens = second.remove();
    const third = proxy.inject({ fault: { type: 'refuse' } });
    await listens;
    expect(await refused(proxy)).toBe('ECONNREFUSED');
    await Promise.all([third.remove(), proxy.clear()]);
    await once(dial(proxy).socket, 'connect');
    expect(proxy.counts.connections).toBe(1 + (await proxy.accept(), 1));
  });

  it('refuse, limited: some connections are cut with a reset, and never reach the server', async () => {
    const { proxy, server } = await start();
    const rule = proxy.inject({ fault: { type: 'refuse' }, times: 1 });
    const first = dial(proxy);
    await first.end.untilClosed();
    expect(first.end.wasReset).toBe(true);
    const second = dial(proxy);
    second.end.write(bytes('x'));
    await (await server.accept()).read(1);
    expect([server.connections.length, rule.fired, proxy.counts.faults.refuse]).toEqual([1, 1, 1]);
  });

  it('reset: both sides see it', async () => {
    const { proxy, client, peer, connection } = await connected();
    const { fired, untilFired } = proxy.inject({ fault: { type: 'reset' } });
    await untilFired();
    await Promise.all([client.end.untilClosed(), peer.untilClosed(), connection.untilClosed()]);
    expect([client.end.wasReset, peer.wasReset, fired]).toEqual([true, true, 1]);
    expect(proxy.counts.faults).toEqual({ reset: 1 });
  });

  it.each(['client', 'server'] as const)('reset seen by the %s: the other sees an ordered end', async (seenBy) => {
    const { client, peer, connection } = await connected();
    connection.apply({ type: 'reset', seenBy });
    const [cut, ended] = seenBy === 'client' ? [client.end, peer] : [peer, client.end];
    await Promise.all([cut.untilClosed(), ended.readEnd()]);
    expect([cut.wasReset, ended.wasReset]).toEqual([true, false]);
  });

  it('fin: the stream ends in one direction, the other goes on', async () => {
    const { client, peer, connection } = await connected();
    connection.apply({ type: 'fin' }, 'answer');
    await client.end.readEnd();
    client.end.write(bytes('still'));
    expect(text(await peer.read(5))).toBe('still');
    peer.write(bytes('dropped'));
    await quiet();
    expect([client.end.received.length, client.end.closed, peer.ended]).toEqual([0, false, false]);
    connection.apply({ type: 'fin' }, 'request');
    await peer.readEnd();
    peer.close();
    client.end.end();
    await connection.untilClosed();
  });

  it('fin in both directions', async () => {
    const { client, peer, connection } = await connected();
    connection.apply({ type: 'fin' });
    await Promise.all([client.end.readEnd(), peer.readEnd()]);
    expect([client.end.wasReset, peer.wasReset]).toEqual([false, false]);
  });

  it.each(['request', 'answer', 'both'] as const)('black hole (%s): no byte and no end passes', async (direction) => {
    const { proxy, client, peer, connection } = await connected({ clock: new FakeClock() });
    proxy.inject({ fault: { type: 'black-hole' }, direction });
    client.end.write(bytes('request'));
    peer.write(bytes('answer'));
    client.end.end();
    peer.end();
    await quiet();
    const passes = (one: string): boolean => direction !== 'both' && direction !== one;
    expect([text(peer.received), peer.ended]).toEqual(passes('request') ? ['request', true] : ['', false]);
    expect([text(client.end.received), client.end.ended]).toEqual(passes('answer') ? ['answer', true] : ['', false]);
    // Who has ended and been ended closes by itself.
    expect([client.end.closed, connection.closed]).toEqual([direction === 'request', false]);
    expect(connection.bytes).toEqual({ request: 7, answer: 6 });
  });

  it('black hole: a client that has left is waited for no longer than lingerMs', async () => {
    const clock = new FakeClock();
    const { client, peer, connection } = await connected({ clock, lingerMs: 50 }, { fault: { type: 'black-hole' } });
    client.end.destroy();
    await quiet();
    expect([peer.ended, clock.pendingTimers]).toEqual([false, 1]);
    await clock.advance(50);
    await Promise.all([connection.untilClosed(), peer.readEnd()]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('black hole: a client is never told that the server has left', async () => {
    const clock = new FakeClock();
    const { client, peer } = await connected({ clock }, { fault: { type: 'black-hole' } });
    peer.reset();
    await peer.untilClosed();
    await quiet();
    expect([clock.pendingTimers, client.end.ended, client.end.closed]).toEqual([0, false, false]);
  });

  it('half-open: the server is gone, and the client hears nothing', async () => {
    const clock = new FakeClock();
    const { client, peer, connection } = await connected({ clock }, { fault: { type: 'half-open' } });
    await peer.readEnd();
    client.end.write(bytes('hello?'));
    await quiet();
    expect([client.end.ended, client.end.closed, clock.pendingTimers]).toEqual([false, false, 0]);
    client.end.destroy();
    await quiet();
    await clock.advance(1000);
    await connection.untilClosed();
  });

  it('half-open, and up again: the next bytes are answered with a reset', async () => {
    const { client, connection } = await connected({}, { fault: { type: 'half-open', afterwards: 'reset' } });
    await quiet();
    expect(client.end.closed).toBe(false);
    client.end.write(bytes('hello?'));
    await client.end.untilClosed();
    expect(client.end.wasReset).toBe(true);
    await connection.untilClosed();
  });

  it('half-open the other way: the client is gone, and the server hears nothing', async () => {
    const clock = new FakeClock();
    const { client, peer, connection } = await connected({ clock }, { fault: { type: 'half-open', gone: 'client' } });
    await client.end.readEnd();
    peer.write(bytes('hello?'));
    await quiet();
    expect([peer.ended, peer.closed, clock.pendingTimers]).toEqual([false, false, 0]);
    peer.destroy();
    await quiet();
    await clock.advance(1000);
    await connection.untilClosed();
  });
});

describe('faults of chunks', () => {
  it('drip: byte by byte', async () => {
    const { client, peer } = await connected({}, { fault: { type: 'drip' }, direction: 'answer' });
    peer.write(bytes('abcdef'));
    await client.end.read(6);
    expect(client.chunks).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('drip: so many milliseconds apart', async () => {
    const clock = new FakeClock();
    const { client, peer } = await connected({ clock }, { fault: { type: 'drip', intervalMs: 10 } });
    peer.write(bytes('abc'));
    await client.end.read(1);
    for (const so of ['ab', 'abc']) {
      await quiet();
      await clock.advance(9);
      await quiet();
      expect(client.end.received.length).toBe(so.length - 1);
      await clock.advance(1);
      await client.end.read(1);
      expect(text(client.end.received)).toBe(so);
    }
  });

  it('delay: later, and what follows after it', async () => {
    const clock = new FakeClock();
    const { client, peer } = await connected({ clock }, { fault: { type: 'delay', delayMs: 100 }, when: { chunk: 1 } });
    client.end.write(bytes('first'));
    await quiet();
    client.end.write(bytes('second'));
    client.end.end();
    await clock.advance(99);
    await quiet();
    expect([peer.received.length, peer.ended]).toEqual([0, false]);
    await clock.advance(1);
    expect(text(await peer.read(11))).toBe('firstsecond');
    await peer.readEnd();
  });

  it('hold: not before an event, also one that fails', async () => {
    let release: () => void = () => {};
    const until = new Promise<void>((_resolve, reject) => (release = () => reject(new Error('event'))));
    const { client, peer } = await connected({}, { fault: { type: 'hold', until }, direction: 'request' });
    client.end.write(bytes('held'));
    await quiet();
    expect(peer.received.length).toBe(0);
    release();
    expect(text(await peer.read(4))).toBe('held');
  });

  it('split: in pieces of their own', async () => {
    const { client, peer } = await connected({}, { fault: { type: 'split', sizes: [1, 3] } });
    peer.write(bytes('abcdef'));
    await client.end.read(6);
    expect(client.chunks).toEqual(['a', 'bcd', 'ef']);
  });

  it('duplicate: twice', async () => {
    const { client, peer } = await connected({}, { fault: { type: 'duplicate' }, when: { chunk: 1 } });
    peer.write(bytes('abc'));
    expect(text(await client.end.read(6))).toBe('abcabc');
    peer.write(bytes('d'));
    expect(text(await client.end.read(1))).toBe('d');
  });

  it('truncate: then goes on, ends, or resets', async () => {
    const goesOn = await connected({}, { fault: { type: 'truncate', keepBytes: 2 }, when: { chunk: 1 } });
    goesOn.peer.write(bytes('abc'));
    expect(text(await goesOn.client.end.read(2))).toBe('ab');
    goesOn.peer.write(bytes('def'));
    expect(text(await goesOn.client.end.read(3))).toBe('def');
    const ends = await connected({}, { fault: { type: 'truncate', keepBytes: 1, afterwards: 'fin' } });
    ends.peer.write(bytes('abc'));
    await ends.client.end.readEnd();
    expect(text(ends.client.end.received)).toBe('a');
    const resets = await connected({}, { fault: { type: 'truncate', keepBytes: 1, afterwards: 'reset' } });
    resets.client.end.write(bytes('abc'));
    await resets.peer.untilClosed();
    expect([text(resets.peer.received), resets.peer.wasReset]).toEqual(['a', true]);
    await resets.client.end.untilClosed();
  });

  it('corrupt: a byte is another', async () => {
    const { client, peer } = await connected({}, { fault: { type: 'corrupt', at: 1, mask: 0xff } });
    client.end.write(Uint8Array.of(1, 2, 3));
    expect([...(await peer.read(3))]).toEqual([1, 2 ^ 0xff, 3]);
  });

  it('several, in the order in which they were added', async () => {
    const { client, peer } = await connected(
      {},
      { fault: { type: 'truncate', keepBytes: 3 } },
      { fault: { type: 'corrupt', at: 0, mask: 0x20 } },
      { fault: { type: 'drip' } },
    );
    peer.write(bytes('abcdef'));
    await client.end.read(3);
    expect(client.chunks).toEqual(['A', 'b', 'c']);
  });
});
