import { describe, expect, it } from 'vitest';
import { AbortedError, ConnectionError, OverloadedError, ProtocolError, ServerError } from '@wirewright/core';
import { watch } from '../synap/world.ts';
import { Code, Flag } from './frame.ts';
import { kindOf } from './messages.ts';
import { createWorld, frameBytes, type World } from './peer.ts';

const batch = (text: string): Uint8Array => new TextEncoder().encode(text);
const mib = 1024 * 1024;

/** A world whose connection is up and whose server says nothing but what a test lets it. */
async function silent(options: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = createWorld(options);
  world.client.session.start();
  await world.run();
  world.serve = () => {};
  return world;
}

describe('one connection for batches and commands', () => {
  it('attributes an error that overtakes acknowledgements: ERROR, FETCH_RESPONSE, KEEPALIVE, ACK 1, ACK 3', async () => {
    const { client, last, run, end } = await silent();
    const first = watch(client.ingest(1, batch('one'), 1));
    const second = watch(client.ingest(999, batch('two'), 1));
    const fetch = watch(client.fetch(1, 0n, 100));
    const third = watch(client.ingest(1, batch('three'), 1));
    await run();
    last.error('Unknown topic');
    last.fetched(3n, batch('abc'));
    last.echo();
    await run();
    expect(fetch.value).toEqual({ nextOffset: 3n, data: batch('abc'), catchingUp: false });
    expect([first.settled, second.settled, third.settled]).toEqual([false, false, false]);
    last.ack(1);
    await run();
    expect([first.value, second.settled, third.settled]).toEqual([1n, false, false]);
    last.ack(3);
    await run();
    expect(second.error).toBeInstanceOf(ServerError);
    expect(second.error).toMatchObject({ code: 'TOPIC_NOT_FOUND', outcome: 'rejected' });
    expect(third.value).toBe(3n);
    await end();
  });

  it('attributes an error that answers a command, with batches in flight', async () => {
    const { client, last, run, end } = await silent();
    const bad = watch(client.ingest(999, batch('bad'), 1));
    const good = watch(client.ingest(1, batch('good'), 1));
    const fetch = watch(client.fetch(998, 0n, 100));
    await run();
    last.error('Unknown topic');
    last.error('Topic 998 not found');
    last.echo();
    await run();
    expect((fetch.error as ServerError).details).toHaveProperty('serverMessage', 'Topic 998 not found');
    last.ack(2);
    await run();
    expect((bad.error as ServerError).details).toHaveProperty('serverMessage', 'Unknown topic');
    expect(good.value).toBe(2n);
    await end();
  });

  it('knows that all have failed when as many errors came as batches are in flight', async () => {
    const { client, last, run, end } = await silent();
    const calls = ['a', 'b'].map((text) => watch(client.ingest(999, batch(text), 1)));
    await run();
    last.error('Authentication required');
    await run();
    expect(calls.map(({ settled }) => settled)).toEqual([false, false]);
    last.error('Unknown topic');
    await run();
    expect(calls.map(({ error }) => (error as ServerError).code)).toEqual(['SERVER', 'TOPIC_NOT_FOUND']);
    await end();
  });

  it('knows that those which are left have failed when the others were acknowledged', async () => {
    const { client, last, run, end } = await silent();
    const calls = ['a', 'b', 'c'].map((text) => watch(client.ingest(text === 'a' ? 1 : 999, batch(text), 1)));
    await run();
    last.error('Unknown topic');
    last.error('Unknown topic');
    await run();
    expect(calls.map(({ settled }) => settled)).toEqual([false, false, false]);
    last.ack(1);
    await run();
    expect(calls.map(({ error }) => error instanceof ServerError)).toEqual([false, true, true]);
    await end();
  });

  it('does not know what became of batches when a quorum is lost', async () => {
    const { client, last, run, end } = await silent();
    const calls = ['a', 'b', 'c'].map((text) => watch(client.ingest(1, batch(text), 1)));
    await run();
    last.ack(1);
    last.error('FORWARD_FAILED: Quorum not reached - required 2 ACKs, got 1');
    await run(500);
    expect(calls[0]?.value).toBe(1n);
    expect(calls.slice(1).map(({ error }) => (error as ServerError).outcome)).toEqual(['unknown', 'unknown']);
    await end();
  });

  it('matches keep-alives by their flag, whatever stands between', async () => {
    const { client, last, run, end } = await silent();
    const ingest = watch(client.ingest(1, batch('one'), 1));
    const ping = watch(client.ping());
    const fetch = watch(client.fetch(1, 0n, 100));
    await run();
    last.echo();
    last.control(Code.catchingUp, new Uint8Array(8));
    await run();
    expect(ping.settled && !ping.error).toBe(true);
    expect([fetch.value?.catchingUp, ingest.settled]).toEqual([true, false]);
    last.ack(1);
    last.echo();
    await run();
    expect(ingest.value).toBe(1n);
    await end();
  });

  it('counts requests for less', async () => {
    const { client, last, run, end } = await silent();
    last.send(frameBytes({ flags: Flag.backpressure }));
    await run();
    expect(client.session.wire?.backpressure).toBe(1);
    await end();
  });

  it('a batch that is given up keeps its place: its acknowledgement is swallowed', async () => {
    const { client, last, run, end } = await silent();
    const controller = new AbortController();
    const first = watch(client.ingest(1, batch('one'), 1, { signal: controller.signal }));
    const second = watch(client.ingest(1, batch('two'), 1));
    await run();
    controller.abort();
    await run();
    expect(first.error).toBeInstanceOf(AbortedError);
    expect(first.error).toMatchObject({ outcome: 'unknown' });
    expect(client.session.wire?.batches.table.tombstones).toBe(1);
    last.ack(1);
    last.ack(2);
    await run();
    expect(second.value).toBe(2n);
    expect(client.session.wire?.batches.table.size).toBe(0);
    await end();
  });

  it('a command that is given up before it left takes its keep-alive along', async () => {
    const { client, last, run, end } = await silent();
    const controller = new AbortController();
    const gone = watch(client.fetch(1, 0n, 1, { signal: controller.signal }));
    const stays = watch(client.fetch(1, 7n, 1));
    controller.abort();
    await run();
    expect(gone.error).toMatchObject({ outcome: 'not-sent' });
    expect(last.frames.map(({ flags, payload }) => kindOf(flags, payload.length))).toEqual(['control', 'keepalive']);
    last.fetched(8n, batch('x'));
    last.echo();
    await run();
    expect(stays.value?.nextOffset).toBe(8n);
    const { commands, keepalives } = client.session.wire ?? expect.fail();
    expect([commands.size, keepalives.size]).toEqual([0, 0]);
    await end();
  });

  it.each(['batches', 'commands'])('is given up when a given-up one holds up the %s', async (which) => {
    const { client, connections, run, end } = await silent({ stallMs: 1000 });
    const call = (timeoutMs: number): Promise<unknown> =>
      which === 'batches' ? client.ingest(1, batch('x'), 1, { timeoutMs }) : client.fetch(1, 0n, 1, { timeoutMs });
    const first = watch(call(100));
    const second = watch(call(3000));
    await run(900);
    expect([first.settled, second.settled, connections.length]).toEqual([true, false, 1]);
    await run(3000);
    expect(second.error).toMatchObject({ outcome: 'unknown' });
    expect(connections.length).toBe(2);
    await end();
  });

  it('batches wait for a place without holding up commands', async () => {
    const { client, last, run, end } = await silent({ maxBatches: 1 });
    const batches = ['a', 'b', 'c'].map((text) => watch(client.ingest(1, batch(text), 1)));
    const fetch = watch(client.fetch(1, 0n, 100));
    await run();
    expect([last.ingested.length, client.session.waiting]).toEqual([1, 2]);
    last.fetched(1n, batch('x'));
    last.echo();
    for (const id of [1, 2, 3]) {
      last.ack(id);
      await run();
    }
    expect([fetch.value?.nextOffset, ...batches.map(({ value }) => value)]).toEqual([1n, 1n, 2n, 3n]);
    expect(last.ingested.map(({ payload }) => new TextDecoder().decode(payload))).toEqual(['a', 'b', 'c']);
    await end();
  });

  it.each([
    [
      'the checksum of a payload is wrong',
      () => frameBytes({ flags: Flag.control, batchId: 128n }, batch('{"id":1}')),
      50,
    ],
    ['the checksum of a header is wrong', () => frameBytes({ flags: Flag.keepalive }), 9],
    ['a batch was acknowledged that was not sent', () => frameBytes({ flags: Flag.ack, batchId: 9n }), undefined],
  ])('ends with an error that says so: %s', async (problem, make, damagedAt) => {
    const { client, last, run, end } = await silent();
    const ingest = watch(client.ingest(1, batch('one'), 1));
    const fetch = watch(client.fetch(1, 0n, 1, { timeoutMs: 30 }));
    await run();
    const bytes = make();
    if (damagedAt !== undefined) bytes[damagedAt] = (bytes[damagedAt] as number) ^ 1;
    last.send(bytes);
    await run();
    expect(ingest.error).toBeInstanceOf(ProtocolError);
    expect(ingest.error).toMatchObject({ code: 'PROTOCOL', outcome: 'unknown' });
    expect((ingest.error as Error).message).toContain(problem);
    await run(100);
    expect(fetch.settled).toBe(true);
    await end();
  });

  it('lost batches end unknown, a lost fetch is asked again', async () => {
    const { client, connections, run, end } = await silent();
    const ingest = watch(client.ingest(1, batch('one'), 1));
    const fetch = watch(client.fetch(1, 0n, 100));
    await run();
    connections[0]?.close();
    await run(3000);
    expect(ingest.error).toBeInstanceOf(ConnectionError);
    expect(ingest.error).toMatchObject({ outcome: 'unknown' });
    connections[1]?.fetched(1n, batch('x'));
    connections[1]?.echo();
    await run();
    expect(fetch.value?.nextOffset).toBe(1n);
    await end();
  });
});

describe('large batches', () => {
  /** Bytes that differ from place to place. */
  const large = (size: number, seed: number): Uint8Array =>
    Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) + seed) & 0xff);

  it('go through whole, several in flight, in pieces of any size', async () => {
    const world = createWorld({}, { up: { splitChance: 0.5 }, down: { splitChance: 0.5, maxDeliveryBytes: 70_000 } });
    const payloads = [0, 1, 2].map((seed) => large(2 * mib + seed * 7, seed));
    const calls = payloads.map((payload) => watch(world.client.ingest(1, payload, 1)));
    await world.run(500);
    expect(calls.map(({ value }) => value)).toEqual([1n, 2n, 3n]);
    const stored = world.last.ingested.map(({ payload }) =>
      Buffer.from(payload).equals(payloads.shift() as Uint8Array),
    );
    expect(stored).toEqual([true, true, true]);

    const { serve } = world;
    const data = large(5 * mib, 9);
    world.serve = (frame, connection) => {
      if (kindOf(frame.flags, frame.payload.length) === 'control') connection.fetched(1n, data);
      else serve(frame, connection);
    };
    const fetch = watch(world.client.fetch(1, 0n, 8 * mib));
    await world.run(500);
    expect(Buffer.from(fetch.value?.data as Uint8Array).equals(data)).toBe(true);
    await world.end();
  });

  it('that the peer does not read wait within bounds, and beyond them are refused', async () => {
    const world = createWorld({ maxWaitingBytes: 6 * mib });
    const { client, run } = world;
    client.session.start();
    await run();
    world.last.pause();
    const payload = large(mib, 1);
    const calls = Array.from({ length: 20 }, () => watch(client.ingest(1, payload, 1)));
    const most = 1.1 * mib;
    let highest = 0;
    for (let i = 0; i < 50; i += 1) {
      await run(0.1);
      highest = Math.max(highest, client.session.wire?.connection.out.queued ?? 0);
    }
    expect(client.session.wire?.connection.out.busy).toBe(true);
    // They are repeated for a while: there might be room by then.
    await run(5000);
    expect(highest).toBeLessThan(mib + most);
    const refused = calls.filter(({ error }) => error instanceof OverloadedError).length;
    // One or two have been handed to the system, one or two wait to be written, six wait in the room.
    expect(20 - refused).toBeLessThanOrEqual(10);
    expect(20 - refused).toBeGreaterThanOrEqual(8);
    for (const { error } of calls) if (error) expect(error).toMatchObject({ outcome: 'not-sent', retryable: true });

    world.last.resume();
    await run(3000);
    expect(calls.filter(({ value }) => value !== undefined)).toHaveLength(20 - refused);
    await world.end();
  });

  it('one that is given up while it waits to be written is not sent; one on its way is, whole', async () => {
    const world = createWorld();
    const { client, run } = world;
    client.session.start();
    await run();
    world.last.pause();
    const controller = new AbortController();
    const { signal } = controller;
    const onItsWay = watch(client.ingest(1, large(mib, 1), 1, { signal }));
    await run();
    const waits = watch(client.ingest(1, large(mib, 2), 1, { signal }));
    const after = watch(client.ingest(1, large(mib, 3), 1));
    await run();
    controller.abort();
    await run();
    expect([onItsWay.error, waits.error]).toMatchObject([{ outcome: 'unknown' }, { outcome: 'not-sent' }]);
    world.last.resume();
    await run(500);
    expect(after.settled && !after.error).toBe(true);
    expect(world.last.ingested.map(({ payload }) => payload[0])).toEqual([1, 3]);
    await world.end();
  });
});
