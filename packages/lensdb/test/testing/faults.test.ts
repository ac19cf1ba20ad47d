import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@wirewright/core/testing';
import { describe, expect, it } from 'vitest';
import { LensMessageType as T } from '../../src/protocol/lens/codes.ts';
import { lensRequest } from '../../src/protocol/lens/request.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';
import { startLensServer } from '../../src/testing/index.ts';
import { toHex } from '../fixtures/captures.ts';
import { useServers } from './fixture.ts';
import type { RawClient } from './raw-client.ts';

const { lens, ldbd, connect } = useServers();

const ping = lensRequest(T.PING);
const pong = lensResponse(0, 'pong');

async function expectPong(client: RawClient): Promise<void> {
  expect(toHex(await client.ask(ping, pong.length))).toBe(toHex(pong));
}

describe('faults', () => {
  it('silent: accepts, and answers nothing on that connection ever', async () => {
    const server = await lens({ fault: 'silent' });
    const client = await connect(server);
    await client.send(ping);
    await server.when((stats) => stats.ignoredBytes === ping.length);
    server.set({ fault: 'none' });
    await client.send(ping);
    await server.when((stats) => stats.ignoredBytes === 2 * ping.length);
    await expectPong(await connect(server));
    expect([client.unread, client.isClosed, server.stats.requests]).toEqual([0, false, 1]);
  });

  it('close-at-once', async () => {
    const server = await lens({ fault: 'close-at-once' });
    const client = await connect(server);
    expect(await client.closed()).toBe('eof');
    expect(server.stats).toMatchObject({ accepted: 1, refused: 0, open: 0 });
    server.set({ fault: 'none' });
    await expectPong(await connect(server));
  });

  it('close-without-answer: what was asked is done', async () => {
    const server = await lens({ fault: 'close-without-answer' });
    const client = await connect(server);
    await client.send(lensRequest(T.SET, 'k', 'v'));
    expect(await client.closed()).toBe('eof');
    expect([client.unread, server.store.size]).toEqual([0, 1]);
  });

  it('half-answer, with and without the end of the stream', async () => {
    const server = await lens({ fault: 'half-answer-close' });
    const closed = await connect(server);
    await closed.send(ping);
    expect(await closed.closed()).toBe('eof');
    expect(toHex(await closed.read(closed.unread))).toBe(toHex(pong.subarray(0, pong.length >> 1)));

    server.set({ fault: 'half-answer' });
    const dead = await connect(server);
    expect(toHex(await dead.ask(ping, 9))).toBe(toHex(pong.subarray(0, 9)));
    server.set({ fault: 'none' });
    await dead.send(ping);
    await server.when((stats) => stats.ignoredBytes === ping.length);
    expect([dead.unread, dead.isClosed]).toEqual([0, false]);
  });

  it('wrong-magic', async () => {
    const client = await connect(await lens({ fault: 'wrong-magic' }));
    const answer = await client.ask(ping, pong.length);
    expect(Buffer.from(answer).toString('latin1', 0, 4)).toBe('XXXX');
    expect(toHex(answer.subarray(4))).toBe(toHex(pong.subarray(4)));
  });
});

describe('answers in time and pieces', () => {
  it('are late by the clock', async () => {
    const clock = new FakeClock();
    const server = await lens({ clock, answerDelayMs: 50 });
    const client = await connect(server);
    await client.send(ping);
    await server.when((stats) => stats.requests === 1);
    clock.advanceSync(49);
    expect([client.unread, clock.refedTimers]).toEqual([0, 0]);
    clock.advanceSync(1);
    expect(toHex(await client.read(pong.length))).toBe(toHex(pong));
  });

  it('come in pieces, each when the clock says so', async () => {
    const clock = new FakeClock();
    const server = await lens({ clock, pieceBytes: 5, piecePauseMs: 10 });
    const client = await connect(server);
    await client.send(ping);
    for (let at = 0; at < pong.length; at += 5) {
      const piece = pong.subarray(at, at + 5);
      expect(toHex(await client.read(piece.length))).toBe(toHex(piece));
      expect(client.unread).toBe(0);
      clock.advanceSync(10);
    }
    server.set({ pieceBytes: (answer) => [answer.length - 1, 1] });
    await client.send(ping);
    for (const [from, to] of [
      [0, 1],
      [1, pong.length - 1],
      [pong.length - 1, pong.length],
    ] as const) {
      expect(toHex(await client.read(to - from))).toBe(toHex(pong.subarray(from, to)));
      expect(client.unread).toBe(0);
      clock.advanceSync(10);
    }
    expect(clock.pendingTimers).toBe(0);
  });

  it('wait for the test where it says so', async () => {
    const server = await lens({ answerDelayMs: 'manual', pieceBytes: 6, piecePauseMs: 'manual' });
    const [first, second] = [await connect(server), await connect(server)];
    await first.send(ping);
    await second.send(ping);
    for (const end of [6, 12, 18]) {
      await server.when((stats) => stats.held === 2);
      expect(server.release()).toBe(2);
      for (const client of [first, second]) {
        expect(toHex(await client.read(6))).toBe(toHex(pong.subarray(end - 6, end)));
        expect(client.unread).toBe(0);
      }
    }
    expect([server.release(), server.stats.held]).toEqual([0, 0]);
  });

  it('are given up with their connection', async () => {
    const clock = new FakeClock();
    const server = await lens({ clock, answerDelayMs: 'manual' });
    const held = await connect(server);
    await held.send(ping);
    await server.when((stats) => stats.held === 1);
    server.drop('reset');
    await server.when((stats) => stats.open === 0);
    expect(server.stats.held).toBe(0);

    server.set({ answerDelayMs: 100 });
    const late = await connect(server);
    await late.send(ping);
    await server.when((stats) => stats.requests === 2);
    expect(clock.pendingTimers).toBe(1);
    await server.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('what a test sees and does', () => {
  it('requests, without their contents', async () => {
    const server = await lens();
    const [first, second] = [await connect(server), await connect(server)];
    await first.ask(lensRequest(T.SET, 'key', 'value'), 16);
    await second.ask(Buffer.from('nonsense'), 46);
    expect(server.requests).toEqual([
      { connection: 1, type: 'SET', keyLength: 3, valueLength: 5 },
      { connection: 2, type: undefined, keyLength: 0, valueLength: 0 },
    ]);
    expect(server.stats).toMatchObject({
      accepted: 2,
      open: 2,
      requests: 2,
      malformed: 1,
      overlapping: 0,
      receivedBytes: 34,
    });
  });

  it('requests that overlap on one connection', async () => {
    const server = await lens({ answerDelayMs: 'manual' });
    const client = await connect(server);
    await client.send(ping);
    await server.when((stats) => stats.held === 1);
    await client.send(ping);
    await server.when((stats) => stats.overlapping === 1);
    server.release();
    await server.when((stats) => stats.requests === 2);
    server.release();
    expect(toHex(await client.read(36))).toBe(toHex(pong) + toHex(pong));
  });

  it('the store', async () => {
    const clock = new FakeClock();
    const server = await lens({ clock });
    const client = await connect(server);
    server.store.set('k', 'v', { ttlSeconds: 1 });
    expect(toHex(await client.ask(lensRequest(T.GET, 'k'), 15))).toBe(toHex(lensResponse(0, 'v')));
    clock.advanceSync(1000);
    expect([server.store.size, server.store.get('k'), server.store.size]).toEqual([1, undefined, 0]);
    server.store.set('k', Uint8Array.of(1));
    expect([server.store.delete('k'), server.store.delete('k')]).toEqual([true, false]);
    server.store.set('a', '');
    server.store.clear();
    expect(server.store.keys()).toEqual([]);
  });

  it('bytes that nobody asked for, and connections that end', async () => {
    const server = await lens();
    const [first, second] = [await connect(server), await connect(server)];
    await expectPong(first);
    await expectPong(second);
    server.send(Buffer.from('surprise'));
    expect(Buffer.from(await first.read(8)).toString()).toBe('surprise');
    server.drop('fin');
    expect(await first.closed()).toBe('eof');
    const third = await connect(server);
    await expectPong(third);
    server.drop('reset');
    expect(await third.closed()).toBe('reset');
  });

  it('the end of the client closes its connection', async () => {
    for (const server of [await lens(), await ldbd()]) {
      const client = await connect(server);
      client.halfClose();
      expect(await client.closed()).toBe('eof');
      await server.when((stats) => stats.open === 0);
    }
  });

  it('idle connections that are not read any more, and others that send in time', async () => {
    const clock = new FakeClock();
    const server = await lens({ clock, idleTimeoutMs: 1000 });
    const client = await connect(server);
    for (let i = 0; i < 3; i++) {
      await expectPong(client);
      expect([clock.pendingTimers, clock.refedTimers]).toEqual([1, 0]);
      clock.advanceSync(999);
    }
    clock.advanceSync(1);
    await client.send(ping);
    await server.when((stats) => stats.ignoredBytes === ping.length);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the life of a server', () => {
  it('ends with close, which may be called again', async () => {
    const server = await startLensServer();
    const client = await connect(server);
    await expectPong(client);
    const waiting = server.when((stats) => stats.requests === 9);
    const closed = Promise.all([server.close(), server.close()]);
    await expect(waiting).rejects.toThrow(/was closed/);
    await closed;
    expect(await client.closed()).toMatch(/eof|reset/);
    await expect(connect(server)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const { port } = server;
    await using again = await startLensServer({ port });
    expect(again.port).toBe(port);
    await expectPong(await connect(again));
  });

  it('tells its address', async () => {
    const server = await lens();
    expect(server.url).toBe(`lensdb://127.0.0.1:${server.port}`);
    expect([server.host, server.path]).toEqual(['127.0.0.1', undefined]);
    await expect(lens({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('may be on a unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lens db-'));
    try {
      const path = join(folder, 'socket');
      const server = await lens({ path });
      expect([server.url, server.host, server.port, server.path]).toEqual([
        `lensdb+unix://${path.replace(' ', '%20')}`,
        '',
        0,
        path,
      ]);
      await expectPong(await connect(server));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
