import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { ScriptedConnection } from '../../src/testing/scripted-connection.ts';
import { ScriptedServer, type ScriptedServerOptions } from '../../src/testing/scripted-server.ts';

const key = readFileSync(new URL('../fixtures/tls/key.pem', import.meta.url));
const cert = readFileSync(new URL('../fixtures/tls/cert.pem', import.meta.url));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

const opened: { destroy(): unknown }[] = [];
const servers: ScriptedServer[] = [];

afterEach(async () => {
  for (const each of opened.splice(0)) each.destroy();
  for (const server of servers.splice(0)) await server.close();
});

async function listen(options?: ScriptedServerOptions): Promise<ScriptedServer> {
  const server = await ScriptedServer.listen(options);
  servers.push(server);
  return server;
}

function dial(server: ScriptedServer, tls = false): Socket {
  const options = { ...server.target, allowHalfOpen: true };
  const socket = tls ? connectTls({ ...options, ca: cert, servername: 'localhost' }) : connect(options);
  opened.push(socket);
  socket.on('error', () => {});
  return socket;
}

async function pair(options?: ScriptedServerOptions): Promise<{ client: Socket; connection: ScriptedConnection }> {
  const server = await listen(options);
  const client = dial(server, options?.tls !== undefined);
  return { client, connection: await server.accept() };
}

/** The chunks as they come, until the end or the close. */
async function chunksOf(client: Socket): Promise<string[]> {
  const chunks: string[] = [];
  client.on('data', (chunk) => chunks.push(chunk.toString('latin1')));
  await new Promise((resolve) => client.once('end', resolve).once('close', resolve));
  return chunks;
}

describe('ScriptedServer', () => {
  it('accepts in order, before or after the connection has come', async () => {
    const server = await listen();
    const first = server.accept();
    dial(server);
    expect((await first).number).toBe(1);
    const second = dial(server);
    await once(second, 'connect');
    const third = dial(server);
    await once(third, 'connect');
    expect([(await server.accept()).number, (await server.accept()).number]).toEqual([2, 3]);
    expect(server.connections.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(server.port).toBeGreaterThan(0);
  });

  it('is an iterable of its connections that ends with it', async () => {
    const server = await listen();
    dial(server);
    const numbers: number[] = [];
    for await (const connection of server) {
      numbers.push(connection.number);
      if (connection.number === 1) dial(server);
      else await server.close();
    }
    expect(numbers).toEqual([1, 2]);
  });

  it('refuses dials when it has stopped listening, and keeps the connections that it has', async () => {
    const server = await listen();
    const client = dial(server);
    const connection = await server.accept();
    const late = server.accept();
    server.stopListening();
    await expect(late).rejects.toThrow(/scripted server is closed/);
    await expect(server.accept()).rejects.toThrow(/scripted server is closed/);
    const refused = dial(server);
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    client.write('still');
    expect(text(await connection.read(5))).toBe('still');
    await server.close();
    expect(connection.closed).toBe(true);
    await server.close();
  });

  it('plays a script for every connection', async () => {
    const server = await listen({
      script: async (connection) => {
        await connection.expect(bytes('ping'));
        connection.write(bytes(`pong ${connection.number}`));
        connection.end();
      },
    });
    for (const answer of ['pong 1', 'pong 2']) {
      const client = dial(server);
      client.end('ping');
      expect((await chunksOf(client)).join('')).toBe(answer);
    }
    await server.close();
  });

  it('throws on close what a script has thrown, and ends its connection', async () => {
    const server = await ScriptedServer.listen({ script: (connection) => connection.expect(bytes('ping')) });
    const client = dial(server);
    client.write('pong');
    await once(client.resume(), 'end');
    await expect(server.close()).rejects.toThrow(/connection 1: byte 1 of 4 is not the expected one/);
    await server.close();
    const ended = await ScriptedServer.listen({ script: (connection) => connection.readEnd() });
    await once(dial(ended), 'connect');
    await ended.close();
  });

  it('is disposable', async () => {
    let target;
    {
      await using server = await ScriptedServer.listen();
      target = server.target;
    }
    const [error] = await once(connect(target), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

const path = join(tmpdir(), `wirewright-scripted-${process.pid}.sock`);

describe.each([
  ['tcp', undefined],
  ['unix path', { path }],
  ['tls', { tls: { key, cert } }],
] as [string, ScriptedServerOptions | undefined][])('ScriptedConnection over %s', (kind, options) => {
  it('reads so many bytes, some, up to a place, and remembers all', async () => {
    const { client, connection } = await pair(options);
    client.write('abcdefline\nrest');
    expect(text(await connection.read(2))).toBe('ab');
    expect(text(await connection.read(4))).toBe('cdef');
    const line = await connection.readUntil((data) => data.indexOf(10) + 1, 'a line');
    expect(text(line)).toBe('line\n');
    expect(text(await connection.readSome())).toBe('rest');
    const [later, last] = [connection.read(3), connection.read(1)];
    client.write('1234');
    expect([text(await later), text(await last)]).toEqual(['123', '4']);
    expect([text(connection.received), connection.unread]).toEqual(['abcdefline\nrest1234', 0]);
  });

  it('reads frames by a meter', async () => {
    const { client, connection } = await pair(options);
    const meter = { measure: (data: Uint8Array, start: number) => (data[start] as number) + 1 };
    client.write(Uint8Array.of(2, 7, 8, 3, 1));
    expect([...(await connection.readFrame(meter))]).toEqual([2, 7, 8]);
    client.write(Uint8Array.of(2, 3));
    expect([...(await connection.readFrame(meter))]).toEqual([3, 1, 2, 3]);
  });

  it('sends whole, and in pieces that arrive one by one', async () => {
    const { client, connection } = await pair(options);
    const chunks = chunksOf(client);
    await connection.writePieces(bytes('abcdef'), 1);
    await connection.writePieces(bytes('123456'), [2, 3]);
    connection.write(bytes('!'));
    connection.end();
    const all = await chunks;
    expect(all.join('')).toBe('abcdef123456!');
    expect(all.slice(0, 8)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', '12', '345']);
  });

  it('sees the end, goes on sending, and sees the close', async () => {
    const { client, connection } = await pair(options);
    client.end('bye');
    await connection.readEnd();
    expect([connection.ended, connection.unread, connection.closed]).toEqual([true, 3, false]);
    expect(text(await connection.read(3))).toBe('bye');
    connection.write(bytes('after'));
    connection.end();
    expect((await chunksOf(client)).join('')).toBe('after');
    await connection.untilClosed();
    expect([connection.closed, connection.wasReset]).toEqual([true, false]);
  });

  it('resets', async () => {
    const { client, connection } = await pair(options);
    const error = new Promise<NodeJS.ErrnoException | undefined>((resolve) =>
      client.once('error', resolve).once('end', () => resolve(undefined)),
    );
    client.resume();
    connection.reset();
    // A unix socket knows no reset.
    expect((await error)?.code).toBe(kind === 'unix path' ? undefined : 'ECONNRESET');
    await connection.untilClosed();
  });

  it('closes in order', async () => {
    const { client, connection } = await pair(options);
    connection.write(bytes('last'));
    connection.close();
    expect((await chunksOf(client)).join('')).toBe('last');
    await connection.untilClosed();
  });

  it('closes at once, whatever is still to be sent', async () => {
    const { client, connection } = await pair(options);
    const size = 64 << 20;
    connection.write(new Uint8Array(size));
    connection.destroy();
    const received = (await chunksOf(client)).reduce((sum, chunk) => sum + chunk.length, 0);
    expect(received).toBeLessThan(size);
    await connection.untilClosed();
  });

  it('holds: the client fills up while nothing is read, and goes on afterwards', async () => {
    const { client, connection } = await pair(options);
    connection.pause();
    const chunk = Buffer.alloc(1 << 20, 1);
    let written = 0;
    while (written < 64 && client.write(chunk)) written += 1;
    expect(written).toBeLessThan(64);
    connection.resume();
    await connection.read((written + 1) * chunk.length);
    expect(connection.received.length).toBe((written + 1) * chunk.length);
  });
});

describe('ScriptedConnection', () => {
  it('sees a reset by the client', async () => {
    const { client, connection } = await pair();
    await once(client, 'connect').catch(() => {});
    const reading = connection.read(1);
    client.resetAndDestroy();
    await expect(reading).rejects.toThrow(
      'connection 1: waited for 1 bytes, but it was lost (ECONNRESET) with 0 bytes',
    );
    expect([connection.wasReset, connection.closed]).toEqual([true, true]);
    await expect(connection.readEnd()).rejects.toThrow(/waited for the end, but it was lost/);
    await connection.untilClosed();
  });

  it('says what it waited for when the client ends before', async () => {
    const { client, connection } = await pair();
    const first = connection.readUntil(() => 0, 'a miracle');
    const second = connection.read(1);
    client.end('abc');
    await expect(first).rejects.toThrow('waited for a miracle, but it ended with 3 bytes unread of 3 received');
    expect(text(await second)).toBe('a');
    connection.destroy();
    await connection.untilClosed();
    await expect(connection.read(5)).rejects.toThrow('waited for 5 bytes, but it is closed with 2 bytes unread of 3');
  });

  it('says where bytes are not the expected ones as soon as they come, and keeps them out of the message', async () => {
    const { client, connection } = await pair();
    await connection.expect(bytes(''));
    client.write('abc');
    await connection.expect(bytes('ab'));
    client.write('XY');
    const error = await connection.expect(bytes('cXZ and more')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ScriptError', actual: bytes('cXY'), expected: bytes('cXZ and more') });
    expect(String(error)).toBe(
      'ScriptError: connection 1: byte 2 of 12 is not the expected one (at 4 of the connection)',
    );
    expect(JSON.stringify(error)).not.toMatch(/actual|expected/);
  });

  it('passes on what a measure throws, and goes on with the next wait', async () => {
    const { client, connection } = await pair();
    client.write('abc');
    const broken = connection.readUntil(() => {
      throw new Error('no frame');
    });
    await expect(broken).rejects.toThrow('no frame');
    expect(text(await connection.read(3))).toBe('abc');
  });
});
