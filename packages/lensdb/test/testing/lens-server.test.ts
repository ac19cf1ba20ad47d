import { ArgumentError } from '@wirewright/core';
import { FakeClock } from '@wirewright/core/testing';
import { describe, expect, it } from 'vitest';
import { LensMessageType as T } from '../../src/protocol/lens/codes.ts';
import { lensRequest } from '../../src/protocol/lens/request.ts';
import { decodeLensResponse, lensResponse } from '../../src/protocol/lens/response.ts';
import { type LensServerOptions, startLensServer } from '../../src/testing/index.ts';
import { capture, toHex } from '../fixtures/captures.ts';
import { useServers } from './fixture.ts';
import type { RawClient } from './raw-client.ts';

const { lens, connect } = useServers();

const ping = lensRequest(T.PING);
const pong = lensResponse(0, 'pong');
const ok = lensResponse(0, 'OK');

/** Asks, and says the answer as `status data message`. */
async function ask(client: RawClient, ...request: Parameters<typeof lensRequest>): Promise<string> {
  await client.send(lensRequest(...request));
  const head = await client.read(14);
  const view = new DataView(head.buffer);
  const rest = await client.read(view.getUint32(6) + view.getUint32(10));
  const { status, data, message } = decodeLensResponse(Buffer.concat([head, rest]));
  return `${status} ${Buffer.from(data).toString()}${message}`;
}

async function expectPong(client: RawClient): Promise<void> {
  expect(toHex(await client.ask(ping, pong.length))).toBe(toHex(pong));
}

describe('the documented behaviour', () => {
  it('is the default: frames in any pieces, several at once, SETEX routed', async () => {
    const clock = new FakeClock();
    const client = await connect(await lens({ clock }));
    expect(await ask(client, T.SETEX, 'k', 'v', 2)).toBe('0 OK');
    expect(await ask(client, T.GET, 'k')).toBe('0 v');
    expect(await ask(client, T.SET, 'big', 'v'.repeat(1_000_000))).toBe('0 OK');
    await client.send(Buffer.concat([ping, lensRequest(T.SET, 'a', '1'), ping]));
    expect(toHex(await client.read(2 * pong.length + ok.length))).toBe(toHex(Buffer.concat([pong, ok, pong])));
  });

  it('expires lazily: only GET notices', async () => {
    const clock = new FakeClock();
    const server = await lens({ clock });
    const client = await connect(server);
    await ask(client, T.SETEX, 'k', 'v', 2);
    await clock.advance(1999);
    expect(await ask(client, T.GET, 'k')).toBe('0 v');
    await clock.advance(1);
    expect([await ask(client, T.EXISTS, 'k'), await ask(client, T.SIZE), await ask(client, T.KEYS)]).toEqual([
      '0 true',
      '0 1',
      '0 k',
    ]);
    expect(await ask(client, T.GET, 'k')).toBe('1 Key not found');
    expect([await ask(client, T.EXISTS, 'k'), await ask(client, T.SIZE)]).toEqual(['0 false', '0 0']);
  });

  it('answers a write into a full store with status 3', async () => {
    const client = await connect(await lens({ maxEntries: 1 }));
    expect(await ask(client, T.SET, 'a', '1')).toBe('0 OK');
    expect(await ask(client, T.SET, 'b', '1')).toBe('3 Storage full');
    expect(await ask(client, T.SETEX, 'b', '1', 9)).toBe('3 Storage full');
    expect(await ask(client, T.SET, 'a', '22')).toBe('0 OK');
  });

  it('lists keys in an order of its own', async () => {
    const server = await lens();
    for (const key of ['b', 'a', 'ab', Uint8Array.of(0xff), 'é']) server.store.set(key, '');
    expect(server.store.keys().map((key) => Buffer.from(key).toString('latin1'))).toEqual([
      '\xff',
      '\xc3\xa9',
      'b',
      'ab',
      'a',
    ]);
  });

  it('waits for an announced frame, and refuses one that is beyond all measure', async () => {
    const client = await connect(await lens());
    await client.send(capture('frame.lying_key_length').request);
    expect(decodeLensResponse(await client.read(30))).toMatchObject({ status: 4, message: 'not enough bytes' });
    await client.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(toHex(await client.read(46))).toBe(toHex(capture('magic.http').response as Uint8Array));
    // The layout of another version is unknown: nothing is waited for.
    await client.send(Uint8Array.of(0x4c, 0x45, 0x4e, 0x53, 2));
    expect(decodeLensResponse(await client.read(45)).message).toBe('Unsupported protocol version: 2');
    await expectPong(client);
  });
});

describe("behaviour '0.1.0.0'", () => {
  it('is the measured one, and switches still move it', async () => {
    const server = await lens({ behaviour: '0.1.0.0' });
    expect(server.switches).toMatchObject({
      reading: 'per-read',
      bufferSize: 4096,
      setEx: 'silent',
      whenFull: 'block',
      idleTimeoutMs: 300_000,
      maxConnections: 1000,
    });
    const client = await connect(server);
    server.set({ setEx: 'routed', bufferSize: 20 });
    expect(await ask(client, T.SETEX, 'k', 'v', 2)).toBe('0 OK');
    await client.send(lensRequest(T.SET, 'kk', 'v'));
    expect(toHex(await client.read(60))).toBe(toHex(capture('frame.exactly_4097').response as Uint8Array));
  });

  it('blocks a write until there is room, and does it though its client is gone', async () => {
    const server = await lens({ behaviour: '0.1.0.0', maxEntries: 1, setEx: 'routed' });
    const [waiting, leaving, other] = [await connect(server), await connect(server), await connect(server)];
    expect(await ask(other, T.SET, 'a', '1')).toBe('0 OK');
    await waiting.send(lensRequest(T.SETEX, 'b', '2', 100));
    await server.when((stats) => stats.requests === 2);
    await leaving.send(lensRequest(T.SET, 'c', '3'));
    await server.when((stats) => stats.requests === 3);
    leaving.destroy();
    expect(await ask(other, T.DELETE, 'a')).toBe('0 OK');
    expect(toHex(await waiting.read(ok.length))).toBe(toHex(ok));
    expect(await ask(other, T.CLEAR)).toBe('0 OK');
    expect(await ask(other, T.KEYS)).toBe('0 c');
  });

  it('lets waiting writes go when the limit is raised, or a value shrinks', async () => {
    const server = await lens({ behaviour: '0.1.0.0', maxTotalValueBytes: 10 });
    const [waiting, other] = [await connect(server), await connect(server)];
    expect(await ask(other, T.SET, 'a', '12345678')).toBe('0 OK');
    await waiting.send(lensRequest(T.SET, 'b', '12345'));
    await server.when((stats) => stats.requests === 2);
    expect(await ask(other, T.SET, 'a', '1234567')).toBe('0 OK');
    expect(await ask(other, T.SET, 'a', '12345')).toBe('0 OK');
    expect(toHex(await waiting.read(ok.length))).toBe(toHex(ok));
    await waiting.send(lensRequest(T.SET, 'c', '1'));
    await server.when((stats) => stats.requests === 5);
    expect(server.store.size).toBe(2);
    server.set({ maxTotalValueBytes: 11 });
    expect(toHex(await waiting.read(ok.length))).toBe(toHex(ok));
  });
});

describe('options', () => {
  it('that do not exist are refused', async () => {
    for (const options of [{ bufersize: 1 }, { bufferSize: 0 }, { idleTimeoutMs: -1 }, { behaviour: '0.2' }]) {
      await expect(startLensServer(options as unknown as LensServerOptions)).rejects.toBeInstanceOf(ArgumentError);
    }
    const server = await lens();
    expect(() => server.set({ pieceBytes: 0 })).toThrow(/'pieceBytes' must be a number of at least 1/);
    expect(() => server.set({ nothing: 1 } as never)).toThrow(/'nothing' is no switch.*setEx/);
  });
});
