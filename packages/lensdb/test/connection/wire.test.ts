import { Timekeeper } from '@wirewright/core';
import { describe, expect, it } from 'vitest';
import {
  AbortedError,
  ConnectionError,
  type LensDBClient,
  LensDBInvalidRequestError,
  ProtocolError,
  ServerError,
  TimeoutError,
} from '../../src/index.ts';
import { Address } from '../../src/connection/address.ts';
import { Opener } from '../../src/connection/opener.ts';
import { LensDBWire } from '../../src/connection/wire.ts';
import { getOperation } from '../../src/operations.ts';
import { ldbdRequest } from '../../src/protocol/ldbd/request.ts';
import { ldbdResponse } from '../../src/protocol/ldbd/response.ts';
import { LensMessageType as T } from '../../src/protocol/lens/codes.ts';
import { lensRequest } from '../../src/protocol/lens/request.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';
import { Lab, rejection } from '../lab.ts';
import { bytes, ldbd, lens, lensStore, text } from '../servers.ts';

const fixed = { dialect: 'lens', maxRetries: 0 } as const;

/** A client in a lab with a `lens` server; its first connection is up. */
async function connected(
  lab: Lab,
  options: ConstructorParameters<typeof LensDBClient>[0] & object = {},
): Promise<LensDBClient> {
  const client = lab.client({ ...fixed, maxConnections: 1, ...options });
  await lab.run(client.connect());
  lab.writes.length = 0;
  return client;
}

describe('requests', () => {
  it('are exactly one socket write each, in both dialects', async () => {
    const value = 'x'.repeat(4000);
    const calls: [(client: LensDBClient) => Promise<unknown>, Uint8Array, Uint8Array][] = [
      [(client) => client.set('key', value), lensRequest(T.SET, 'key', value), ldbdRequest(2, 'key', value)],
      [(client) => client.get('key'), lensRequest(T.GET, 'key'), ldbdRequest(1, 'key')],
      [(client) => client.setEx('k', 'v', 7), lensRequest(T.SETEX, 'k', 'v', 7), ldbdRequest(8, 'k', 'v', 7)],
      [(client) => client.delete('key'), lensRequest(T.DELETE, 'key'), ldbdRequest(3, 'key')],
      [(client) => client.exists('key'), lensRequest(T.EXISTS, 'key'), ldbdRequest(4, 'key')],
      [(client) => client.keys(), lensRequest(T.KEYS), ldbdRequest(5)],
      [(client) => client.size(), lensRequest(T.SIZE), ldbdRequest(6)],
      [(client) => client.ping(), lensRequest(T.PING), ldbdRequest(9)],
      [(client) => client.clear(), lensRequest(T.CLEAR), ldbdRequest(7)],
    ];
    for (const dialect of ['lens', 'ldbd'] as const) {
      const lab = new Lab();
      lab.serve(dialect === 'lens' ? lens() : ldbd());
      const client = lab.client({ maxConnections: 1 });
      await lab.run(client.setEx('probed', 'v', 1));
      for (const [call, asLens, asLdbd] of calls) {
        lab.writes.length = 0;
        await lab.run(call(client));
        // Of the dialect ldbd, the fences of a read follow as writes of their own, once the answer has begun.
        expect(text(lab.writes[0]?.bytes)).toBe(text(dialect === 'lens' ? asLens : asLdbd));
        if (dialect === 'lens') expect(lab.writes.length).toBe(1);
      }
    }
  });

  it('go out one at a time on each connection, however many calls there are', async () => {
    const lab = new Lab();
    const waiting = new Map<number, number>();
    let most = 0;
    const answer = lensStore();
    lab.serve(
      lens((request, peer) => {
        waiting.set(peer.number, (waiting.get(peer.number) ?? 0) + 1);
        most = Math.max(most, waiting.get(peer.number) as number);
        lab.ports.clock.setTimer(() => {
          waiting.set(peer.number, (waiting.get(peer.number) as number) - 1);
          peer.send(answer(request) as Uint8Array);
        }, 5);
        return undefined;
      }),
    );
    const client = lab.client({ ...fixed, maxConnections: 3 });
    await lab.run(Promise.all(Array.from({ length: 50 }, (_, i) => client.set(`k${i}`, `v${i}`))));
    const values = await lab.run(Promise.all(Array.from({ length: 50 }, (_, i) => client.getText(`k${i}`))));
    expect(values).toEqual(Array.from({ length: 50 }, (_, i) => `v${i}`));
    expect([most, lab.peers.length]).toEqual([1, 3]);
  });
});

describe('answers', () => {
  it('come in any pieces', async () => {
    const lab = new Lab();
    const answer = lensStore(new Map([['a', bytes('x'.repeat(300))]]));
    lab.serve((peer) => {
      peer.link.down.change({ maxDeliveryBytes: 1 });
      return lens(answer)(peer);
    });
    const client = await connected(lab);
    expect(await lab.run(client.getText('a'))).toBe('x'.repeat(300));
  });

  it('are refused above maxFrameBytes, before memory is taken', async () => {
    const lab = new Lab();
    const long = lensResponse(0, 'v'.repeat(987));
    lab.serve(lens(({ type }) => (type === T.PING ? lensResponse(0, 'pong') : long.subarray(0, 20))));
    const client = await connected(lab, { maxFrameBytes: 1000 });
    const error = await lab.failure(client.get('a'));
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as Error).message).toContain('maxFrameBytes');
    expect(client.stats().pool.open).toBe(0);
  });

  it.each([
    ['another magic', bytes('XXXX'.padEnd(14, '\0'))],
    ['another version', Uint8Array.of(...lensResponse(0).subarray(0, 4), 2, ...lensResponse(0).subarray(5))],
    ['a status above 6', Uint8Array.of(...lensResponse(0).subarray(0, 5), 7, ...lensResponse(0).subarray(6))],
    ['a SIZE that is no number', lensResponse(0, '12x')],
    ['a SIZE without data', lensResponse(0, '')],
  ])('of %s end the connection and are protocol errors', async (_what, answer) => {
    const lab = new Lab();
    lab.serve(lens(({ type }) => (type === T.SIZE ? answer : lensResponse(0, 'pong'))));
    const client = await connected(lab);
    const error = await lab.failure(client.size());
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ outcome: 'unknown', retryable: true });
    expect(client.stats().pool.open).toBe(0);
  });

  it('of EXISTS must be true or false', async () => {
    const lab = new Lab();
    lab.serve(lens(({ type }) => lensResponse(0, type === T.PING ? 'pong' : 'TRUE')));
    expect(await lab.failure((await connected(lab)).exists('a'))).toBeInstanceOf(ProtocolError);
  });

  it('that come late never reach another caller', async () => {
    const lab = new Lab();
    const late: (() => void)[] = [];
    lab.serve(
      lens(({ type, key }, peer) => {
        if (text(key) === 'slow') late.push(() => peer.send(lensResponse(0, 'of slow')));
        return text(key) === 'slow' ? undefined : lensResponse(0, type === T.PING ? 'pong' : `of ${text(key)}`);
      }),
    );
    const client = await connected(lab);
    const slow = rejection(client.get('slow', { timeoutMs: 100 }));
    const fast = client.getText('fast');
    const error = await lab.run(slow);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ outcome: 'unknown', details: { phase: 'request' } });
    for (const answer of late) answer();
    expect(await lab.run(fast)).toBe('of fast');
    expect(lab.peers.length).toBe(2);
    await lab.advance(10);
    expect(lab.peers[0]?.ended).toBe(true);
  });

  it('that come late after an abort never reach another caller', async () => {
    const lab = new Lab();
    lab.serve(
      lens(({ key }, peer) => {
        lab.ports.clock.setTimer(() => peer.send(lensResponse(0, `of ${text(key)}`)), 50);
        return undefined;
      }),
    );
    const client = lab.client({ ...fixed, maxConnections: 1 });
    const controller = new AbortController();
    const aborted = client.get('slow', { signal: controller.signal });
    const next = client.getText('next');
    await lab.advance(20);
    controller.abort(new Error('changed my mind'));
    const error = await lab.failure(aborted);
    expect(error).toBeInstanceOf(AbortedError);
    expect(error).toMatchObject({ outcome: 'unknown', cause: { message: 'changed my mind' } });
    expect(await lab.run(next)).toBe('of next');
  });
});

describe('a connection is not used again', () => {
  it.each([
    ['a whole answer', lensResponse(0, 'pong')],
    ['a part of one', lensResponse(0, 'pong').subarray(0, 5)],
    ['anything else', bytes('?')],
  ])('after %s that nobody asked for', async (_what, unsolicited) => {
    const lab = new Lab();
    lab.serve(lens());
    const client = await connected(lab);
    lab.peers[0]?.send(unsolicited);
    await lab.advance(10);
    expect([client.stats().pool.open, lab.peers[0]?.ended]).toEqual([0, true]);
    await lab.run(client.set('a', '1'));
    expect(lab.peers.length).toBe(2);
  });

  it.each([
    ['whole', lensResponse(0, 'another')],
    ['in part', lensResponse(0, 'another').subarray(0, 3)],
  ])('after an answer that another one follows, %s', async (_how, more) => {
    const lab = new Lab();
    const store = lensStore();
    lab.serve(
      lens((request) => {
        const answer = store(request) as Uint8Array;
        return request.type === T.SET ? Uint8Array.of(...answer, ...more) : answer;
      }),
    );
    const client = await connected(lab);
    await lab.run(client.set('a', '1'));
    expect(client.stats().pool.open).toBe(0);
    expect(await lab.run(client.getText('a'))).toBe('1');
  });

  it.each([
    ['has followed', 2],
    ['may follow', 1],
  ])('after status 4, which another answer %s', async (_how, times) => {
    const lab = new Lab();
    const invalid = lensResponse(4, '', 'Invalid message format');
    const answer = Uint8Array.from(Array.from({ length: times }, () => [...invalid]).flat());
    lab.serve(lens(({ type }) => (type === T.GET ? answer : lensResponse(0, 'pong'))));
    const client = await connected(lab);
    const error = await lab.failure(client.get('a'));
    expect(error).toBeInstanceOf(LensDBInvalidRequestError);
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', outcome: 'rejected', retryable: false });
    expect(client.stats().pool.open).toBe(0);
    expect(await lab.run(client.pingReply())).toEqual(bytes('pong'));
  });

  it('but stays after every other error', async () => {
    const lab = new Lab();
    lab.serve(lens(({ type }) => (type === T.GET ? lensResponse(5, '', 'oops') : lensResponse(0, 'pong'))));
    const client = await connected(lab);
    expect(await lab.failure(client.get('a'))).toBeInstanceOf(ServerError);
    await lab.run(client.ping());
    expect(lab.peers.length).toBe(1);
  });

  it('when the server has closed it between two requests', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = await connected(lab);
    lab.peers[0]?.end();
    await lab.advance(10);
    expect(client.stats().pool.open).toBe(0);
    await lab.run(client.set('a', '1'));
  });
});

describe('a connection that ends', () => {
  it('before the first answer was refused: the outcome is unknown, the code says so', async () => {
    const lab = new Lab();
    lab.serve((peer) => () => peer.end());
    const error = await lab.failure(lab.client(fixed).get('a'));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'REFUSED', outcome: 'unknown', retryable: true });
  });

  it('by a reset before the first answer, as at the connection limit, too', async () => {
    const lab = new Lab();
    lab.serve((peer) => () => peer.link.reset('client'));
    const error = await lab.failure(lab.client(fixed).get('a'));
    expect(error).toMatchObject({ code: 'REFUSED', outcome: 'unknown', cause: { code: 'ECONNRESET' } });
  });

  it('while it is opened never had the request', async () => {
    const lab = new Lab();
    lab.net.onDial = () => 'reset';
    const error = await lab.failure(lab.client(fixed).get('a'));
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', outcome: 'not-sent', retryable: true });
  });

  it('in the middle of an answer is lost', async () => {
    const lab = new Lab();
    lab.serve(
      lens(({ type }, peer) => {
        if (type !== T.GET) return lensResponse(0, 'pong');
        peer.send(lensResponse(0, 'value').subarray(0, 10));
        peer.end();
        return undefined;
      }),
    );
    const client = await connected(lab);
    expect(await lab.failure(client.get('a'))).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' });
  });
});

describe('a wire', () => {
  /** The wire of one connection in a lab, without client and pool. */
  async function open(lab: Lab): Promise<{ wire: LensDBWire; timekeeper: Timekeeper }> {
    const timekeeper = new Timekeeper(lab.ports.clock);
    const { clock, random, turns } = lab.ports;
    const opener = new Opener({
      runtime: { clock, random, turns, net: lab.net },
      timekeeper,
      maxFrameBytes: 1000,
      probeTimeoutMs: 1000,
      ldbdReads: 'fence',
    });
    const wire = await lab.run(opener.open(new Address({ host: '127.0.0.1', port: 8080 }, 'lens'), 1000));
    expect(wire).toBeInstanceOf(LensDBWire);
    return { wire: wire as LensDBWire, timekeeper };
  }

  it('takes one request at a time', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const { wire } = await open(lab);
    const done: string[] = [];
    const request = { key: 'a', value: '', ttl: 0 };
    const first = wire.request(getOperation, request, Infinity, undefined, { release: () => void done.push('first') });
    expect(wire.usable).toBe(false);
    const second = wire.request(getOperation, request, Infinity, undefined, {
      release: () => void done.push('second'),
    });
    expect(await lab.run(second)).toMatchObject({ kind: 'connection', outcome: 'not-sent' });
    expect(await lab.run(first)).toBe(null);
    expect(wire.usable).toBe(true);
  });

  it('sends nothing for a signal that is aborted already, and comes back', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const { wire, timekeeper } = await open(lab);
    let done = 0;
    const request = { key: 'a', value: '', ttl: 0 };
    const result = wire.request(getOperation, request, Infinity, AbortSignal.abort('no'), {
      release: () => void (done += 1),
    });
    expect(await lab.run(result)).toMatchObject({ kind: 'aborted', outcome: 'not-sent', cause: 'no' });
    expect([lab.writes, done, wire.usable, timekeeper.size]).toEqual([[], 1, true, 0]);
  });

  it('sends nothing once its client is destroyed', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const { wire, timekeeper } = await open(lab);
    timekeeper.abandonAll(new Error('over'));
    let done = 0;
    const request = { key: 'a', value: '', ttl: 0 };
    const result = wire.request(getOperation, request, Infinity, undefined, { release: () => void (done += 1) });
    expect(await lab.run(result)).toMatchObject({ kind: 'closed' });
    expect([done, timekeeper.size]).toEqual([1, 0]);
  });
});

describe('ldbd on a connection', () => {
  it('repeats a read whose value holds the answers of the fences', async () => {
    const lab = new Lab();
    const pong = ldbdResponse(0, '', 'PONG');
    const value = Uint8Array.of(...bytes('head'), ...pong);
    const answer = ldbdResponse(0, '', value);
    lab.serve((peer) => {
      const answers = ldbd(new Map([['a', value]]))(peer) as (received: Uint8Array) => void;
      // On the second connection: the rest of the value, which ends as PING is answered, comes behind the fence.
      const script = [
        () => peer.send(answer.subarray(0, 10)),
        () => peer.send(answer.subarray(10)),
        () => peer.send(pong, ldbdResponse(0, '', 'false')),
      ];
      return (received) => {
        if (peer.number === 1 || peer.number === 3) answers(received);
        else script.shift()?.();
      };
    });
    const first = lab.client({ maxConnections: 1 });
    await lab.run(first.connect());
    lab.peers[0]?.end();
    await lab.advance(10);
    expect(await lab.run(first.get('a'))).toEqual(value);
    expect(lab.peers.length).toBe(3);
    expect(first.stats().operations['get']).toMatchObject({ success: 1, error: 0 });
    // The repeat begins with the other fence.
    expect(lab.peers[2]?.received.map((received) => received[5])).toEqual([1, 4, 9]);
    expect(lab.peers[1]?.ended).toBe(true);
  });

  it('gives up a read whose end cannot be told, again and again', async () => {
    const lab = new Lab();
    lab.serve((peer) => {
      const answers = ldbd(new Map([['a', bytes('1')]]))(peer) as (received: Uint8Array) => void;
      let requests = 0;
      return (received) => {
        requests += 1;
        // The third request of a read is the second fence: what answers it is never what it should be.
        if (peer.number === 1 ? requests === 5 : requests === 3) peer.send(bytes('?'.repeat(13)));
        else answers(received);
      };
    });
    const client = lab.client({ maxRetries: 0 });
    await lab.run(client.connect());
    const error = await lab.failure(client.get('a'));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ retryable: false, message: /the end of the answer could not be told/ as never });
    expect([lab.peers.length, client.stats().pool.leased]).toEqual([5, 0]);
  });

  it("reads to the end of the stream with ldbdReads 'close'", async () => {
    const lab = new Lab();
    lab.serve((peer) => {
      const answers = ldbd(new Map([['a', bytes('1')]]))(peer) as (received: Uint8Array) => void;
      peer.onEnd = () => peer.end();
      return answers;
    });
    const client = lab.client({ ldbdReads: 'close', maxConnections: 1 });
    expect(await lab.run(client.getText('a'))).toBe('1');
    expect(await lab.run(client.exists('a'))).toBe(true);
    expect(await lab.run(client.getText('a'))).toBe('1');
    expect(client.info().ldbdReads).toBe('close');
    // The probe and the first read share a connection; EXISTS and the second read share another.
    expect(lab.peers.length).toBe(2);
  });
});
