import { describe, expect, it } from 'vitest';
import { isNotice, type Notice, ServerError, TimeoutError } from '@wirewright/core';
import type { Queue } from '@wirewright/core/kit';
import type { Request } from './peer.ts';
import { type Message, matcherOf } from './subscriber.ts';
import { Pairs } from './values.ts';
import { createWorld, watch, type World } from './world.ts';

/** What is there to be read: payloads, and notices by name. */
function drain(queue: Queue<Message>): (string | Notice)[] {
  const seen: (string | Notice)[] = [];
  for (let entry = queue.take(); entry !== undefined; entry = queue.take()) {
    seen.push(isNotice(entry) ? entry : entry.payload);
  }
  return seen;
}

async function subscribed(world: World, pattern: string): Promise<Queue<Message>> {
  const call = watch(world.client.subscribe(pattern));
  await world.run();
  if (!call.value) throw new Error('not subscribed', { cause: call.error });
  return call.value;
}

describe('subscriptions', () => {
  it('deliver what is pushed between answers, also before the answer of SUBSCRIBE itself', async () => {
    const world = createWorld();
    world.peer.override = ({ name }, connection) => {
      if (name === 'SUBSCRIBE') connection.push('news.a', '"early"');
      return false;
    };
    const queue = await subscribed(world, 'news.*');
    const get = watch(world.client.get('k'));
    world.peer.last.push('news.b', '"later"');
    world.peer.last.push('other', '"not ours"');
    await world.run();
    expect([drain(queue), get.value]).toEqual([['"early"', '"later"'], null]);
    await world.end();
  });

  it('are made once, whether the client was idle, connecting or up', async () => {
    const world = createWorld();
    const first = watch(world.client.subscribe('a'));
    await world.run(0.2);
    const second = watch(world.client.subscribe('b'));
    await world.run();
    const third = watch(world.client.subscribe('c'));
    await world.run();
    expect(world.peer.last.named('SUBSCRIBE').map(({ args }) => args[0])).toEqual(['a', 'b', 'c']);
    for (const { value } of [first, second, third]) expect(drain(value as Queue<Message>)).toEqual([]);
    await world.end();
  });

  it('wanted while others are made again are made too', async () => {
    const world = createWorld();
    await subscribed(world, 'a');
    const held: Request[] = [];
    world.peer.override = (request) => request.name === 'SUBSCRIBE' && held.push(request) > 0;
    world.peer.last.close();
    await world.run(1000);
    expect(held).toHaveLength(1);
    const late = watch(world.client.subscribe('b'));
    await world.run();
    world.peer.override = undefined;
    world.peer.last.refuse(held[0]?.id as number, 'ERR no');
    await world.run();
    world.peer.last.answer(held[1]?.id ?? 0, new Pairs([['subscriber_id', 'late']]));
    await world.run();
    expect(late.settled && !late.error).toBe(true);
    expect(world.peer.last.named('SUBSCRIBE').map(({ args }) => args[0])).toEqual(['a', 'b']);
    await world.end();
  });

  it('that overlap are all made, whatever the others match meanwhile', async () => {
    const world = createWorld();
    const queues = [await subscribed(world, 'a.*'), await subscribed(world, 'a.b')];
    world.peer.override = ({ name, args }, connection) => {
      if (name === 'SUBSCRIBE' && args[0] === 'a.*') connection.push('a.b', '"early"');
      return false;
    };
    world.peer.last.close();
    await world.run(1000);
    expect(world.peer.last.named('SUBSCRIBE').map(({ args }) => args[0])).toEqual(['a.*', 'a.b']);
    const expected = [{ notice: 'reconnected', epoch: 2 }, '"early"'];
    expect(queues.map(drain)).toEqual([expected, expected]);
    await world.end();
  });

  it('are made again on a new connection, say so, and let nothing through that belongs to the old one', async () => {
    const world = createWorld();
    const queue = await subscribed(world, 'a');
    world.peer.last.push('a', '1');
    await world.run();
    world.peer.last.push('a', '2, lost on its way');
    world.net.links[0]?.reset('client');
    world.peer.override = ({ name }, connection) => {
      if (name === 'SUBSCRIBE') connection.push('a', '3');
      return false;
    };
    await world.run(1000);
    world.peer.last.push('a', '4');
    await world.run();
    expect(drain(queue)).toEqual(['1', { notice: 'reconnected', epoch: 2 }, '3', '4']);
    await world.end();
  });

  it('survive connections that are lost while they are made again', async () => {
    const world = createWorld();
    const queue = await subscribed(world, 'a');
    let lost = 0;
    world.peer.override = ({ name }, connection) => {
      if (name !== 'SUBSCRIBE' || lost === 3) return false;
      lost += 1;
      connection.close();
      return true;
    };
    world.peer.last.close();
    await world.run(20_000);
    world.peer.last.push('a', 'here');
    await world.run();
    expect(drain(queue)).toEqual([{ notice: 'reconnected', epoch: 5 }, 'here']);
    await world.end();
  });

  it('do not wait for ever when nobody answers SUBSCRIBE on a new connection', async () => {
    const world = createWorld();
    const queue = await subscribed(world, 'a');
    world.peer.override = ({ name }) => name === 'SUBSCRIBE';
    world.peer.last.close();
    await world.run(4000);
    world.peer.override = undefined;
    await world.run(20_000);
    world.peer.last.push('a', 'here');
    await world.run();
    expect(drain(queue).at(-1)).toBe('here');
    await world.end();
  });

  it('that the server refuses fail alone, at first and later', async () => {
    const world = createWorld();
    const kept = await subscribed(world, 'kept');
    const refused = await subscribed(world, 'refused');
    world.peer.override = ({ id, name, args }, connection) => {
      if (name !== 'SUBSCRIBE' || args[0] === 'kept') return false;
      connection.refuse(id, 'Invalid value: # wildcard must be at the end of pattern');
      return true;
    };
    const first = watch(world.client.subscribe('#.a'));
    await world.run();
    expect(first.error).toBeInstanceOf(ServerError);
    world.peer.last.close();
    await world.run(1000);
    expect(() => drain(refused)).toThrow(ServerError);
    world.peer.last.push('kept', 'here');
    await world.run();
    expect(drain(kept).at(-1)).toBe('here');
    await world.end();
  });

  it('end where they were left: the server is told, once', async () => {
    const world = createWorld();
    const queue = await subscribed(world, 'a');
    const left = watch(queue.return());
    await world.run();
    expect(left.settled).toBe(true);
    expect(world.peer.last.named('UNSUBSCRIBE').map(({ args }) => args[0])).toEqual(['name-1']);
    world.peer.last.close();
    await world.run(1000);
    expect(world.peer.last.named('SUBSCRIBE')).toHaveLength(0);
    await world.end();
  });

  it('that were left while they were made are unmade', async () => {
    const world = createWorld();
    await Promise.all([world.client.get('k'), world.run()]);
    const held: Request[] = [];
    world.peer.override = (request) => request.name === 'SUBSCRIBE' && held.push(request) > 0;
    const call = watch(world.client.subscribe('a', { timeoutMs: 100 }));
    await world.run(200);
    expect(call.error).toBeInstanceOf(TimeoutError);
    world.peer.override = undefined;
    const again = watch(world.client.subscribe('a'));
    await world.run();
    expect(again.settled && !again.error).toBe(true);
    world.peer.last.answer(held[0]?.id as number, new Pairs([['subscriber_id', 'ghost']]));
    await world.run();
    expect(world.peer.last.named('UNSUBSCRIBE').map(({ args }) => args[0])).toEqual(['ghost']);
    await world.end();
  });

  it('tell their readers when nobody will connect any more', async () => {
    const world = createWorld({ credentials: { username: 'u', password: 'p' } });
    let refuse = false;
    world.peer.override = ({ id, name }, connection) => {
      if (name !== 'AUTH') return false;
      if (refuse) connection.refuse(id, 'WRONGPASS invalid username-password pair or user is disabled.');
      else connection.answer(id, 'OK');
      return true;
    };
    const queue = await subscribed(world, 'a');
    refuse = true;
    world.peer.last.close();
    const next = watch(queue.next());
    await world.run(1000);
    expect(next.error).toMatchObject({ code: 'WRONGPASS' });
    await world.end();
  });

  it('end with the client', async () => {
    const world = createWorld();
    const queue = await subscribed(world, 'a');
    const next = watch(queue.next());
    world.client.destroy();
    await world.run();
    expect(next.value).toEqual({ done: true, value: undefined });
    await world.end();
  });

  it('keep the connection from being closed as idle: pushes are no sign of life to the server', async () => {
    const world = createWorld();
    await subscribed(world, 'a');
    const before = world.peer.last.named('PING').length;
    for (let second = 0; second < 300; second += 1) {
      world.peer.last.push('a', '1');
      await world.run(1000);
    }
    expect(world.peer.last.named('PING').length - before).toBeGreaterThanOrEqual(2);
    await world.end();
  });
});

describe('patterns', () => {
  it.each([
    ['a.b', ['a.b'], ['a.c', 'a.b.c']],
    ['a.*', ['a.b'], ['a', 'a.b.c']],
    ['user:*', ['user:1'], ['user', 'user:1.x']],
    ['a.#', ['a', 'a.b', 'a.b.c'], ['b']],
    ['#', ['a', 'a.b'], []],
    ['a+b', ['a+b'], ['aab']],
  ])('%s', (pattern, yes, no) => {
    const matches = matcherOf(pattern);
    expect(yes.map(matches)).toEqual(yes.map(() => true));
    expect(no.map(matches)).toEqual(no.map(() => false));
  });
});
