import { describe, expect, it } from 'vitest';
import type { NetSocket } from '../../src/socket/net.ts';
import { createFakePorts, type FakePorts } from '../../src/testing/fake-ports.ts';
import { poisonByte } from '../../src/testing/poison.ts';
import type { PipeConditions } from '../../src/testing/virtual-conditions.ts';
import type { VirtualLink } from '../../src/testing/virtual-link.ts';
import { VirtualNet } from '../../src/testing/virtual-net.ts';
import { Recorder } from '../socket/recorder.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const target = { host: 'db', port: 1 };
const still: Partial<PipeConditions> = { latencyMs: [1, 1] };

interface World {
  readonly ports: FakePorts;
  readonly net: VirtualNet;
  dial(): { socket: NetSocket; seen: Recorder };
}

function world(seed = 1, up: Partial<PipeConditions> = still, down: Partial<PipeConditions> = still): World {
  const ports = createFakePorts({ seed });
  const net = new VirtualNet({ clock: ports.clock, random: ports.random, up, down });
  return {
    ports,
    net,
    dial() {
      const seen = new Recorder();
      return { seen, socket: net.dial({ target, keepAliveMs: 0 }, seen) };
    },
  };
}

interface Pair extends World {
  readonly client: Recorder;
  readonly socket: NetSocket;
  readonly server: Recorder;
  readonly link: VirtualLink;
}

/** A world with one connection that stands. */
async function connected(up?: Partial<PipeConditions>, down?: Partial<PipeConditions>, seed = 1): Promise<Pair> {
  const around = world(seed, up, down);
  const server = new Recorder();
  around.net.listen(target, () => server);
  const { socket, seen } = around.dial();
  await around.ports.clock.runUntilIdle();
  expect(seen.log).toEqual(['open']);
  return { ...around, client: seen, socket, server, link: around.net.links[0] as VirtualLink };
}

describe('VirtualNet', () => {
  it('opens after a way up and a way down, and calls nothing from inside', async () => {
    const { ports, net, dial } = world();
    const links: VirtualLink[] = [];
    net.listen(target, (link) => (links.push(link), new Recorder()));
    const { seen } = dial();
    expect(seen.log).toEqual([]);
    await ports.clock.advance(1.9);
    expect([seen.log, links.length]).toEqual([[], 0]);
    await ports.clock.advance(0.1);
    expect([seen.log, links.length]).toEqual([['open'], 1]);
    expect(links[0]?.address).toBe('db:1');
  });

  it('carries bytes both ways, each after its latency, in memory that does not last', async () => {
    const { ports, client, server, socket, link } = await connected();
    const chunk = bytes('request');
    expect(socket.write(chunk)).toBe(true);
    chunk.fill(0);
    await ports.clock.advance(0.9);
    expect(server.log).toEqual([]);
    await ports.clock.advance(0.1);
    expect(server.text).toBe('request');
    expect(link.server.writeAll([bytes('an'), bytes('swer')])).toBe(true);
    await ports.clock.advance(1);
    expect(client.text).toBe('answer');
    const [buffer] = client.buffers;
    expect(buffer).toBe([...server.buffers][0]);
    expect([...(buffer as Uint8Array).subarray(0, 8)]).toEqual(new Array(8).fill(poisonByte));
  });

  it('delivers in order, within the latency, and joins what arrives together', async () => {
    const { ports, server, socket } = await connected({ latencyMs: [1, 10] });
    const start = ports.clock.now();
    const arrivals: [number, number][] = [];
    server.onEach = () => arrivals.push([ports.clock.now() - start, server.received.length]);
    for (let each = 0; each < 100; each += 1) socket.write(Uint8Array.of(each));
    await ports.clock.runUntilIdle();
    expect(server.received).toEqual(Array.from({ length: 100 }, (_, index) => index));
    for (const [at] of arrivals) expect(at >= 1 && at <= 10).toBe(true);
    expect(arrivals.length).toBeLessThan(20);
  });

  it('holds up a share of the writes', async () => {
    const { ports, server, socket } = await connected({ ...still, delayChance: 0.5, delayMs: [100, 100] });
    const delays: number[] = [];
    for (let each = 0; each < 100; each += 1) {
      const start = ports.clock.now();
      server.onEach = () => delays.push(Math.round(ports.clock.now() - start));
      socket.write(bytes('x'));
      await ports.clock.runUntilIdle();
    }
    expect(new Set(delays)).toEqual(new Set([1, 101]));
    expect(Math.abs(delays.filter((delay) => delay === 101).length - 50)).toBeLessThan(20);
  });

  it('splits a share of the deliveries, with a pause between the parts', async () => {
    const { ports, server, socket } = await connected({ ...still, splitChance: 1, gapMs: 5 });
    const start = ports.clock.now();
    socket.write(bytes('abcdefgh'));
    await ports.clock.runUntilIdle();
    expect(server.text).toBe('abcdefgh');
    expect(server.count('data')).toBeGreaterThan(1);
    expect(ports.clock.now()).toBeGreaterThan(start + 1);
  });

  it('drips when no delivery may be longer than a byte', async () => {
    const { ports, server, socket } = await connected({ ...still, maxDeliveryBytes: 1 });
    socket.write(bytes('abcdefgh'));
    await ports.clock.runUntilIdle();
    expect([server.text, server.count('data')]).toEqual(['abcdefgh', 8]);
  });

  it('delivers more than its read buffer holds in several parts', async () => {
    const { ports, server, socket } = await connected({ ...still, capacityBytes: 1 << 20 });
    const large = new Uint8Array(200_000).map((_, index) => index % 251);
    expect(socket.write(large)).toBe(true);
    await ports.clock.runUntilIdle();
    expect(server.received.length).toBe(200_000);
    expect(server.received.every((byte, index) => byte === index % 251)).toBe(true);
  });

  it('takes no more than its capacity, reads the rest from the writer later, and says when it has', async () => {
    const { ports, client, server, socket, link } = await connected({ ...still, capacityBytes: 4 });
    expect(socket.write(bytes('abcd'))).toBe(true);
    const rest = bytes('efghij');
    expect(socket.write(rest)).toBe(false);
    expect(socket.write(bytes('kl'))).toBe(false);
    expect([link.up.inFlight, link.up.waiting]).toEqual([4, 8]);
    await ports.clock.advance(1);
    expect([server.text, client.count('drain')]).toEqual(['abcd', 0]);
    rest.fill(0x2a);
    await ports.clock.runUntilIdle();
    expect(server.text).toBe('abcdefgh**kl');
    expect(client.log).toEqual(['open', 'drain']);
    expect(socket.write(bytes('m'))).toBe(true);
    await ports.clock.runUntilIdle();
    expect(client.count('drain')).toBe(1);
  });

  it('owes no drain while more is waiting again', async () => {
    const { ports, client, server, socket } = await connected({ latencyMs: [5, 5], capacityBytes: 2 });
    socket.write(bytes('abcd'));
    server.onEach = () => {
      server.onEach = undefined;
      // The rest has just been taken, and the news of it is on its way.
      ports.clock.setTimer(() => expect(socket.write(bytes('efgh'))).toBe(false), 1);
    };
    await ports.clock.advance(10.5);
    expect(client.log).toEqual(['open']);
    await ports.clock.runUntilIdle();
    expect([server.text, client.log]).toEqual(['abcdefgh', ['open', 'drain']]);
  });

  it('makes the writer wait for a reader that pauses', async () => {
    const { ports, client, server, socket, link } = await connected({ ...still, capacityBytes: 4 });
    link.server.pause();
    expect(socket.write(bytes('abcdef'))).toBe(false);
    await ports.clock.advance(1000);
    expect([server.text, client.count('drain')]).toEqual(['', 0]);
    link.server.resume();
    link.server.resume();
    await ports.clock.runUntilIdle();
    expect([server.text, client.count('drain')]).toEqual(['abcdef', 1]);
  });

  it('does not deliver to a reader that pauses in the middle of what is there', async () => {
    const { ports, server, socket, link } = await connected({ ...still, maxDeliveryBytes: 1 });
    server.onEach = () => link.server.pause();
    socket.write(bytes('ab'));
    await ports.clock.runUntilIdle();
    expect(server.text).toBe('a');
    link.server.resume();
    await ports.clock.runUntilIdle();
    expect(server.text).toBe('ab');
  });

  it('ends half by half, after what was written, and closes when both have', async () => {
    const { ports, client, server, socket, link, net } = await connected({ ...still, capacityBytes: 2 });
    socket.write(bytes('last'));
    socket.end();
    socket.end();
    expect(() => socket.write(bytes('x'))).toThrow(/after end/);
    await ports.clock.runUntilIdle();
    expect([server.text, server.log.at(-1)]).toEqual(['last', 'end']);
    link.server.write(bytes('still here'));
    await ports.clock.runUntilIdle();
    expect(client.text).toBe('still here');
    expect(client.count('close')).toBe(0);
    link.server.end();
    await ports.clock.runUntilIdle();
    expect(client.events).toEqual(['open', 'drain', 'end', 'close']);
    expect(server.events).toEqual(['end', 'close']);
    expect([client.error, server.error, net.links.length]).toEqual([undefined, undefined, 0]);
  });

  it('shows the peer of a destroyed socket what was sent, then the end; what it sends is answered by a reset', async () => {
    const { ports, client, server, socket, link, net } = await connected();
    const reason = new Error('because');
    socket.write(bytes('sent'));
    socket.destroy(reason);
    socket.destroy();
    expect([socket.write(bytes('dropped')), socket.writeAll([bytes('dropped')])]).toEqual([false, false]);
    expect(client.log).toEqual(['open']);
    await ports.clock.advance(0);
    expect([client.log, client.error]).toEqual([['open', 'close'], reason]);
    await ports.clock.runUntilIdle();
    expect([server.text, server.events]).toEqual(['sent', ['end']]);
    link.server.write(bytes('too late'));
    await ports.clock.runUntilIdle();
    expect(server.events).toEqual(['end', 'close']);
    expect(server.error).toMatchObject({ code: 'ECONNRESET' });
    expect(net.links).toEqual([]);
  });

  it('shows the end also where the socket had been finished with bytes still waiting', async () => {
    const { ports, server, socket } = await connected({ ...still, capacityBytes: 1 });
    socket.write(bytes('ab'));
    socket.end();
    socket.destroy();
    await ports.clock.runUntilIdle();
    expect([server.text, server.events]).toEqual(['a', ['end']]);
  });

  it('shows a reset where the destroyed socket had bytes that it never read', async () => {
    const { ports, server, socket, link } = await connected();
    socket.pause();
    link.server.write(bytes('unread'));
    await ports.clock.advance(1);
    socket.destroy();
    await ports.clock.runUntilIdle();
    expect(server.error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('tells each socket its end once, last, whatever is done to it', async () => {
    const { ports, client, server, socket, link } = await connected();
    link.server.write(bytes('x'));
    socket.end();
    link.reset();
    socket.destroy();
    link.vanish('client');
    link.close('server');
    await ports.clock.runUntilIdle();
    for (const seen of [client, server]) {
      expect(seen.log.at(-1)).toBe('close');
      expect(seen.count('close')).toBe(1);
    }
  });

  it('refuses writes before it is open, and ends then if it was told to before', async () => {
    const { ports, net, dial } = world();
    const server = new Recorder();
    net.listen(target, () => server);
    const { socket, seen } = dial();
    expect(() => socket.write(bytes('x'))).toThrow(/before onOpen/);
    expect(() => socket.writeAll([])).toThrow(/before onOpen/);
    socket.end();
    await ports.clock.runUntilIdle();
    expect([seen.log, server.log]).toEqual([['open'], ['end']]);
  });

  it('closes without opening when it is destroyed while dialling', async () => {
    const { ports, net, dial } = world();
    net.listen(target, () => expect.unreachable());
    const { socket, seen } = dial();
    await ports.clock.advance(1);
    socket.destroy();
    expect(seen.log).toEqual([]);
    await ports.clock.runUntilIdle();
    expect([seen.log, net.links]).toEqual([['close'], []]);
  });

  it('lets the server speak first, and hang up at once', async () => {
    const { ports, net, dial } = world();
    net.listen(target, (link) => {
      link.server.write(bytes('full'));
      link.server.destroy();
      return new Recorder();
    });
    const { seen } = dial();
    await ports.clock.runUntilIdle();
    expect([seen.text, seen.events]).toEqual(['full', ['open', 'end']]);
  });

  it('decides dials: refused, unanswered, reset, another error', async () => {
    const { ports, net, dial } = world();
    const asked: [string, number][] = [];
    const fates = ['refuse', 'black-hole', 'reset', new Error('no such host'), 'accept'] as const;
    net.listen(target, () => new Recorder());
    net.onDial = (address, number) => (asked.push([address, number]), fates[number - 1] ?? 'accept');
    const seen = fates.map(() => dial().seen);
    await ports.clock.runUntilIdle();
    expect(asked).toEqual([1, 2, 3, 4, 5].map((number) => ['db:1', number]));
    expect(seen.map(({ log }) => log)).toEqual([['close'], [], ['open', 'close'], ['close'], ['open']]);
    expect(seen[0]?.error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(seen[2]?.error).toMatchObject({ code: 'ECONNRESET' });
    expect(seen[3]?.error).toBe(fates[3]);
    expect([net.dials, net.openSockets]).toEqual([5, 2]);
  });

  it('refuses where nobody listens, or nobody does any more', async () => {
    const { ports, net, dial } = world();
    const listener = net.listen(target, () => new Recorder());
    expect(() => net.listen(target, () => new Recorder())).toThrow(/db:1 is in use/);
    const early = dial();
    await ports.clock.runUntilIdle();
    listener.close();
    const late = dial();
    await ports.clock.runUntilIdle();
    expect([early.seen.log, late.seen.log]).toEqual([['open'], ['close']]);
    net.listen(target, () => new Recorder());
    listener.close();
    const again = dial();
    await ports.clock.runUntilIdle();
    expect(again.seen.log).toEqual(['open']);
  });

  it('has paths beside hosts, and no socket factories', async () => {
    const { ports, net } = world();
    net.listen({ path: '/run/db.sock' }, () => new Recorder());
    const seen = new Recorder();
    net.dial({ target: { path: '/run/db.sock' }, keepAliveMs: 0 }, seen);
    await ports.clock.runUntilIdle();
    expect(seen.log).toEqual(['open']);
    const socket = (): never => expect.unreachable();
    expect(() => net.dial({ target: { socket }, keepAliveMs: 0 }, seen)).toThrow(/no socket factories/);
  });

  it('counts what keeps a process alive', async () => {
    const { net, socket, ports } = await connected();
    expect([net.openSockets, net.refedSockets]).toEqual([1, 1]);
    socket.unref();
    expect(net.refedSockets).toBe(0);
    socket.ref();
    socket.destroy();
    await ports.clock.runUntilIdle();
    expect([net.openSockets, net.refedSockets]).toEqual([0, 0]);
  });

  it('starts from nothing after reset, and tells nobody', async () => {
    const { ports, net, dial, client, server, socket, link } = await connected();
    net.onDial = () => 'refuse';
    net.onLink = () => expect.unreachable();
    socket.write(bytes('lost'));
    socket.destroy();
    dial();
    net.reset();
    expect([net.links, net.dials, ports.clock.nextAt]).toEqual([[], 0, undefined]);
    await ports.clock.runUntilIdle();
    expect([client.log, server.log]).toEqual([['open'], []]);
    socket.destroy();
    link.reset();
    expect(ports.clock.nextAt).toBeUndefined();
    const fresh = new Recorder();
    net.listen(target, () => fresh);
    const { seen } = dial();
    await ports.clock.runUntilIdle();
    expect(seen.log).toEqual(['open']);
  });

  it('refuses conditions that cannot be', () => {
    const wrong: [Partial<PipeConditions>, RegExp][] = [
      [{ latencyMs: [2, 1] }, /latencyMs must be two finite numbers/],
      [{ delayMs: [0, Infinity] }, /delayMs/],
      [{ splitChance: 1.1 }, /splitChance must be from 0 to 1/],
      [{ delayChance: Number.NaN }, /delayChance/],
      [{ gapMs: -1 }, /gapMs/],
      [{ capacityBytes: 0 }, /capacityBytes must be an integer of 1 or more/],
      [{ maxDeliveryBytes: 1.5 }, /maxDeliveryBytes/],
    ];
    for (const [conditions, message] of wrong) {
      expect(() => world(1, conditions)).toThrow(message);
      expect(() => world(1, {}, conditions)).toThrow(message);
    }
  });
});

describe('faults of a VirtualLink', () => {
  it('reset: both sides see it at once, and what was under way is lost', async () => {
    const { ports, client, server, socket, link, net } = await connected();
    socket.write(bytes('lost'));
    link.server.write(bytes('lost too'));
    link.reset();
    await ports.clock.advance(0);
    for (const seen of [client, server]) {
      expect(seen.error).toMatchObject({ code: 'ECONNRESET' });
      expect(seen.text).toBe('');
    }
    expect([net.links, await ports.clock.runUntilIdle(), ports.clock.nextAt]).toEqual([[], true, undefined]);
  });

  it('reset of one side: the other learns it when it sends', async () => {
    const { ports, client, server, link } = await connected();
    link.reset('client');
    await ports.clock.runUntilIdle();
    expect([client.events, server.events]).toEqual([['open', 'close'], []]);
    link.server.write(bytes('hello?'));
    await ports.clock.runUntilIdle();
    expect(server.error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('close: the other side sees the end', async () => {
    const { ports, client, server, link } = await connected();
    link.close('server');
    await ports.clock.runUntilIdle();
    expect([client.events, server.events]).toEqual([['open', 'end'], ['close']]);
  });

  it('vanish: what was sent arrives, then silence; the writer fills up and hears nothing', async () => {
    const { ports, client, server, socket, link } = await connected({ ...still, capacityBytes: 4 });
    link.server.write(bytes('last words'));
    link.vanish('server');
    await ports.clock.runUntilIdle();
    expect(server.error).toMatchObject({ code: 'EHOSTDOWN' });
    expect(client.text).toBe('last words');
    expect([socket.write(bytes('abcd')), socket.write(bytes('e'))]).toEqual([true, false]);
    await ports.clock.advance(1e6);
    expect(client.events).toEqual(['open']);
    socket.destroy();
    await ports.clock.runUntilIdle();
    expect(client.events).toEqual(['open', 'close']);
  });

  it('vanish, and the machine is up again: bytes are answered with a reset', async () => {
    const { ports, client, socket, link } = await connected();
    link.vanish('server', 'reset');
    await ports.clock.runUntilIdle();
    expect(client.events).toEqual(['open']);
    socket.write(bytes('hello?'));
    await ports.clock.runUntilIdle();
    expect(client.error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('vanish of the client: the server waits for ever', async () => {
    const { ports, client, server, link, net } = await connected();
    link.vanish('client');
    link.server.write(bytes('hello?'));
    await ports.clock.runUntilIdle();
    expect([client.events, server.events]).toEqual([['open', 'close'], []]);
    expect([net.links.length, net.openSockets]).toEqual([1, 0]);
  });

  it.each(['up', 'down', 'both'] as const)(
    'black hole (%s): nothing arrives there, until it heals',
    async (direction) => {
      const { ports, client, server, socket, link } = await connected();
      socket.write(bytes('request'));
      link.server.write(bytes('answer'));
      link.blackHole(direction);
      socket.end();
      link.server.end();
      await ports.clock.advance(1000);
      expect(server.text).toBe(direction === 'down' ? 'request' : '');
      expect(client.text).toBe(direction === 'up' ? 'answer' : '');
      expect(server.count('end')).toBe(direction === 'down' ? 1 : 0);
      link.heal(direction);
      await ports.clock.runUntilIdle();
      expect([server.text, client.text]).toEqual(['request', 'answer']);
      expect([server.count('close'), client.count('close')]).toEqual([1, 1]);
    },
  );

  it('black hole: a reset is held, too', async () => {
    const { ports, server, socket, link } = await connected();
    socket.pause();
    link.server.write(bytes('unread'));
    await ports.clock.advance(1);
    socket.destroy();
    link.blackHole('up');
    await ports.clock.runUntilIdle();
    expect(server.log).toEqual([]);
    link.heal();
    link.heal();
    await ports.clock.runUntilIdle();
    expect(server.error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('after: acts between two bytes of a direction, before any further one', async () => {
    const { ports, client, server, socket, link } = await connected();
    link.up.after(3, () => link.reset());
    socket.write(bytes('abcdef'));
    await ports.clock.runUntilIdle();
    expect([server.text, server.events, client.events]).toEqual(['abc', ['close'], ['open', 'close']]);
    const second = await connected();
    second.link.down.after(0, () => second.link.blackHole('down'));
    second.link.server.write(bytes('x'));
    await second.ports.clock.runUntilIdle();
    expect(second.client.log).toEqual(['open']);
    second.link.heal();
    await second.ports.clock.runUntilIdle();
    expect([second.client.text, second.link.down.delivered]).toEqual(['x', 1]);
  });

  it('conditions can change while it runs', async () => {
    const { ports, server, socket, link } = await connected({ ...still, capacityBytes: 2 });
    expect(socket.write(bytes('abcd'))).toBe(false);
    link.up.change({ capacityBytes: 100, latencyMs: [50, 50] });
    expect([link.up.waiting, link.up.conditions.capacityBytes]).toEqual([0, 100]);
    await ports.clock.advance(1);
    expect(server.text).toBe('ab');
    await ports.clock.advance(49);
    expect(server.text).toBe('abcd');
    expect(() => link.up.change({ gapMs: -1 })).toThrow(/gapMs/);
  });

  it('onLink plans what will go wrong before the client knows that it is connected', async () => {
    const { ports, net, dial } = world();
    net.listen(target, () => new Recorder());
    net.onLink = (link) => link.down.change({ latencyMs: [9, 9] });
    dial();
    await ports.clock.runUntilIdle();
    expect(net.links[0]?.down.conditions.latencyMs).toEqual([9, 9]);
  });
});

describe('schedules of a VirtualNet', () => {
  const rough: Partial<PipeConditions> = {
    latencyMs: [0.1, 3],
    delayChance: 0.2,
    delayMs: [1, 20],
    splitChance: 0.5,
    gapMs: 2,
    capacityBytes: 40,
  };

  /** Random writes both ways through rough conditions, then the end; returns all that both saw, with the times. */
  async function play(seed: number): Promise<{ log: string; sent: string[]; got: string[]; left: number }> {
    const { ports, net, socket, client, server, link } = await connected(rough, rough, seed);
    const log: string[] = [];
    client.onEach = (event) => log.push(`${ports.clock.now()} client ${event} ${client.received.length}`);
    server.onEach = (event) => log.push(`${ports.clock.now()} server ${event} ${server.received.length}`);
    const sent = ['', ''];
    for (const [index, end] of [socket, link.server].entries()) {
      for (let each = 0; each < 10; each += 1) {
        const text = String.fromCharCode(97 + each).repeat(ports.random.integer(0, 30));
        sent[index] += text;
        ports.clock.setTimer(() => end.write(bytes(text)), each * 3 + index);
      }
      ports.clock.setTimer(() => end.end(), 30 + index);
    }
    expect(await ports.clock.runUntilIdle()).toBe(true);
    return { log: log.join('\n'), sent, got: [server.text, client.text], left: net.links.length };
  }

  it('are the same for the same seed, and differ for others', async () => {
    const [first, again, other] = [await play(5), await play(5), await play(6)];
    expect(again.log).toBe(first.log);
    expect(other.log).not.toBe(first.log);
  });

  it('lose, double and reorder nothing, and come to their end', async () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const { sent, got, left, log } = await play(seed);
      expect(got, `seed ${seed}`).toEqual(sent);
      expect([left, log.match(/close/g)?.length], `seed ${seed}`).toEqual([0, 2]);
    }
  });

  it('survive a clock that jumps: what is overdue arrives late, still in order', async () => {
    const { ports, server, socket } = await connected({ latencyMs: [1, 50] });
    for (const text of ['a', 'b', 'c']) socket.write(bytes(text));
    ports.clock.jump(10_000);
    socket.write(bytes('d'));
    await ports.clock.runUntilIdle();
    expect(server.text).toBe('abcd');
  });
});
