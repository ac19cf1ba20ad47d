import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure, systemPorts, Timekeeper } from '@wirewright/core';
import { fetchTransport, HttpClient, type HttpClientOptions, type HttpResponse } from '@wirewright/core/kit';
import { ScriptedServer } from '@wirewright/core/testing';
import type { Case, Context } from '../case.ts';
import { assertSameBytes, pattern, textOf } from '../support/bytes.ts';
import { endOfCase, failureOf } from '../support/lines.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

interface Served {
  readonly client: HttpClient;
  request(method: string, path: string, more?: Record<string, unknown>): Promise<HttpResponse | Failure>;
}

async function serve(context: Context, handle: Handler, options: Partial<HttpClientOptions> = {}): Promise<Served> {
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.own({
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  });
  return clientFor(context, (server.address() as AddressInfo).port, options);
}

function clientFor(context: Context, port: number, options: Partial<HttpClientOptions> = {}): Served {
  const transport = fetchTransport(`http://127.0.0.1:${port}`, fetch);
  const client = new HttpClient({ transport, timekeeper: new Timekeeper(systemPorts.clock), ...options });
  context.own({ close: () => client.destroy(endOfCase) });
  const dueAt = systemPorts.clock.now() + 10_000;
  return {
    client,
    request: (method, path, more) =>
      client.request({ method, path, ...(more as object) }, { dueAt, ...(more as object) }),
  };
}

function answered(result: HttpResponse | Failure): HttpResponse {
  if (result instanceof Failure) assert.fail(`${result.code}: ${result.message} (${String(result.cause)})`);
  return result;
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

export const httpCases: readonly Case[] = [
  {
    name: 'sends method, path, headers and body; gets status, headers and body',
    async run(context) {
      const { request } = await serve(context, async (incoming, response) => {
        const body = await bodyOf(incoming);
        response.writeHead(201, { 'X-Method': incoming.method ?? '', 'X-Path': incoming.url ?? '' });
        response.end(`${String(incoming.headers['x-mine'])} ${body.length}`);
      });
      const headers = { 'X-Mine': 'yes', 'Content-Type': 'application/octet-stream' };
      const sent = answered(await request('POST', '/a/b?c=%20d', { headers, body: pattern(1000) }));
      assert.equal(sent.status, 201);
      assert.equal(sent.headers.get('x-method'), 'POST');
      assert.equal(sent.headers.get('X-Path'), '/a/b?c=%20d');
      assert.equal(sent.headers.get('x-absent'), null);
      assert.equal(textOf(sent.body), 'yes 1000');
      assert.equal(answered(await request('DELETE', '/')).headers.get('x-method'), 'DELETE');
    },
  },
  {
    name: 'any status is a response, with what Retry-After asks for',
    async run(context) {
      const { request } = await serve(context, (incoming, response) => {
        response.writeHead(Number(incoming.url?.slice(1)), { 'Retry-After': '2' });
        response.end();
      });
      for (const status of [204, 304, 404, 429, 503]) {
        const response = answered(await request('GET', `/${status}`));
        assert.deepEqual([response.status, response.retryAfterMs, response.body.length], [status, 2000, 0]);
      }
    },
  },
  {
    name: 'bodies of many chunks come whole; those over the limit are refused',
    async run(context) {
      const body = pattern(3 * 1024 * 1024);
      const handle: Handler = async (incoming, response) => {
        if (incoming.url === '/announced') response.setHeader('Content-Length', body.length);
        for (let at = 0; at < body.length && !response.destroyed; at += 100_000) {
          const chunk = body.subarray(at, at + 100_000);
          await new Promise<void>((resolve) => response.write(chunk, () => resolve()));
        }
        response.end();
      };
      const { request } = await serve(context, handle);
      assertSameBytes(answered(await request('GET', '/')).body, body);
      const small = await serve(context, handle, { maxBodyBytes: 1_000_000 });
      assert.equal(failureOf(await small.request('GET', '/')).code, 'BODY_TOO_LARGE');
      assert.equal(failureOf(await small.request('GET', '/announced')).code, 'BODY_TOO_LARGE');
    },
  },
  {
    name: 'a redirect is not followed',
    async run(context) {
      let requests = 0;
      const { request } = await serve(context, (_, response) => {
        requests += 1;
        response.writeHead(302, { Location: '/elsewhere' });
        response.end();
      });
      assert.equal(failureOf(await request('GET', '/')).code, 'REDIRECTED');
      assert.equal(requests, 1);
    },
  },
  {
    name: 'a deadline and a signal end an exchange, and the server sees that',
    async run(context) {
      const gone: Promise<unknown>[] = [];
      const { client, request } = await serve(context, (incoming, response) => {
        gone.push(once(response, 'close'));
        if (incoming.url === '/half') response.write('half');
      });
      const dueAt = systemPorts.clock.now() + 50;
      const late = failureOf(await request('GET', '/', { dueAt }));
      assert.deepEqual([late.kind, late.outcome], ['timeout', 'unknown']);
      const controller = new AbortController();
      const half = request('GET', '/half', { signal: controller.signal });
      while (gone.length < 2) await new Promise<void>((resolve) => setImmediate(resolve));
      controller.abort();
      assert.equal(failureOf(await half).kind, 'aborted');
      await Promise.all(gone);
      // The server may see the end before the transport has told us of it.
      while (client.stats().inFlight > 0) await new Promise<void>((resolve) => setImmediate(resolve));
    },
  },
  {
    name: 'exchanges are bounded; who comes later waits, or is refused',
    async run(context) {
      let most = 0;
      let now = 0;
      const waiting: ServerResponse[] = [];
      const { client, request } = await serve(
        context,
        (_, response) => {
          most = Math.max(most, (now += 1));
          waiting.push(response);
        },
        { maxInFlight: 2, maxWaiters: 2 },
      );
      const calls = Array.from({ length: 5 }, () => request('GET', '/'));
      assert.equal(failureOf(await calls[4]).kind, 'overloaded');
      assert.deepEqual(client.stats(), { inFlight: 2, waiting: 2 });
      while (waiting.length < 2) await new Promise<void>((resolve) => setImmediate(resolve));
      for (let served = 0; served < 4;) {
        const response = waiting.shift();
        if (response) {
          now -= 1;
          served += 1;
          response.end('ok');
        } else await new Promise<void>((resolve) => setImmediate(resolve));
      }
      for (const call of calls.slice(0, 4)) assert.equal(textOf(answered(await call).body), 'ok');
      assert.equal(most, 2);
    },
  },
  {
    name: 'a port that nobody listens on is a connection failure with nothing sent',
    async run(context) {
      const server = await ScriptedServer.listen();
      await server.close();
      const failure = failureOf(await clientFor(context, server.port).request('GET', '/'));
      assert.deepEqual([failure.kind, failure.code, failure.outcome], ['connection', 'CONNECT_FAILED', 'not-sent']);
    },
  },
  {
    name: 'a server that hangs up in the middle leaves the outcome unknown',
    async run(context) {
      const server = context.own(
        await ScriptedServer.listen({
          script: async (connection) => {
            await connection.readSome();
            connection.reset();
          },
        }),
      );
      const failure = failureOf(await clientFor(context, server.port).request('POST', '/', { body: 'x' }));
      assert.deepEqual([failure.kind, failure.outcome], ['connection', 'unknown']);
    },
  },
];
