import { FakeClock } from '@wirewright/core/testing';
import { describe, expect, it } from 'vitest';
import { MessageType } from '../../src/protocol/ldbd/codes.ts';
import { ldbdRequest } from '../../src/protocol/ldbd/request.ts';
import { ldbdResponse } from '../../src/protocol/ldbd/response.ts';
import { lensRequest } from '../../src/protocol/lens/request.ts';
import { capture, toHex } from '../fixtures/captures.ts';
import { useServers } from './fixture.ts';
import type { RawClient } from './raw-client.ts';

const { ldbd, connect } = useServers();
const { GET, SET, DELETE, EXISTS, KEYS, SIZE, CLEAR, SETEX, PING } = MessageType;

const missing = ldbdResponse(2, 'Key not found');

async function expectAnswer(client: RawClient, request: Uint8Array, answer: Uint8Array): Promise<void> {
  expect(toHex(await client.ask(request, answer.length))).toBe(toHex(answer));
  expect(client.unread).toBe(0);
}

const success = (data: string): Uint8Array => ldbdResponse(0, '', data);

describe('every command', () => {
  it('is answered as the document has it', async () => {
    const client = await connect(await ldbd());
    const exchanges: [Uint8Array, Uint8Array][] = [
      [ldbdRequest(PING), success('PONG')],
      [ldbdRequest(GET, 'k'), missing],
      [ldbdRequest(SET, 'k', 'hi'), success('OK')],
      [ldbdRequest(GET, 'k'), success('hi')],
      [ldbdRequest(SET, 'e', ''), success('OK')],
      [ldbdRequest(GET, 'e'), success('')],
      [ldbdRequest(EXISTS, 'k'), success('true')],
      [ldbdRequest(EXISTS, 'x'), success('false')],
      [ldbdRequest(SIZE), success('2')],
      [ldbdRequest(KEYS), success('k\ne')],
      [ldbdRequest(DELETE, 'k'), success('OK')],
      [ldbdRequest(DELETE, 'k'), missing],
      [ldbdRequest(CLEAR), success('OK')],
      [ldbdRequest(KEYS), success('')],
      [ldbdRequest(SET, '', 'v'), ldbdResponse(3, 'Invalid key length')],
      [ldbdRequest(GET, 'k'.repeat(1025)), ldbdResponse(3, 'Invalid key length')],
      [ldbdRequest(SET, 'k', 'v'.repeat(1_048_577)), ldbdResponse(3, 'Value too long')],
      [ldbdRequest(SET, 'k', 'v'.repeat(1_048_576)), success('OK')],
    ];
    for (const [request, answer] of exchanges) await expectAnswer(client, request, answer);
  });

  it('expires exactly: no command sees an expired entry', async () => {
    const clock = new FakeClock();
    const client = await connect(await ldbd({ clock }));
    await expectAnswer(client, ldbdRequest(SETEX, 'k', 'v', 2), success('OK'));
    clock.advanceSync(1999);
    await expectAnswer(client, ldbdRequest(EXISTS, 'k'), success('true'));
    clock.advanceSync(1);
    await expectAnswer(client, ldbdRequest(EXISTS, 'k'), success('false'));
    await expectAnswer(client, ldbdRequest(SIZE), success('0'));
    await expectAnswer(client, ldbdRequest(DELETE, 'k'), missing);
  });

  it('takes frames in any pieces, several at once', async () => {
    const server = await ldbd();
    const client = await connect(server);
    const both = Buffer.concat([ldbdRequest(SET, 'k', 'v'), ldbdRequest(GET, 'k')]);
    for (const byte of both) {
      const { receivedBytes } = server.stats;
      await client.send(Uint8Array.of(byte));
      await server.when((stats) => stats.receivedBytes > receivedBytes);
    }
    expect(toHex(await client.read(19))).toBe(toHex(success('OK')) + toHex(success('v')));
    await client.send(both);
    expect(toHex(await client.read(19))).toBe(toHex(success('OK')) + toHex(success('v')));
  });
});

describe('switches', () => {
  it('acknowledgement and pingText', async () => {
    const server = await ldbd({ acknowledgement: 'none', pingText: 'pong!' });
    const client = await connect(server);
    for (const request of [
      ldbdRequest(SET, 'k', 'v'),
      ldbdRequest(SETEX, 'k', 'v', 9),
      ldbdRequest(DELETE, 'k'),
      ldbdRequest(CLEAR),
    ]) {
      await expectAnswer(client, request, success(''));
    }
    await expectAnswer(client, ldbdRequest(PING), success('pong!'));
    server.set({ pingText: '' });
    await expectAnswer(client, ldbdRequest(PING), success(''));
  });

  it('closeAfterAnswer', async () => {
    const client = await connect(await ldbd({ closeAfterAnswer: true }));
    await client.send(Buffer.concat([ldbdRequest(PING), ldbdRequest(PING)]));
    expect(await client.closed()).toBe('eof');
    expect(client.unread).toBe(12);
  });

  it('onHalfClose', async () => {
    const server = await ldbd();
    const closing = await connect(server);
    await closing.send(ldbdRequest(PING));
    closing.halfClose();
    expect(await closing.closed()).toBe('eof');
    expect(closing.unread).toBe(12);

    server.set({ onHalfClose: 'ignore', answerDelayMs: 'manual' });
    const ignoring = await connect(server);
    await ignoring.send(ldbdRequest(PING));
    ignoring.halfClose();
    await server.when((stats) => stats.held === 1);
    server.release();
    await ignoring.read(12);
    await expectAnswer(await connectReleased(), ldbdRequest(PING), success('PONG'));
    expect(ignoring.isClosed).toBe(false);

    async function connectReleased(): Promise<RawClient> {
      server.set({ answerDelayMs: 0 });
      return await connect(server);
    }
  });

  it('onUnknownMagic', async () => {
    const server = await ldbd();
    const client = await connect(server);
    await expectAnswer(client, lensRequest(0), ldbdResponse(3, 'Invalid request'));
    await expectAnswer(client, ldbdRequest(PING), success('PONG'));
    server.set({ onUnknownMagic: 'close' });
    await client.send(lensRequest(0));
    expect(await client.closed()).toBe('eof');
    expect(client.unread).toBe(0);

    server.set({ onUnknownMagic: 'silence' });
    const silent = await connect(server);
    await silent.send(capture('magic.http').request);
    await server.when((stats) => stats.requests === 4);
    await expectAnswer(await connect(server), ldbdRequest(PING), success('PONG'));
    expect([silent.unread, silent.isClosed]).toEqual([0, false]);
  });

  it("reading: 'per-read'", async () => {
    const server = await ldbd({ reading: 'per-read', bufferSize: 64 });
    const client = await connect(server);
    await expectAnswer(client, Buffer.concat([ldbdRequest(SIZE), ldbdRequest(PING)]), success('0'));
    await expectAnswer(client, ldbdRequest(SIZE).subarray(0, 9), ldbdResponse(3, 'Invalid request'));
    await client.send(ldbdRequest(SET, 'k', 'v'.repeat(60)));
    const refusal = toHex(ldbdResponse(3, 'Invalid request'));
    expect(toHex(await client.read(refusal.length))).toBe(refusal + refusal);
    expect(server.store.size).toBe(0);
  });

  it('pieces with the means of section 3.7 behind them', async () => {
    const server = await ldbd({ pieceBytes: 9, piecePauseMs: 'manual' });
    server.store.set('k', 'hello');
    const client = await connect(server);
    expect(toHex(await client.ask(ldbdRequest(GET, 'k'), 9))).toBe(toHex(success('h')));
    await server.when((stats) => stats.held === 1);
    // A fence that arrives now is answered behind the value.
    await client.send(ldbdRequest(EXISTS, 'k'));
    await server.when((stats) => stats.overlapping === 1);
    server.release();
    expect(Buffer.from(await client.read(4)).toString()).toBe('ello');
    expect(toHex(await client.read(9))).toBe(toHex(success('t')));
  });
});
