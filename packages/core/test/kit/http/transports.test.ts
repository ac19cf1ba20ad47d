import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { Pool } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure, systemPorts, Timekeeper } from '../../../src/index.ts';
import {
  fetchTransport,
  HttpClient,
  type HttpClientOptions,
  type HttpResponse,
  type HttpTransport,
  undiciTransport,
} from '../../../src/kit/index.ts';
import { createFakePorts } from '../../../src/testing/index.ts';
import { over } from './stand-in.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const transports: [string, (origin: string) => HttpTransport][] = [
  ['undici', (origin) => undiciTransport(origin, new Pool(origin))],
  ['fetch', (origin) => fetchTransport(origin, fetch)],
];

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

async function refusingPort(): Promise<number> {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

interface Lab {
  readonly client: HttpClient;
  /** Virtual time of the deadlines; the sockets are real. */
  readonly advance: (ms: number) => Promise<void>;
  get(path: string, limits?: { timeoutMs?: number; signal?: AbortSignal }): Promise<HttpResponse | Failure>;
}

describe.each(transports)('an exchange over %s', (name, create) => {
  const transportTo = (origin: string): HttpTransport =>
    name === 'undici' ? undiciTransport(origin, idle) : fetchTransport(origin, fetch);

  function labAt(port: number, options: Partial<HttpClientOptions> = {}): Lab {
    const { clock } = createFakePorts({ turns: 'system' });
    const transport = create(`http://127.0.0.1:${port}`);
    const client = new HttpClient({ transport, timekeeper: new Timekeeper(clock), ...options });
    cleanUps.push(async () => client.destroy(over));
    return {
      client,
      advance: (ms) => clock.advance(ms),
      get: (path, { timeoutMs = Infinity, signal } = {}) =>
        client.request({ method: 'GET', path }, { dueAt: clock.now() + timeoutMs, signal }),
    };
  }

  async function lab(handler: Handler, options: Partial<HttpClientOptions> = {}): Promise<Lab> {
    return labAt(await listen(createServer(handler)), options);
  }

  it('carries method, path, headers and bodies there and back', async () => {
    const port = await listen(
      createServer((request, response) => {
        const chunks: Uint8Array[] = [];
        request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
        request.on('end', () => {
          response.setHeader('X-Twice', ['a', 'b']);
          response.writeHead(202, {
            'X-Seen': `${request.method} ${request.url} ${String(request.headers['x-mine'])}`,
          });
          response.end(Buffer.concat(chunks));
        });
      }),
    );
    const { client } = labAt(port);
    const body = Uint8Array.from({ length: 300_000 }, (_, i) => i % 253);
    const request = { method: 'PUT', path: '/a/b?c=d', headers: { 'x-mine': 'tab\there' }, body };
    const answer = (await client.request(request, { dueAt: Infinity })) as HttpResponse;
    expect([answer.status, answer.headers.get('x-SEEN')]).toEqual([202, 'PUT /a/b?c=d tab\there']);
    expect(Buffer.compare(answer.body, body)).toBe(0);
    expect([answer.headers.get('x-twice'), answer.headers.get('constructor')]).toEqual(['a, b', null]);
    const text = (await client.request({ ...request, body: 'grüße' }, { dueAt: Infinity })) as HttpResponse;
    expect(new TextDecoder().decode(text.body)).toBe('grüße');
  });

  it('ends at its deadline before there is an answer: the server sees the connection close', async () => {
    let gone: Promise<unknown> = Promise.resolve();
    let arrive = (): void => {};
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const at = await lab((_request, response) => {
      gone = once(response, 'close');
      arrive();
    });
    const response = at.get('/', { timeoutMs: 50 });
    await arrived;
    await at.advance(70);
    expect(await response).toMatchObject({ kind: 'timeout', outcome: 'unknown', details: { phase: 'request' } });
    await gone;
  });

  it('is aborted in the middle of a body: the server sees the connection close', async () => {
    let gone: Promise<unknown> = Promise.resolve();
    const controller = new AbortController();
    const { get } = await lab((_request, response) => {
      gone = once(response, 'close');
      response.writeHead(200);
      response.write('a part', () => controller.abort('enough'));
    });
    expect(await get('/', { signal: controller.signal })).toMatchObject({
      kind: 'aborted',
      outcome: 'unknown',
      cause: 'enough',
    });
    await gone;
  });

  it('is not begun when it was aborted already, and does not care for an abort afterwards', async () => {
    let requests = 0;
    const { get } = await lab((_request, response) => {
      requests += 1;
      response.end('fine');
    });
    expect(await get('/', { signal: AbortSignal.abort('no') })).toMatchObject({ kind: 'aborted', outcome: 'not-sent' });
    expect(requests).toBe(0);
    const controller = new AbortController();
    expect(await get('/', { signal: controller.signal })).toMatchObject({ status: 200 });
    controller.abort();
    expect(await get('/')).toMatchObject({ status: 200 });
    expect(requests).toBe(2);
  });

  it('ends where the body is too long, announced or not', async () => {
    const gone: Promise<unknown>[] = [];
    const { client, get } = await lab(
      (request, response) => {
        gone.push(once(response, 'close'));
        if (request.url === '/announced') response.writeHead(200, { 'content-length': '1000000' });
        if (request.method === 'HEAD') response.end();
        else response.write('x'.repeat(2000));
      },
      { maxBodyBytes: 1000 },
    );
    expect(await get('/announced')).toMatchObject({ code: 'BODY_TOO_LARGE' });
    expect(await get('/streamed')).toMatchObject({ code: 'BODY_TOO_LARGE' });
    await Promise.all(gone);
    const head = await client.request({ method: 'HEAD', path: '/announced' }, { dueAt: Infinity });
    expect(head).toMatchObject({ status: 200 });
  });

  it('brings what Retry-After asks for, in seconds or as a date', async () => {
    const { get } = await lab((request, response) => {
      const after = request.url === '/date' ? 'Sun, 06 Nov 1994 08:49:40 GMT' : '7';
      response.sendDate = false;
      response.writeHead(429, { 'retry-after': after, date: 'Sun, 06 Nov 1994 08:49:37 GMT' });
      response.end();
    });
    expect(await get('/seconds')).toMatchObject({ status: 429, retryAfterMs: 7000 });
    expect(await get('/date')).toMatchObject({ status: 429, retryAfterMs: 3000 });
  });

  it('follows no redirect, and carries no credentials elsewhere', async () => {
    let elsewhere = 0;
    const other = await listen(createServer((_request, response) => response.end(String((elsewhere += 1)))));
    const { client } = await lab((request, response) => {
      const status = Number(request.url?.slice(1));
      response.writeHead(status, { location: `http://127.0.0.1:${other}/` });
      response.end('over there');
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const request = { method: 'POST', path: `/${status}`, headers: { authorization: 'Bearer hunter2' }, body: 'x' };
      const failure = (await client.request(request, { dueAt: Infinity })) as Failure;
      expect(failure).toMatchObject({ code: 'REDIRECTED', outcome: 'rejected', retryable: false });
      expect(JSON.stringify(failure)).not.toContain('hunter2');
    }
    expect(elsewhere).toBe(0);
  });

  it('is not sent where nobody listens', async () => {
    const port = await refusingPort();
    const { client, get } = labAt(port);
    const failure = (await get('/')) as Failure;
    expect(failure).toMatchObject({
      kind: 'connection',
      code: 'CONNECT_FAILED',
      outcome: 'not-sent',
      retryable: true,
      endpoint: `http://127.0.0.1:${port}`,
      cause: { code: 'ECONNREFUSED' },
    });
    expect(failure.message).toContain('ECONNREFUSED');
    expect(client.stats().inFlight).toBe(0);
  });

  it.each([
    ['resets the connection', (socket: Socket) => void socket.resetAndDestroy(), 'CONNECTION_LOST'],
    ['closes it', (socket: Socket) => void socket.end(), 'CONNECTION_LOST'],
    [
      'stops in the middle of the body',
      (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'),
      'CONNECTION_LOST',
    ],
    ['is not an HTTP server', (socket: Socket) => void socket.end('-ERR unknown command\r\n'), 'PROTOCOL'],
  ])('ends unknown when the peer %s', async (_, treat, code) => {
    const port = await listen(createTcpServer((socket) => socket.once('data', () => treat(socket))));
    const { client, get } = labAt(port);
    expect(await get('/')).toMatchObject({ code, outcome: 'unknown', retryable: true });
    expect(client.stats().inFlight).toBe(0);
  });

  it('waits for its turn where too many are under way', async () => {
    const open: ServerResponse[] = [];
    let most = 0;
    let arrived: () => void = () => {};
    const { client, get } = await lab(
      (_request, response) => {
        open.push(response);
        most = Math.max(most, open.length);
        arrived();
      },
      { maxInFlight: 2 },
    );
    const responses = Array.from({ length: 6 }, () => get('/'));
    for (let left = 6; left > 0; left -= 1) {
      while (open.length < Math.min(2, left)) await new Promise<void>((resolve) => (arrived = resolve));
      open.shift()?.end();
    }
    expect((await Promise.all(responses)).every((response) => !(response instanceof Failure))).toBe(true);
    expect(most).toBe(2);
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 0 });
  });

  it('ends when its client is destroyed, and leaves no connection', async () => {
    const sockets: Promise<unknown>[] = [];
    let arrived: () => void = () => {};
    const both = new Promise<void>((resolve) => (arrived = resolve));
    const server = createServer(() => {
      if (sockets.length === 2) arrived();
    });
    server.on('connection', (socket: Socket) => sockets.push(once(socket, 'close')));
    const { client, get } = labAt(await listen(server));
    const responses = [get('/'), get('/')];
    await both;
    client.destroy(over);
    expect(await Promise.all(responses)).toMatchObject([
      { kind: 'closed', message: 'over', outcome: 'unknown' },
      { kind: 'closed', outcome: 'unknown' },
    ]);
    await Promise.all(sockets);
    expect(client.stats().inFlight).toBe(0);
    expect(await get('/')).toBe(over);
  });

  it('takes hints that come before the answer for what they are', async () => {
    const { get } = await lab((_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.writeHead(200);
      response.end('fine');
    });
    expect(await get('/')).toMatchObject({ status: 200 });
  });

  it.each([
    'http://127.0.0.1/path',
    'http://127.0.0.1:80/',
    'http://user:hunter2@127.0.0.1',
    '127.0.0.1:80',
    'ftp://127.0.0.1',
    'http://',
    '',
  ])('goes to an origin, not to %j', (origin) => {
    expect(() => transportTo(origin)).toThrow('an HTTP origin is written scheme://host:port');
    expect(() => transportTo(origin)).not.toThrow('hunter2');
  });

  it.each(['http://LOCALHOST', 'https://a.test:443', 'http://a.test:80', 'http://[::1]:8080'])(
    'such as %s',
    (origin) => {
      expect(transportTo(origin).origin).toBe(origin);
    },
  );
});

const idle = { dispatch: () => true, destroy: () => {} };

describe('an exchange that undici has not begun', () => {
  it('keeps its place until undici is done with it, and never reaches the server', async () => {
    let requests = 0;
    const port = await listen(createServer((_request, response) => response.end(String((requests += 1)))));
    const origin = `http://127.0.0.1:${port}`;
    const pool = new Pool(origin, { connections: 1 });
    const { clock } = createFakePorts({ turns: 'system' });
    const timekeeper = new Timekeeper(clock);
    const client = new HttpClient({ transport: undiciTransport(origin, pool), timekeeper });
    const controller = new AbortController();
    const given = client.request({ method: 'GET', path: '/' }, { dueAt: Infinity, signal: controller.signal });
    // The dial is under way.
    controller.abort();
    expect(await given).toMatchObject({ kind: 'aborted', outcome: 'not-sent', details: { phase: 'connect' } });
    expect(client.stats().inFlight).toBe(1);
    expect(await client.request({ method: 'GET', path: '/' }, { dueAt: Infinity })).toMatchObject({ status: 200 });
    expect([requests, client.stats().inFlight]).toEqual([1, 0]);
    client.destroy(over);
    expect(pool.destroyed).toBe(true);
    expect(systemPorts.clock.now()).toBeGreaterThan(0);
  });
});
