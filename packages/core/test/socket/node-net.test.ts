import dns from 'node:dns';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, isIP, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SocketTarget } from '../../src/endpoint.ts';
import type { NetSocket } from '../../src/socket/net.ts';
import { nodeNet } from '../../src/socket/node-net.ts';
import type { TlsOptions } from '../../src/socket/tls.ts';
import { Recorder } from './recorder.ts';

const key = readFileSync(new URL('../fixtures/tls/key.pem', import.meta.url));
const cert = readFileSync(new URL('../fixtures/tls/cert.pem', import.meta.url));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const servers = new Set<Server>();
/** Server ends, those below TLS too. */
const peers = new Set<Socket>();

async function stopServers(): Promise<void> {
  const stopping = [...servers].map((server) => {
    // One that was accepted late would keep the server open.
    server.on('connection', (peer: Socket) => peer.destroy());
    return new Promise((resolve) => server.close(resolve));
  });
  for (const peer of peers) peer.destroy();
  await Promise.all(stopping);
  servers.clear();
  peers.clear();
}

afterEach(async () => {
  await stopServers();
  vi.restoreAllMocks();
});

interface Listening {
  readonly target: { host: string; port: number };
  /** The server's end of the next connection. */
  peer(): Promise<Socket>;
}

async function listen(options: { tls?: boolean; host?: string; path?: string } = {}): Promise<Listening> {
  const common = { allowHalfOpen: true };
  const server = options.tls ? createTlsServer({ ...common, key, cert }) : createServer(common);
  servers.add(server);
  const waiting: Socket[] = [];
  server.on('connection', (peer: Socket) => {
    peers.add(peer);
    peer.on('error', () => {});
  });
  server.on(options.tls ? 'secureConnection' : 'connection', (peer: Socket) => {
    peer.on('error', () => {});
    waiting.push(peer);
    server.emit('peer');
  });
  if (options.path) server.listen(options.path);
  else server.listen(0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  const port = options.path ? 0 : (server.address() as AddressInfo).port;
  return {
    target: { host: options.host ?? '127.0.0.1', port },
    async peer() {
      while (waiting.length === 0) await once(server, 'peer');
      return waiting.shift() as Socket;
    },
  };
}

function dial(target: SocketTarget, tls?: TlsOptions): { socket: NetSocket; seen: Recorder } {
  const seen = new Recorder();
  const socket = nodeNet.dial({ target, tls, keepAliveMs: 0 }, seen);
  expect(seen.log).toEqual([]);
  return { socket, seen };
}

async function readAll(peer: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) {
    const chunk = peer.read() as Buffer | null;
    if (chunk) text += chunk.toString('latin1');
    else await once(peer, 'readable');
  }
  return text;
}

const unixPath = (): string => join(tmpdir(), `wirewright-${process.pid}-${Math.random().toString(36).slice(2)}.sock`);

/** Each kind of stream, which all have to behave alike. */
const kinds: [string, () => Promise<Listening & { where: SocketTarget; tls?: TlsOptions }>][] = [
  ['tcp', async () => listen().then((server) => ({ ...server, where: server.target }))],
  [
    'unix path',
    async () => {
      const path = unixPath();
      return { ...(await listen({ path })), where: { path } };
    },
  ],
  [
    'tls',
    async () => {
      const server = await listen({ tls: true });
      return { ...server, where: { host: 'localhost', port: server.target.port }, tls: { ca: cert } };
    },
  ],
  [
    'factory of a connecting socket',
    async () => {
      const server = await listen();
      return { ...server, where: { socket: () => connect({ ...server.target, allowHalfOpen: true }) } };
    },
  ],
  [
    'factory that promises an open stream',
    async () => {
      const server = await listen();
      const socket = async (): Promise<Duplex> => {
        const carrier = connect({ ...server.target, allowHalfOpen: true });
        await once(carrier, 'connect');
        return foreign(carrier);
      };
      return { ...server, where: { socket } };
    },
  ],
  [
    'tls over a factory',
    async () => {
      const server = await listen({ tls: true });
      const where = { socket: () => connect({ ...server.target, allowHalfOpen: true }) };
      return { ...server, where, tls: { ca: cert, servername: 'localhost' } };
    },
  ],
  [
    'tls over a foreign stream',
    async () => {
      const server = await listen({ tls: true });
      const where = { socket: () => foreign(connect({ ...server.target, allowHalfOpen: true })) };
      return { ...server, where, tls: { ca: cert, servername: 'localhost' } };
    },
  ],
];

/** A stream that is not one of node:net's, over one that is. */
function foreign(carrier: Socket): Duplex {
  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => void carrier.resume(),
    write: (chunk, _encoding, done) => void carrier.write(chunk, done),
    final: (done) => void carrier.end(done),
    destroy: (error, done) => {
      carrier.destroy();
      done(error);
    },
  });
  carrier.on('data', (chunk) => stream.push(chunk) || carrier.pause());
  carrier.on('end', () => stream.push(null));
  carrier.on('error', (error) => stream.destroy(error));
  carrier.on('close', () => stream.destroy());
  return stream;
}

describe.each(kinds)('nodeNet over %s', (kind, start) => {
  it('opens, exchanges bytes, ends half by half, and closes once', async () => {
    const server = await start();
    const { socket, seen } = dial(server.where, server.tls);
    await seen.saw('open');
    const peer = await server.peer();
    socket.write(bytes('hello'));
    expect(await readAll(peer, 5)).toBe('hello');
    peer.end('answer');
    await seen.saw('end');
    expect(seen.text).toBe('answer');
    socket.write(bytes('still here'));
    expect(await readAll(peer, 10)).toBe('still here');
    socket.end();
    peer.resume();
    await Promise.all([once(peer, 'end'), seen.saw('close')]);
    await turn();
    expect(seen.events.filter((event) => event !== 'drain')).toEqual(['open', 'end', 'close']);
    expect(seen.error).toBeUndefined();
  });

  it('destroys at once, tells the given reason last, and nothing after it', async () => {
    const server = await start();
    const { socket, seen } = dial(server.where, server.tls);
    await seen.saw('open');
    const peer = await server.peer();
    peer.write('unread');
    const gone = new Promise((resolve) => peer.once('end', resolve).once('close', resolve).resume());
    const reason = new Error('because');
    socket.destroy(reason);
    socket.destroy(new Error('again'));
    expect(seen.log).not.toContain('close');
    const before = seen.log.length;
    expect(socket.write(bytes('dropped'))).toBe(false);
    expect(socket.writeAll([bytes('dropped')])).toBe(false);
    await Promise.all([seen.saw('close'), gone]);
    await turn();
    expect(seen.log.slice(before)).toEqual(['close']);
    expect(seen.error).toBe(reason);
  });

  it('closes without opening when it is destroyed while dialling', async () => {
    const server = await start();
    const { socket, seen } = dial(server.where, server.tls);
    socket.destroy();
    await seen.saw('close');
    await turn();
    await turn();
    expect(seen.log).toEqual(['close']);
    expect(seen.error).toBeUndefined();
  });

  it('refuses writes that cannot be: before it is open, and after its end', async () => {
    const server = await start();
    const { socket, seen } = dial(server.where, server.tls);
    expect(() => socket.write(bytes('early'))).toThrow(/before onOpen/);
    await seen.saw('open');
    socket.end();
    socket.end();
    expect(() => socket.write(bytes('late'))).toThrow(/after end/);
    expect(() => socket.writeAll([bytes('late')])).toThrow(/after end/);
    const peer = await server.peer();
    peer.resume();
    await once(peer, 'end');
    socket.destroy();
    await seen.saw('close');
  });

  it('ends as soon as it is open when it was told to before', async () => {
    const server = await start();
    const { socket, seen } = dial(server.where, server.tls);
    socket.end();
    const peer = await server.peer();
    peer.resume();
    await once(peer, 'end');
    expect(seen.log).toEqual(['open']);
    socket.destroy();
    await seen.saw('close');
  });

  it('reports what the system has not taken, and one drain when it has', async () => {
    const server = await start();
    const { socket, seen } = dial(server.where, server.tls);
    await seen.saw('open');
    const peer = await server.peer();
    const chunk = new Uint8Array(1 << 20).fill(0x61);
    let written = 0;
    while (written < 64 && socket.write(chunk)) written += 1;
    expect(written).toBeLessThan(64);
    socket.write(bytes('last'));
    socket.writeAll([bytes('of'), bytes('all')]);
    const total = (written + 1) * chunk.length + 9;
    let received = 0;
    let tail = '';
    await new Promise<void>((resolve) => {
      peer.on('data', (data: Buffer) => {
        received += data.length;
        tail = (tail + data.toString('latin1')).slice(-9);
        if (received === total) resolve();
      });
    });
    await seen.saw('drain');
    await turn();
    expect(tail).toBe('lastofall');
    expect(seen.events).toEqual(['open', 'drain']);
    socket.destroy();
    await seen.saw('close');
  });

  it('makes the peer wait while paused: not a byte until resumed, none lost', async () => {
    const server = await start();
    const { socket, seen } = dial(server.where, server.tls);
    socket.pause();
    await seen.saw('open');
    const peer = await server.peer();
    peer.write('first');
    for (let each = 0; each < 20; each += 1) await turn();
    expect(seen.text).toBe('');
    seen.onEach = (event) => {
      if (event === 'data' && seen.text.length < 5000) socket.pause();
    };
    socket.resume();
    await seen.saw('data');
    for (let each = 0; each < 10; each += 1) peer.write('x'.repeat(10_000));
    peer.end();
    for (let each = 0; each < 20; each += 1) await turn();
    expect(seen.text).toBe('first');
    seen.onEach = undefined;
    socket.resume();
    await seen.saw('end');
    expect(seen.text).toBe(`first${'x'.repeat(100_000)}`);
    socket.destroy();
    await seen.saw('close');
  });

  it('hands over a greeting that is there as soon as the stream is open', async () => {
    const server = await start();
    const { socket, seen } = dial(server.where, server.tls);
    const peer = await server.peer();
    peer.write('greeting');
    await seen.until(() => seen.text === 'greeting');
    expect(seen.log[0]).toBe('open');
    socket.destroy();
    await seen.saw('close');
  });

  it('lets the process end while it is unrefed', async () => {
    const unref = vi.spyOn(Socket.prototype, 'unref');
    const ref = vi.spyOn(Socket.prototype, 'ref');
    const server = await start();
    const { socket, seen } = dial(server.where, server.tls);
    socket.unref();
    await seen.saw('open');
    // A foreign stream may have no such method.
    const isNodes = !kind.includes('open stream');
    expect(unref).toHaveBeenCalledTimes(isNodes ? 1 : 0);
    ref.mockClear();
    socket.ref();
    expect(ref).toHaveBeenCalledTimes(isNodes ? 1 : 0);
    socket.destroy();
    await seen.saw('close');
  });
});

describe('nodeNet', () => {
  it('reads every socket into one buffer', async () => {
    const server = await listen();
    const both = [dial(server.target), dial(server.target)];
    for (const { socket, seen } of both) {
      (await server.peer()).write('x'.repeat(1000));
      await seen.until(() => seen.text.length === 1000);
      socket.destroy();
      await seen.saw('close');
    }
    const buffers = new Set(both.flatMap(({ seen }) => [...seen.buffers]));
    expect(buffers.size).toBe(1);
    expect([...buffers][0]?.length).toBe(64 * 1024);
  });

  it('turns off the delay of small writes, and on the probes of an idle line', async () => {
    const noDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
    const keepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive');
    const server = await listen();
    for (const [keepAliveMs, expected] of [
      [0, undefined],
      [1, 1000],
      [60_000, 60_000],
    ] as const) {
      keepAlive.mockClear();
      noDelay.mockClear();
      const seen = new Recorder();
      const socket = nodeNet.dial({ target: server.target, keepAliveMs }, seen);
      await seen.saw('open');
      expect(noDelay.mock.calls).toContainEqual([true]);
      expect(keepAlive.mock.calls).toEqual(expected === undefined ? [] : [[true, expected]]);
      socket.destroy();
      await seen.saw('close');
    }
  });

  it('takes every byte at once where the system does, so the memory is free again', async () => {
    const server = await listen();
    const { socket, seen } = dial(server.target);
    await seen.saw('open');
    const chunk = bytes('first');
    expect(socket.write(chunk)).toBe(true);
    chunk.fill(0);
    expect(socket.writeAll([bytes('sec'), bytes('ond')])).toBe(true);
    expect(await readAll(await server.peer(), 11)).toBe('firstsecond');
    await turn();
    expect(seen.log).toEqual(['open']);
    socket.destroy();
    await seen.saw('close');
  });

  it('copies for a stream that keeps what it is given', async () => {
    const kept: Uint8Array[] = [];
    const stream = new Duplex({ read() {}, write: (chunk: Uint8Array, _encoding, done) => (kept.push(chunk), done()) });
    const { socket, seen } = dial({ socket: () => stream });
    await seen.saw('open');
    const chunk = bytes('mine');
    expect(socket.write(chunk)).toBe(true);
    chunk.fill(0);
    expect(Buffer.concat(kept).toString()).toBe('mine');
    socket.destroy();
    await seen.saw('close');
  });

  it('closes a foreign stream that never says that it is closed', async () => {
    const silent = new Duplex({
      read() {},
      write: (_chunk, _encoding, done) => done(),
      emitClose: false,
      autoDestroy: false,
    });
    const { socket, seen } = dial({ socket: () => silent });
    await seen.saw('open');
    socket.destroy();
    await seen.saw('close');
    const failing = new Duplex({ read() {}, emitClose: false, autoDestroy: false });
    const second = dial({ socket: () => failing });
    await second.seen.saw('open');
    failing.emit('error', new Error('line cut'));
    await second.seen.saw('close');
    expect(second.seen.error?.message).toBe('line cut');
  });

  it('reports a lost connection as an error', async () => {
    const server = await listen();
    const { seen } = dial(server.target);
    await seen.saw('open');
    (await server.peer()).resetAndDestroy();
    await seen.saw('close');
    expect(seen.error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('reports what could not be dialled: refused, not found, not a port, no such path', async () => {
    const server = await listen();
    await stopServers();
    vi.spyOn(dns, 'lookup').mockImplementation(((_host: string, _options: object, callback: (error: Error) => void) =>
      callback(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }))) as never);
    const cases: [SocketTarget, string][] = [
      [server.target, 'ECONNREFUSED'],
      [{ host: 'no-such-host.invalid', port: 1 }, 'ENOTFOUND'],
      [{ host: '127.0.0.1', port: 70_000 }, 'ERR_SOCKET_BAD_PORT'],
      [{ path: unixPath() }, 'ENOENT'],
    ];
    for (const [target, code] of cases) {
      const { seen } = dial(target);
      await seen.saw('close');
      expect(seen.log).toEqual(['close']);
      expect((seen.error as NodeJS.ErrnoException).code).toMatch(code);
    }
  });

  it('reports a factory that fails, brings a closed stream, or one that yields text', async () => {
    const failures: [SocketTarget, RegExp][] = [
      [{ socket: () => Promise.reject(new Error('no tunnel')) }, /no tunnel/],
      [
        {
          socket: () => {
            throw new Error('no tunnel either');
          },
        },
        /no tunnel either/,
      ],
      [{ socket: () => Promise.reject('just a word') }, /could not be opened/],
      [{ socket: () => new Duplex().destroy() }, /closed already/],
    ];
    for (const [target, message] of failures) {
      const { seen } = dial(target);
      await seen.saw('close');
      expect(seen.log).toEqual(['close']);
      expect(seen.error?.message).toMatch(message);
    }
    const server = await listen();
    const { seen } = dial({ socket: () => connect(server.target).setEncoding('utf8') });
    (await server.peer()).write('text');
    await seen.saw('close');
    expect(seen.error?.message).toMatch(/with an encoding/);
  });

  it('destroys a stream that comes when nobody waits for it any more, also one that then fails', async () => {
    const stream = new Duplex({ read() {}, write() {} });
    let bring: (stream: Duplex) => void = () => {};
    const { socket, seen } = dial({ socket: () => new Promise<Duplex>((resolve) => (bring = resolve)) });
    socket.destroy();
    await seen.saw('close');
    bring(stream);
    await turn();
    expect(stream.destroyed).toBe(true);
    stream.emit('error', new Error('nobody listens'));
    expect(seen.log).toEqual(['close']);
  });

  it.each([false, true])('asks DNS at each dial and tries all addresses of a name (tls: %s)', async (secured) => {
    const server = await listen({ tls: secured });
    const addresses = ['127.0.0.2', '::1', '127.0.0.1'].map((address) => ({ address, family: isIP(address) }));
    const lookup = vi
      .spyOn(dns, 'lookup')
      .mockImplementation(((
        _host: string,
        _options: object,
        callback: (error: null, found: dns.LookupAddress[]) => void,
      ) => callback(null, addresses)) as never);
    for (let each = 1; each <= 2; each += 1) {
      const { socket, seen } = dial(
        { host: 'localhost', port: server.target.port },
        secured ? { ca: cert } : undefined,
      );
      await seen.saw('open');
      (await server.peer()).write('reached');
      await seen.until(() => seen.text === 'reached');
      expect(lookup).toHaveBeenCalledTimes(each);
      socket.destroy();
      await seen.saw('close');
    }
  });

  it('checks the certificate, by the name that is asked for', async () => {
    const server = await listen({ tls: true });
    const named = { host: 'localhost', port: server.target.port };
    const refused: [SocketTarget, TlsOptions, RegExp][] = [
      [named, {}, /SELF_SIGNED|UNABLE_TO_VERIFY/],
      [named, { ca: cert, servername: 'other.example' }, /ERR_TLS_CERT_ALTNAME_INVALID/],
    ];
    for (const [target, tls, code] of refused) {
      const { seen } = dial(target, tls);
      await seen.saw('close');
      expect(seen.log).toEqual(['close']);
      expect((seen.error as NodeJS.ErrnoException).code).toMatch(code);
    }
    const accepted: [SocketTarget, TlsOptions, string | false][] = [
      [named, { ca: cert }, 'localhost'],
      [server.target, { ca: cert }, false],
      [server.target, { ca: cert, servername: 'localhost' }, 'localhost'],
      [named, { rejectUnauthorized: false, servername: 'other.example' }, 'other.example'],
    ];
    for (const [target, tls, name] of accepted) {
      const { socket, seen } = dial(target, tls);
      await seen.saw('open');
      const peer = (await server.peer()) as TLSSocket & { servername: string | false };
      expect(peer.servername).toBe(name);
      socket.destroy();
      await seen.saw('close');
    }
  });

  it('takes a TLS stream from a factory when its handshake is done', async () => {
    const server = await listen({ tls: true });
    const secured = (): TLSSocket => connectTls({ ...server.target, ca: cert, servername: 'localhost' });
    const { socket, seen } = dial({ socket: secured });
    await seen.saw('open');
    (await server.peer()).write('secret');
    await seen.until(() => seen.text === 'secret');
    socket.destroy();
    await seen.saw('close');
  });

  it('reports a server that ends in the middle of the TLS handshake', async () => {
    const server = await listen();
    const { seen } = dial(server.target, { ca: cert });
    (await server.peer()).destroy();
    await seen.saw('close');
    expect(seen.log).toEqual(['close']);
    expect(seen.error).toBeInstanceOf(Error);
  });
});
