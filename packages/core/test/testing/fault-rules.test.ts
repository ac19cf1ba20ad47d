import { describe, expect, it } from 'vitest';
import type { FaultRule } from '../../src/testing/fault.ts';
import { bytes, connected, dial, quiet, start, text } from './proxy-line.ts';

describe('when and where faults strike', () => {
  it('after so many bytes: exactly there, in the middle of a chunk', async () => {
    const { client, peer } = await connected(
      {},
      { fault: { type: 'reset' }, direction: 'answer', when: { afterBytes: 4 } },
    );
    client.end.write(bytes('requests do not count'));
    await peer.read(5);
    peer.write(bytes('ab'));
    expect(text(await client.end.read(2))).toBe('ab');
    peer.write(bytes('cdef'));
    await client.end.untilClosed();
    expect([text(client.end.received), client.end.wasReset]).toEqual(['abcd', true]);
  });

  it('after so many bytes, which end a chunk: without waiting for another', async () => {
    const { client, peer } = await connected(
      {},
      { fault: { type: 'reset' }, direction: 'answer', when: { afterBytes: 4 } },
    );
    peer.write(bytes('abcd'));
    await client.end.untilClosed();
    expect(text(client.end.received)).toBe('abcd');
  });

  it('after so many bytes: chunks are changed from there on', async () => {
    const rule: FaultRule = { fault: { type: 'corrupt', at: 0, count: 9, mask: 0x20 }, when: { afterBytes: 2 } };
    const { client, peer } = await connected({}, rule);
    peer.write(bytes('abcd'));
    expect(text(await client.end.read(4))).toBe('abCD');
    peer.write(bytes('ef'));
    expect(text(await client.end.read(2))).toBe('EF');
  });

  it('after bytes that have passed already, or none: at once', async () => {
    const late = await connected();
    late.client.end.write(bytes('abc'));
    await late.peer.read(3);
    const tooFar = late.proxy.inject({ fault: { type: 'reset' }, when: { afterBytes: 4 } });
    const rule = late.proxy.inject({ fault: { type: 'reset' }, direction: 'request', when: { afterBytes: 2 } });
    expect([rule.fired, tooFar.fired]).toEqual([1, 0]);
    await late.client.end.untilClosed();
    const early = await connected({}, { fault: { type: 'reset' }, when: { afterBytes: 0 } });
    await early.client.end.untilClosed();
  });

  it('at a chunk: before it is passed on', async () => {
    const rule: FaultRule = { fault: { type: 'fin' }, direction: 'answer', when: { chunk: 2 } };
    const { client, peer } = await connected({}, rule);
    peer.write(bytes('one'));
    await client.end.read(3);
    peer.write(bytes('two'));
    await client.end.readEnd();
    expect(text(client.end.received)).toBe('one');
  });

  it('at a frame, however the stream comes in pieces', async () => {
    const lengthPrefixed = { measure: (data: Uint8Array, from: number) => (data[from] as number) + 1 };
    const { client, peer } = await connected(
      { frames: { request: () => lengthPrefixed } },
      { fault: { type: 'duplicate' }, direction: 'request', when: { chunk: 2 } },
      { fault: { type: 'truncate', keepBytes: 0 }, direction: 'request', when: { chunk: 3 } },
    );
    for (const piece of [[1, 11, 2], [21], [22, 1], [31, 1, 41, 9, 99]]) {
      client.end.write(Uint8Array.from(piece));
      await quiet();
    }
    expect([...(await peer.read(10))]).toEqual([1, 11, 2, 21, 22, 2, 21, 22, 1, 41]);
    expect(peer.unread).toBe(0);
    // What is not a whole frame at the end is passed on as it is.
    client.end.end();
    expect([...(await peer.read(2))]).toEqual([9, 99]);
    await peer.readEnd();
  });

  it('at no frame any more where the meter gives up', async () => {
    const meter = {
      measure: (data: Uint8Array, from: number): number => {
        if (data[from] === 0) throw new Error('no frame');
        return 2;
      },
    };
    const { client, peer } = await connected({ frames: { request: () => meter } }, { fault: { type: 'drip' } });
    client.end.write(Uint8Array.of(1, 1, 0, 5, 5));
    expect([...(await peer.read(5))]).toEqual([1, 1, 0, 5, 5]);
    client.end.write(Uint8Array.of(0));
    expect([...(await peer.read(1))]).toEqual([0]);
  });

  it('by a predicate, which sees the chunk', async () => {
    const seen: unknown[] = [];
    const { client, peer } = await connected(
      {},
      {
        fault: { type: 'corrupt', at: 0, mask: 0x20 },
        direction: 'request',
        when: {
          where: (chunk) => {
            seen.push({ ...chunk, bytes: text(chunk.bytes) });
            return text(chunk.bytes).startsWith('b');
          },
        },
      },
    );
    for (const chunk of ['abc', 'bcd']) {
      client.end.write(bytes(chunk));
      await peer.read(3);
    }
    expect(text(peer.received)).toBe('abcBcd');
    const place = { connection: 1, direction: 'request', phase: 'request' };
    expect(seen).toEqual([
      { ...place, bytes: 'abc', index: 1, offset: 0 },
      { ...place, bytes: 'bcd', index: 2, offset: 3 },
    ]);
  });

  it('by what happens in the other direction', async () => {
    const { client, peer } = await connected(
      {},
      { fault: { type: 'black-hole' }, direction: 'answer', watch: 'request', when: { chunk: 2 } },
    );
    client.end.write(bytes('one'));
    await peer.read(3);
    peer.write(bytes('heard'));
    expect(text(await client.end.read(5))).toBe('heard');
    client.end.write(bytes('two'));
    expect(text(await peer.read(3))).toBe('two');
    peer.write(bytes('unheard'));
    await quiet();
    expect(client.end.unread).toBe(0);
  });

  it('in a phase: open, request, answer, idle', async () => {
    for (const phase of ['open', 'request', 'answer', 'idle']) {
      const { client, peer, connection } = await connected({}, { fault: { type: 'reset' }, when: { phase } });
      client.end.write(bytes('request'));
      await peer.read(7).catch(() => {});
      if (!peer.closed) peer.write(bytes('answer'));
      await Promise.all([client.end.untilClosed(), peer.untilClosed()]);
      expect([text(peer.received), text(client.end.received)]).toEqual([
        phase === 'open' || phase === 'request' ? '' : 'request',
        phase === 'idle' ? 'answer' : '',
      ]);
      expect(connection.phase).toBe(phase);
    }
  });

  it('is idle again only when every request has its answer', async () => {
    const { client, peer, connection } = await connected();
    for (const request of ['one', 'two']) {
      client.end.write(bytes(request));
      await peer.read(3);
    }
    peer.write(bytes('one'));
    await client.end.read(3);
    expect(connection.phase).toBe('answer');
    peer.write(bytes('two'));
    await client.end.read(3);
    await quiet();
    expect(connection.phase).toBe('idle');
  });

  it('in a phase that a hook names, or a test by hand', async () => {
    const phases: string[] = [];
    const { client, peer, connection, proxy } = await connected(
      {
        phaseOf: ({ bytes: chunk, phase }) => {
          phases.push(phase);
          return text(chunk) === 'hello' ? 'handshake' : undefined;
        },
      },
      { fault: { type: 'corrupt', at: 0, mask: 0x20 }, when: { phase: 'handshake' } },
    );
    client.end.write(bytes('hello'));
    expect(text(await peer.read(5))).toBe('Hello');
    client.end.write(bytes('get'));
    expect(text(await peer.read(3))).toBe('get');
    expect(phases).toEqual(['open', 'handshake']);
    const rule = proxy.inject({ fault: { type: 'reset' }, when: { phase: 'by hand' } });
    connection.enter('by hand');
    await rule.untilFired();
    await client.end.untilClosed();
  });

  it('on some connections only', async () => {
    const { proxy, server } = await start();
    proxy.inject({ fault: { type: 'corrupt', at: 0, mask: 0x20 }, connections: 2 });
    proxy.inject({ fault: { type: 'corrupt', at: 1, mask: 0x20 }, connections: [1, 3] });
    proxy.inject({ fault: { type: 'corrupt', at: 2, mask: 0x20 }, connections: (number) => number > 2 });
    const received: string[] = [];
    for (let each = 1; each <= 3; each += 1) {
      dial(proxy).end.write(bytes('abc'));
      received.push(text(await (await server.accept()).read(3)));
    }
    expect(received).toEqual(['aBc', 'Abc', 'aBC']);
  });

  it('in one direction only', async () => {
    const { client, peer } = await connected(
      {},
      { fault: { type: 'corrupt', at: 0, mask: 0x20 }, direction: 'request' },
      { fault: { type: 'corrupt', at: 1, mask: 0x20 }, direction: 'answer' },
    );
    client.end.write(bytes('abc'));
    peer.write(bytes('abc'));
    expect([text(await peer.read(3)), text(await client.end.read(3))]).toEqual(['Abc', 'aBc']);
  });

  it('so many times', async () => {
    const { client, peer, proxy } = await connected();
    const rule = proxy.inject({ fault: { type: 'corrupt', at: 0, mask: 0x20 }, times: 2 });
    const twice = rule.untilFired(2);
    for (const each of ['a', 'b', 'c']) {
      client.end.write(bytes(each));
      await peer.read(1);
    }
    await twice;
    expect([text(peer.received), rule.fired, proxy.counts.faults.corrupt]).toEqual(['ABc', 2, 2]);
  });

  it('with a probability, the same from the same seed', async () => {
    async function play(seed: number): Promise<string> {
      const rule: FaultRule = { fault: { type: 'corrupt', at: 0, mask: 0x20 }, probability: 0.5 };
      const { client, peer, proxy } = await connected({ seed }, rule);
      for (let each = 0; each < 20; each += 1) {
        client.end.write(bytes('a'));
        await peer.read(1);
      }
      await proxy.close();
      return text(peer.received);
    }
    const [first, again, other] = [await play(3), await play(3), await play(4)];
    expect(first).toMatch(/a.*A|A.*a/);
    expect([again, other === first]).toEqual([first, false]);
  });

  it('by chance at every request, once for a connection', async () => {
    const { proxy, server } = await start();
    const rule = proxy.inject({ fault: { type: 'reset' }, when: { phase: 'request' }, probability: 0.2 });
    let answered = 0;
    for (let each = 0; each < 5; each += 1) {
      const client = dial(proxy);
      const peer = await server.accept();
      while (!client.end.closed) {
        client.end.write(bytes('a'));
        const got = await peer.read(1).catch(() => undefined);
        if (!got) break;
        peer.write(got);
        await client.end.read(1);
        await quiet();
        answered += 1;
      }
      await client.end.untilClosed();
    }
    expect(rule.fired).toBe(5);
    expect(answered).toBeGreaterThan(5);
  });

  it('only once on a connection, and not on one that lost its bytes to a black hole', async () => {
    const { client, peer, proxy } = await connected();
    const where = (): boolean => true;
    const fin = proxy.inject({ fault: { type: 'fin' }, direction: 'answer', watch: 'request', when: { where } });
    for (let each = 0; each < 3; each += 1) {
      client.end.write(bytes('x'));
      await peer.read(1);
    }
    expect(fin.fired).toBe(1);
    proxy.inject({ fault: { type: 'black-hole' }, direction: 'request' });
    const reset = proxy.inject({ fault: { type: 'reset' }, direction: 'request', when: { where } });
    client.end.write(bytes('x'));
    await quiet();
    expect([reset.fired, peer.unread]).toEqual([0, 0]);
  });

  it('not any more when the rule is taken back', async () => {
    const { client, peer, proxy } = await connected();
    const first = proxy.inject({ fault: { type: 'corrupt', at: 0, mask: 0x20 } });
    const second = proxy.inject({ fault: { type: 'corrupt', at: 1, mask: 0x20 } });
    client.end.write(bytes('ab'));
    await peer.read(2);
    await first.remove();
    client.end.write(bytes('ab'));
    await peer.read(2);
    await proxy.clear();
    client.end.write(bytes('ab'));
    await peer.read(2);
    expect(text(peer.received)).toBe('ABaBab');
    expect([first.fired, second.fired]).toEqual([1, 2]);
  });

  it('never by accident: a predicate that throws ends the connection, and is thrown by close', async () => {
    const where = (): boolean => {
      throw new Error('predicate');
    };
    const { client, peer, proxy } = await connected({}, { fault: { type: 'drip' }, when: { where } });
    client.end.write(bytes('x'));
    await Promise.all([client.end.readEnd(), peer.readEnd()]);
    expect(peer.received.length).toBe(0);
    await expect(proxy.close()).rejects.toThrow('predicate');
  });

  it('refuses rules that cannot be', async () => {
    const { proxy } = await start();
    const wrong: [FaultRule, RegExp][] = [
      [{ fault: { type: 'drip', intervalMs: -1 } }, /intervalMs must be a finite number of milliseconds, not -1/],
      [{ fault: { type: 'delay', delayMs: Number.NaN } }, /delayMs/],
      [{ fault: { type: 'duplicate', times: 0 } }, /times must be an integer of 1 or more/],
      [{ fault: { type: 'truncate', keepBytes: -1 } }, /keepBytes/],
      [{ fault: { type: 'split', sizes: [1, 0] } }, /sizes/],
      [{ fault: { type: 'split', sizes: 0 } }, /sizes/],
      [{ fault: { type: 'corrupt', at: -1 } }, /at must be/],
      [{ fault: { type: 'corrupt', count: 0 } }, /count/],
      [{ fault: { type: 'corrupt', mask: 256 } }, /mask must be an integer from 1 to 255/],
      [{ fault: { type: 'drip' }, probability: 2 }, /probability must be from 0 to 1/],
      [{ fault: { type: 'drip' }, times: 0 }, /times/],
      [{ fault: { type: 'drip' }, when: { afterBytes: -1 } }, /afterBytes/],
      [{ fault: { type: 'drip' }, when: { chunk: 0 } }, /chunk/],
      [{ fault: { type: 'drip' }, watch: 'request' }, /takes no 'watch'/],
      [{ fault: { type: 'refuse' }, when: { chunk: 1 } }, /takes no 'when'/],
    ];
    for (const [rule, message] of wrong) expect(() => proxy.inject(rule)).toThrow(message);
  });
});
