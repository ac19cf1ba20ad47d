import { describe, expect, it } from 'vitest';
import { AbortedError, AuthenticationError, ClosedError, ConnectionError, TimeoutError } from '@wirewright/core';
import type { Request } from './peer.ts';
import { createWorld, watch } from './world.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const key = ({ args }: Request): unknown => args[0];

describe('calls', () => {
  it('GET and SET', async () => {
    const { client, run, end } = createWorld();
    const before = watch(client.get('k'));
    const set = watch(client.set('k', 'v'));
    const after = watch(client.get('k'));
    await run();
    expect([before.value, set.error, after.value]).toEqual([null, undefined, bytes('v')]);
    await end();
  });

  it('are answered in any order, each with its own answer', async () => {
    const { client, peer, run, end } = createWorld();
    const held: Request[] = [];
    peer.override = (request) => request.name === 'GET' && held.push(request) > 0;
    const calls = ['a', 'b', 'c', 'd'].map((name) => watch(client.get(name)));
    await run();
    expect(held.map(key)).toEqual(['a', 'b', 'c', 'd']);
    for (const request of held.toReversed()) peer.last.answer(request.id, bytes(`of ${String(key(request))}`));
    await run();
    expect(calls.map(({ value }) => new TextDecoder().decode(value as Uint8Array))).toEqual([
      'of a',
      'of b',
      'of c',
      'of d',
    ]);
    await end();
  });

  it('one is aborted while others go on; its id stays taken and its late answer is swallowed', async () => {
    const { client, peer, run, end } = createWorld({ maxCalls: 2 });
    const held: Request[] = [];
    peer.override = (request) => key(request) === 'slow' && held.push(request) > 0;
    const controller = new AbortController();
    const slow = watch(client.get('slow', { signal: controller.signal }));
    await run();
    controller.abort('enough');
    await run();
    expect(slow.error).toBeInstanceOf(AbortedError);
    expect(slow.error).toMatchObject({ outcome: 'unknown', cause: 'enough' });
    const wire = client.session.wire;
    expect([wire?.calls.size, wire?.calls.tombstones]).toEqual([1, 1]);

    const seen = new Set<number>();
    for (let i = 0; i < 10; i += 1) {
      const other = watch(client.set('k', String(i)));
      await run();
      expect(other.settled && !other.error).toBe(true);
      seen.add(peer.last.requests.at(-1)?.id as number);
    }
    const slowId = held[0]?.id as number;
    expect(seen.size).toBe(10);
    expect(seen.has(slowId)).toBe(false);

    peer.last.answer(slowId, bytes('late'));
    await run();
    expect([wire?.calls.size, wire?.calls.tombstones, wire?.unknownAnswers]).toEqual([0, 0, 0]);
    await end();
  });

  it('an answer that nobody waits for is counted and dropped', async () => {
    const { client, peer, run, end } = createWorld();
    await Promise.all([client.get('k'), run()]);
    peer.last.answer(77, 'OK');
    peer.last.refuse(0xffffffff, 'ERR request id u32::MAX is reserved for server push frames');
    const again = watch(client.get('k'));
    await run();
    expect([again.value, client.session.wire?.unknownAnswers]).toEqual([null, 2]);
    await end();
  });

  it('wait for a free id, in order, and not for longer than their deadline', async () => {
    const { client, peer, run, end } = createWorld({ maxCalls: 2 });
    const held: Request[] = [];
    peer.override = (request) => request.name === 'GET' && held.push(request) > 0;
    const calls = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      watch(client.get(name, { timeoutMs: name === 'd' ? 100 : 1000 })),
    );
    await run(120);
    expect(held.map(key)).toEqual(['a', 'b']);
    expect(calls[3]?.error).toBeInstanceOf(TimeoutError);
    expect(calls[3]?.error).toMatchObject({ outcome: 'not-sent', details: { phase: 'queue' } });
    for (const request of held.splice(0)) peer.last.answer(request.id, null);
    await run();
    expect(held.map(key)).toEqual(['c', 'e']);
    for (const request of held.splice(0)) peer.last.answer(request.id, null);
    await run();
    expect(calls.map(({ error }) => error === undefined)).toEqual([true, true, true, false, true]);
    await end();
  });

  it('are let in when one that had not left yet is given up', async () => {
    const { client, run, end } = createWorld({ maxCalls: 2 });
    await Promise.all([client.get('k'), client.get('l'), run()]);
    const controller = new AbortController();
    const first = watch(client.get('a', { signal: controller.signal }));
    const others = ['b', 'c'].map((name) => watch(client.get(name)));
    expect(client.session.waiting).toBe(1);
    controller.abort();
    await run();
    expect(first.error).toMatchObject({ outcome: 'not-sent' });
    expect(others.map(({ value }) => value)).toEqual([null, null]);
    await end();
  });

  it('blocking ones wait apart: they hold up no others, nor do others hold up them', async () => {
    const { client, peer, run, end } = createWorld({ maxCalls: 4, maxBlocking: 1 });
    const pops: Request[] = [];
    peer.override = (request) => request.name === 'BLPOP' && pops.push(request) > 0;
    const first = watch(client.blpop('list', 2));
    const second = watch(client.blpop('list', 2));
    const get = watch(client.get('k'));
    await run();
    expect([get.value, pops.length, client.session.waiting]).toEqual([null, 1, 1]);
    expect(pops[0]?.id).toBeGreaterThanOrEqual(0xc0000000);
    peer.last.answer(pops[0]?.id as number, null);
    await run();
    expect([first.value, pops.length]).toEqual([null, 2]);
    peer.last.answer(pops[1]?.id as number, null);
    await run();
    expect(second.value).toBe(null);
    await end();
  });

  it('a connection on which only given-up calls are left is given up', async () => {
    const { client, peer, run, end } = createWorld({ maxCalls: 2, stallMs: 1000 });
    peer.override = (request) => request.name === 'GET' && request.args[0] !== 'c';
    const lost = ['a', 'b'].map((name) => watch(client.get(name, { timeoutMs: 100 })));
    await run(200);
    expect(lost.map(({ error }) => error instanceof TimeoutError)).toEqual([true, true]);
    const third = watch(client.get('c'));
    await run(1500);
    expect([third.value, peer.connections.length]).toEqual([null, 2]);
    await end();
  });

  it('one that cannot be encoded fails alone, and gives its id back', async () => {
    const { client, run, end } = createWorld({ maxCalls: 1 });
    await Promise.all([client.get('k'), run()]);
    const bad = watch(client.command({ name: 'INCRBY', args: ['k', 2n ** 70n] }));
    const good = watch(client.get('k'));
    await run();
    expect(bad.error).toMatchObject({ code: 'ENCODER_FAILED', outcome: 'not-sent' });
    expect(good.value).toBe(null);
    expect(client.session.wire?.calls.size).toBe(0);
    await end();
  });
});

describe('connections', () => {
  it('are made again; what had left ends unknown unless it may be repeated, what had not is sent', async () => {
    const { client, peer, run, end } = createWorld();
    await Promise.all([client.get('k'), run()]);
    peer.override = ({ name }) => name === 'SET' || name === 'GET';
    const read = watch(client.get('k'));
    const write = watch(client.set('k', 'v'));
    await run();
    peer.override = undefined;
    peer.last.close();
    await run(0.6);
    const waiting = watch(client.set('k2', 'v'));
    await run(3000);
    expect(write.error).toBeInstanceOf(ConnectionError);
    expect(write.error).toMatchObject({ outcome: 'unknown', code: 'CONNECTION_LOST' });
    expect([read.value, waiting.error, peer.connections.length]).toEqual([null, undefined, 2]);
    expect(peer.connections[1]?.named('SET')).toHaveLength(1);
    expect(client.session.epoch).toBe(2);
    await end();
  });

  it('blocking calls that wait for an id go on to the next connection', async () => {
    const { client, peer, run, end } = createWorld({ maxBlocking: 1 });
    const pops: Request[] = [];
    peer.override = (request) => request.name === 'BLPOP' && pops.push(request) > 0;
    const [first, second] = [watch(client.blpop('list', 2)), watch(client.blpop('list', 2))];
    await run();
    peer.last.close();
    await run(1000);
    expect(first.error).toMatchObject({ outcome: 'unknown' });
    expect(pops).toHaveLength(2);
    peer.last.answer(pops[1]?.id as number, null);
    await run();
    expect(second.value).toBe(null);
    await end();
  });

  it('a server that closes without a word is dialled with back-off', async () => {
    const { client, net, ports, peer, run, end } = createWorld();
    net.onLink = (link) => link.close('server');
    const call = watch(client.get('k', { timeoutMs: 20_000 }));
    await run(10_000);
    expect(net.dials).toBeLessThan(40);
    net.onLink = undefined;
    await run(10_000);
    expect([call.value, ports.clock.now()]).toEqual([null, 20_000]);
    expect(peer.last.named('GET')).toHaveLength(1);
    await end();
  });

  it('are pinged when nothing comes, and given up when nothing comes then', async () => {
    const { client, net, peer, run, end } = createWorld();
    await Promise.all([client.get('k'), run()]);
    await run(150_000);
    expect(peer.last.named('PING').length).toBeGreaterThanOrEqual(2);
    net.links[0]?.blackHole();
    const states: string[] = [];
    await run(200_000);
    states.push(client.session.state.is);
    expect(states).toEqual(['idle']);
    const call = watch(client.get('k'));
    await run();
    expect([call.value, peer.connections.length]).toEqual([null, 2]);
    await end();
  });

  it('a frame over the limit, or nonsense, ends the connection with an error that says so', async () => {
    const { client, peer, run, end } = createWorld({ maxFrameBytes: 1000 });
    peer.override = ({ name }) => name === 'SET';
    for (const nonsense of [new Uint8Array([0, 0, 1, 0]), new Uint8Array([1, 0, 0, 0, 0xc0])]) {
      const call = watch(client.set('k', 'v'));
      await run(2000);
      peer.last.send(nonsense);
      await run(2000);
      expect(call.error).toMatchObject({ code: 'PROTOCOL', outcome: 'unknown' });
    }
    await end();
  });

  it('close waits for what runs; destroy does not', async () => {
    const { client, peer, run, end } = createWorld();
    const held: Request[] = [];
    peer.override = (request) => request.name === 'GET' && held.push(request) > 0;
    const call = watch(client.get('a'));
    await run();
    const closing = watch(client.close());
    const refused = watch(client.get('b'));
    await run();
    expect(refused.error).toBeInstanceOf(ClosedError);
    expect([call.settled, closing.settled]).toEqual([false, false]);
    peer.last.answer(held[0]?.id as number, null);
    await run();
    expect([call.value, closing.settled]).toEqual([null, true]);
    await end();

    const other = createWorld();
    other.peer.override = () => false;
    const lost = watch(other.client.blpop('k', 5));
    await other.run(0.3);
    other.client.destroy('over');
    await other.run();
    expect(lost.error).toBeInstanceOf(ClosedError);
    expect(lost.error).toMatchObject({ cause: 'over' });
    await other.end();
  });
});

describe('login', () => {
  const login = { username: 'root', password: 'secret' };

  it('comes before anything else, on every connection, from the credentials function', async () => {
    let asked = 0;
    const { client, peer, run, end } = createWorld({
      credentials: async () => {
        asked += 1;
        return { ...login, password: `secret ${asked}` };
      },
    });
    peer.override = ({ id, name }, connection) => name === 'AUTH' && (connection.answer(id, 'OK'), true);
    await Promise.all([client.get('k'), run()]);
    peer.last.close();
    const again = watch(client.get('k'));
    await run(1000);
    expect(again.value).toBe(null);
    expect(peer.connections.map(({ requests }) => requests[0]?.args)).toEqual([
      ['root', 'secret 1'],
      ['root', 'secret 2'],
    ]);
    await end();
  });

  it('that is refused is not used again, however long it was said to be good', async () => {
    let asked = 0;
    const { client, peer, run, end } = createWorld({
      credentials: async () => {
        asked += 1;
        return { credentials: { ...login, password: `secret ${asked}` }, expiresInMs: 3_600_000 };
      },
    });
    peer.override = ({ id, name, args }, connection) => {
      if (name !== 'AUTH') return false;
      if (args[1] === 'secret 2') connection.answer(id, 'OK');
      else connection.refuse(id, 'WRONGPASS invalid username-password pair or user is disabled.');
      return true;
    };
    const calls = [watch(client.get('k'))];
    await run();
    calls.push(watch(client.get('k')));
    await run();
    expect(calls.map(({ error, value }) => error ?? value)).toMatchObject([{ code: 'WRONGPASS' }, null]);
    await end();
  });

  it('that is refused ends the calls that wait, with what the server said kept out of the message', async () => {
    const { client, peer, run, end } = createWorld({ credentials: login });
    const text = 'WRONGPASS invalid username-password pair or user is disabled.';
    peer.override = ({ id, name }, connection) => name === 'AUTH' && (connection.refuse(id, text), true);
    const call = watch(client.get('k'));
    await run(1000);
    expect(call.error).toBeInstanceOf(AuthenticationError);
    expect(call.error).toMatchObject({ code: 'WRONGPASS', outcome: 'not-sent', attempts: 1 });
    expect([peer.connections.length, client.session.state.is]).toEqual([1, 'idle']);
    peer.override = ({ id, name }, connection) => name === 'AUTH' && (connection.answer(id, 'OK'), true);
    const later = watch(client.get('k'));
    await run();
    expect(later.value).toBe(null);
    await end();
  });
});
