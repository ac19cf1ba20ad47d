import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AbortedError, isNotice } from '@wirewright/core';
import { SynapClient } from './client.ts';
import { targetOf } from '../target.ts';

/** The URL of a server without a login; its store is written to under names of this run only. */
const address = process.env['SYNAP_URL'];
/** The same, of one that wants a login, with `SYNAP_AUTH=user:password`. */
const guarded = process.env['SYNAP_AUTH_URL'];

describe.skipIf(!address)('a real Synap server', () => {
  const run = randomUUID();
  let client: SynapClient;

  beforeAll(() => {
    client = new SynapClient({ target: targetOf(address as string, 15501) });
  });

  afterAll(() => client.close());

  it('GET and SET, one and many at once', async () => {
    expect(await client.get(`${run}:none`)).toBe(null);
    const keys = Array.from({ length: 2000 }, (_, i) => `${run}:${i}`);
    await Promise.all(keys.map((key) => client.set(key, key)));
    const values = await Promise.all(keys.map((key) => client.get(key)));
    expect(values.map((value) => new TextDecoder().decode(value as Uint8Array))).toEqual(keys);
    expect(client.session.wire?.unknownAnswers).toBe(0);
    expect(client.session.epoch).toBe(1);
  });

  it('blocking pops beside other calls, answered out of order', async () => {
    const list = `${run}:list`;
    const pop = client.blpop(list, 5);
    expect(await client.get(`${run}:0`)).not.toBe(null);
    await client.command({ name: 'RPUSH', args: [list, new TextEncoder().encode('x')] });
    expect(await pop).toEqual([list, new TextEncoder().encode('x')]);
  });

  it('a pop that is given up: its late answer is swallowed', async () => {
    const controller = new AbortController();
    const pop = client.blpop(`${run}:empty`, 1, { signal: controller.signal });
    await client.get('k');
    controller.abort();
    await expect(pop).rejects.toBeInstanceOf(AbortedError);
    const wire = client.session.wire;
    expect(wire?.blocking.tombstones).toBe(1);
    // Answered in the order of their time-outs, so the late answer comes first.
    expect(await client.blpop(`${run}:empty2`, 2)).toBe(null);
    expect([wire?.blocking.size, wire?.blocking.tombstones, wire?.unknownAnswers]).toEqual([0, 0, 0]);
  });

  it('subscriptions, over a lost connection', async () => {
    const topic = `${run}.news`;
    const queue = await client.subscribe(`${run}.*`);
    const publish = (text: string): Promise<unknown> => client.command({ name: 'PUBLISH', args: [topic, text] });
    await publish('one');
    expect((await queue.next()).value).toMatchObject({ topic, payload: '"one"' });
    const epoch = client.session.epoch;
    // QUIT makes the server close the connection.
    await client.command({ name: 'QUIT', args: [] });
    const notice = (await queue.next()).value;
    expect(isNotice(notice) && notice).toEqual({ notice: 'reconnected', epoch: epoch + 1 });
    await publish('two');
    expect((await queue.next()).value).toMatchObject({ payload: '"two"' });
    await queue.return();
  });
});

describe.skipIf(!guarded)('a real Synap server with a login', () => {
  it('is logged in to by a credentials function, and refuses wrong ones', async () => {
    const [username = '', password = ''] = (process.env['SYNAP_AUTH'] ?? '').split(':');
    const target = targetOf(guarded as string, 15501);
    const client = new SynapClient({ target, credentials: async () => ({ username, password }) });
    expect(await client.get('none')).toBe(null);
    await client.close();
    const wrong = new SynapClient({ target, credentials: { username, password: `${password}x` } });
    await expect(wrong.get('none')).rejects.toMatchObject({ code: 'WRONGPASS', outcome: 'not-sent' });
    await wrong.close();
  });
});
