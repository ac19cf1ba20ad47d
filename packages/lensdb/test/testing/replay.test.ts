import { FakeClock } from '@wirewright/core/testing';
import { describe, expect, it } from 'vitest';
import type { LensServer, LensServerOptions } from '../../src/testing/index.ts';
import { type Capture, capture, captures, toHex } from '../fixtures/captures.ts';
import { described } from '../fixtures/described.ts';
import { lensRequest } from '../../src/protocol/lens/request.ts';
import { useServers } from './fixture.ts';
import type { RawClient } from './raw-client.ts';

/** Lines of one group, in file order: they build on each other. */
function lines(first: string, last: string): Capture[] {
  const index = (name: string): number => captures.indexOf(capture(name));
  return captures.slice(index(first), index(last) + 1);
}

/** All of the request, also where the file holds its head only. */
function whole({ name, request }: Capture): Uint8Array {
  const { send, elided } = described[name] ?? expect.fail(name);
  return send && elided ? lensRequest(...send) : request;
}

const replayed = new Set<string>();
const { lens: start, connect } = useServers();

/** Sends one captured request, in pieces each of which the server has read before the next, and compares. */
async function replay(
  server: LensServer,
  client: RawClient,
  line: Capture,
  cuts: readonly number[] = [],
): Promise<void> {
  replayed.add(line.name);
  const request = whole(line);
  const response = line.response ?? expect.fail(line.name);
  const ends = [...cuts, request.length];
  let from = 0;
  for (const end of ends) {
    const before = server.stats.requests;
    await client.send(request.subarray(from, end));
    from = end;
    // On the per-read server each piece has an answer of its own, by which it is known to be read.
    if (cuts.length > 0) await server.when((stats) => stats.requests > before);
  }
  expect(toHex(await client.read(response.length)), line.name).toBe(toHex(response));
}

/** Sends what is never answered, and waits until the server has it. */
async function replayIgnored(server: LensServer, client: RawClient, line: Capture): Promise<void> {
  replayed.add(line.name);
  expect(line.response, line.name).toBeNull();
  const { ignoredBytes } = server.stats;
  await client.send(line.request);
  await server.when((stats) => stats.ignoredBytes === ignoredBytes + line.request.length);
}

/** Sends pieces of `size` bytes, each of which the server has read before the next. */
async function sendSplit(server: LensServer, client: RawClient, request: Uint8Array, size: number): Promise<void> {
  for (let at = 0; at < request.length; at += size) {
    const { receivedBytes } = server.stats;
    const piece = request.subarray(at, at + size);
    await client.send(piece);
    await server.when((stats) => stats.receivedBytes === receivedBytes + piece.length);
  }
}

/** Where the segments of the `split.*` lines were cut. */
const splits: Readonly<Record<string, readonly number[]>> = {
  'split.header_then_key': [18],
  'split.inside_header': [10],
  'split.before_magic_end': [2],
};

describe('the server as measured answers as the captures do', () => {
  it('startup.deadlock: connects, and is silent', async () => {
    const server = await start({ behaviour: '0.1.0.0', fault: 'silent' });
    const client = await connect(server);
    await replayIgnored(server, client, capture('startup.deadlock'));
    expect([client.unread, client.isClosed]).toEqual([0, false]);
  });

  it('ping to size.after_injection, on one connection and one store', async () => {
    const server = await start({ behaviour: '0.1.0.0' });
    const client = await connect(server);
    for (const line of lines('ping', 'size.after_injection')) {
      if (line.name === 'set.value_over_1MiB.default_buffer.elided') continue;
      await replay(server, client, line, splits[line.name]);
      expect(client.unread, line.name).toBe(0);
    }
  });

  it('set.value_over_1MiB.default_buffer.elided: one error frame per read of 4096 bytes', async () => {
    const server = await start({ behaviour: '0.1.0.0' });
    const client = await connect(server);
    const line = capture('set.value_over_1MiB.default_buffer.elided');
    await replay(server, client, line);
    // 1 048 598 bytes are 257 reads, or one more where a segment ends inside a read.
    await server.when((stats) => stats.requests >= 257);
    expect(server.stats.requests).toBe(server.stats.malformed);
    expect(server.store.size).toBe(0);
  });

  it('setex.unhandled to get.after_setex_unhandled', async () => {
    const clock = new FakeClock();
    const server = await start({ behaviour: '0.1.0.0', clock });
    const client = await connect(server);
    const line = capture('setex.unhandled');
    replayed.add(line.name);
    await client.send(line.request);
    await server.when((stats) => stats.requests === 1);
    await clock.advance(20_000);
    expect([client.unread, client.isClosed, server.store.size]).toEqual([0, false, 0]);
    await replay(server, await connect(server), capture('get.after_setex_unhandled'));
  });

  it('limit.*: the third connection of two is closed', async () => {
    const server = await start({ behaviour: '0.1.0.0', maxConnections: 2 });
    const first = await connect(server);
    await replay(server, first, capture('limit.conn_1_of_2'));
    await replay(server, await connect(server), capture('limit.conn_2_of_2'));

    replayed.add('limit.conn_3_passive').add('limit.conn_3_request');
    expect(await (await connect(server)).closed()).toBe('eof');
    const eager = await connect(server);
    await eager.send(capture('limit.conn_3_request').request);
    // A reset in the capture; an end of the stream where the server closes before the request is there.
    expect(await eager.closed()).toMatch(/^(eof|reset)$/);
    expect(eager.unread).toBe(0);
    expect(server.stats.refused).toBe(2);

    first.destroy();
    await server.when((stats) => stats.open === 1);
    await replay(server, await connect(server), capture('limit.slot_reused'));
  });

  it('idle.*: after 2 s without a byte nothing is answered, and nothing closed', async () => {
    const clock = new FakeClock();
    const server = await start({ behaviour: '0.1.0.0', idleTimeoutMs: 2000, clock });
    const client = await connect(server);
    await replay(server, client, capture('idle.before'));
    await clock.advance(3000);
    await replayIgnored(server, client, capture('idle.request_after_timeout'));
    await clock.advance(10_000);
    await replay(server, await connect(server), capture('idle.new_connection'));
    expect([client.unread, client.isClosed]).toEqual([0, false]);
  });

  it('full.*: a write into a full store waits, and is acknowledged late', async () => {
    const server = await start({ behaviour: '0.1.0.0', maxEntries: 2 });
    const client = await connect(server);
    for (const line of lines('full.set_1', 'full.overwrite')) await replay(server, client, line);
    const blocked = capture('full.set_blocks');
    replayed.add(blocked.name);
    await client.send(blocked.request);
    await server.when((stats) => stats.requests === 4);
    const other = await connect(server);
    expect(Buffer.from(server.store.get('c') ?? 'absent').toString()).toBe('absent');
    expect(client.unread).toBe(0);
    await replay(server, other, capture('full.delete_elsewhere'));
    await replay(server, client, capture('full.late_ack'));
    await replay(server, client, capture('full.get_late'));
  });

  it('full.bytes_*: the bytes of values count, those of keys do not', async () => {
    const server = await start({ behaviour: '0.1.0.0', maxTotalValueBytes: 100 });
    const client = await connect(server);
    await replay(server, client, capture('full.bytes_set_60'));
    const blocked = capture('full.bytes_set_blocks');
    replayed.add(blocked.name);
    await client.send(blocked.request);
    await server.when((stats) => stats.requests === 2);
    await connect(server);
    expect([client.unread, server.store.size]).toEqual([0, 1]);
  });

  it('bigbuffer.*: frames that arrive in one read may be larger than 4096 bytes', async () => {
    const server = await start({ behaviour: '0.1.0.0', bufferSize: 4 * 1024 * 1024 });
    await replay(server, await connect(server), capture('bigbuffer.set_5000'));
    // Reads of this platform hold 64 KiB: a larger frame is put together, as if it had arrived in one.
    server.set({ reading: 'reassembling' });
    const client = await connect(server);
    await replay(server, client, capture('bigbuffer.set_over_1MiB.single_read.elided'));
    await replay(server, client, capture('bigbuffer.set_exact_1MiB.single_read.elided'));
    expect(server.store.get('b')).toHaveLength(1_048_576);
  });

  it('setex.unhandled_empty_key to setex.unhandled_key_1025', async () => {
    const server = await start({ behaviour: '0.1.0.0' });
    const client = await connect(server);
    const [probe, ping, long] = lines('setex.unhandled_empty_key', 'setex.unhandled_key_1025');
    for (const [line, count] of [
      [probe, 'requests'],
      [ping, 'overlapping'],
    ] as const) {
      replayed.add((line as Capture).name);
      await client.send((line as Capture).request);
      await server.when((stats) => stats[count] === 1);
    }
    await replay(server, await connect(server), long as Capture);
    expect([client.unread, client.isClosed]).toEqual([0, false]);
  });

  it('setex.ttl_1 to setex.key_1025, on the patched server', async () => {
    const clock = new FakeClock();
    const server = await start({ behaviour: '0.1.0.0', setEx: 'routed', idleTimeoutMs: Infinity, clock });
    const client = await connect(server);
    for (const line of lines('setex.ttl_1', 'setex.key_1025')) {
      expect(line.patched).toBe(true);
      if (line.name === 'setex.exists_after_expiry' || line.name === 'setex.delete_expired.delete')
        await clock.advance(1600);
      await replay(server, client, line);
    }
  });

  it('and none of the 103 was left out', () => {
    expect([...captures].map(({ name }) => name).filter((name) => !replayed.has(name))).toEqual([]);
  });
});

describe('the reassembling server answers the same, with requests split at every byte', () => {
  /** What needs a server that takes a read for a request, or a switch of its own, is not among these. */
  const wellFormed = (line: Capture): boolean => {
    const { send, answers, elided } = described[line.name] ?? expect.fail(line.name);
    return send !== undefined && answers?.length === 1 && !elided && !line.name.startsWith('limit.');
  };

  const groups: [string, Capture[], number, LensServerOptions][] = [
    ['ping to ping.after_oversized', lines('ping', 'ping.after_oversized'), 38, {}],
    ['full.*', lines('full.set_1', 'full.overwrite'), 3, { maxEntries: 2 }],
    ['setex.*', lines('setex.ttl_1', 'setex.key_1025'), 19, {}],
  ];

  for (const [name, group, expected, options] of groups) {
    it(name, async () => {
      const clock = new FakeClock();
      const server = await start({ ...options, clock });
      const client = await connect(server);
      let count = 0;
      for (const line of group) {
        if (line.name === 'setex.exists_after_expiry' || line.name === 'setex.delete_expired.delete')
          await clock.advance(1600);
        const probe = line.name === 'magic.ldbd_ping_probe';
        if (!wellFormed(line) && !probe) continue;
        const response = line.response as Uint8Array;
        await sendSplit(server, client, line.request, 1);
        expect(toHex(await client.read(response.length)), line.name).toBe(toHex(response));
        expect(client.unread, line.name).toBe(0);
        count++;
      }
      expect([count, server.stats.requests]).toEqual([expected, expected]);
    });
  }

  it('each cut once, for a SET and for the probe of the other dialect', async () => {
    const server = await start({});
    const client = await connect(server);
    for (const line of [capture('set.small'), capture('magic.ldbd_ping_probe')]) {
      const response = line.response as Uint8Array;
      for (let cut = 1; cut < line.request.length; cut++) {
        await client.send(line.request.subarray(0, cut));
        await client.send(line.request.subarray(cut));
        expect(toHex(await client.read(response.length)), `${line.name} cut at ${cut}`).toBe(toHex(response));
      }
    }
  });
});
