import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ArgumentError, Failure } from '../../../src/index.ts';
import { HttpClient, type HttpResponse } from '../../../src/kit/index.ts';
import { headersOf, over, standIn, type Started } from './stand-in.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (response: HttpResponse | Failure): string =>
  response instanceof Failure ? response.code : new TextDecoder().decode(response.body);

function answer({ handler }: Started, text = 'fine', headers: Record<string, string> = {}): void {
  handler.onSent();
  handler.onHead(200, headersOf(headers));
  for (const part of text.split('|')) handler.onChunk(bytes(part));
  handler.onEnd();
  handler.onOver();
}

describe('HttpClient', () => {
  it('brings status, headers and body of any answer', async () => {
    const { client, started, request } = standIn();
    const response = request({ method: 'POST', path: '/a?b', headers: { 'x-a': 'b' }, body: 'body' });
    expect(started[0]?.request).toEqual({ method: 'POST', path: '/a?b', headers: { 'x-a': 'b' }, body: 'body' });
    const { handler } = started[0] as Started;
    handler.onSent();
    handler.onHead(503, headersOf({ 'retry-after': '3', 'x-c': 'd' }));
    handler.onChunk(bytes('sor'));
    handler.onChunk(bytes('ry'));
    handler.onEnd();
    handler.onOver();
    const result = (await response) as HttpResponse;
    expect(result).toMatchObject({ status: 503, retryAfterMs: 3000 });
    expect([result.headers.get('X-C'), textOf(result)]).toEqual(['d', 'sorry']);
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 0 });
  });

  it('copies what it is given, in memory of its own length', async () => {
    const { started, request } = standIn();
    const response = request();
    const { handler } = started[0] as Started;
    handler.onHead(200, headersOf());
    const shared = bytes('abcd');
    for (let i = 0; i < 3; i += 1) handler.onChunk(shared);
    shared.fill(0x21);
    handler.onEnd();
    const { body } = (await response) as HttpResponse;
    expect(new TextDecoder().decode(body)).toBe('abcdabcdabcd');
    expect(body.buffer.byteLength).toBe(12);
  });

  it('may have no body', async () => {
    const { started, request } = standIn();
    const response = request({ method: 'HEAD' });
    const { handler } = started[0] as Started;
    // What a GET would have brought.
    handler.onHead(200, headersOf({ 'content-length': '99999999999' }));
    handler.onEnd();
    expect(((await response) as HttpResponse).body).toEqual(new Uint8Array(0));
  });
});

describe('the bounds of an HttpClient', () => {
  it('let so many exchanges run at once; others wait in line, and are refused where the line is full', async () => {
    const { client, started, request } = standIn({ maxInFlight: 2, maxWaiters: 1 });
    const responses = Array.from({ length: 4 }, () => request());
    expect(client.stats()).toEqual({ inFlight: 2, waiting: 1 });
    expect(await responses[3]).toMatchObject({ kind: 'overloaded', outcome: 'not-sent', retryable: true });
    expect(started.length).toBe(2);
    answer(started[1] as Started, 'second');
    expect(textOf((await responses[1]) as HttpResponse)).toBe('second');
    await null;
    expect(started.length).toBe(3);
    answer(started[0] as Started);
    answer(started[2] as Started, 'third');
    expect(textOf((await responses[2]) as HttpResponse)).toBe('third');
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 0 });
  });

  it('are 10 and 1000 where nothing else is said', async () => {
    const { client, request } = standIn();
    const responses = Array.from({ length: 1011 }, () => request());
    expect(client.stats()).toEqual({ inFlight: 10, waiting: 1000 });
    expect(await responses.at(-1)).toMatchObject({ kind: 'overloaded' });
    client.destroy(over);
    await Promise.all(responses);
  });

  it('count what was given up until the transport is done with it', async () => {
    const { client, clock, started, request } = standIn({ maxInFlight: 1 });
    const first = request({}, { timeoutMs: 50 });
    const second = request({}, { timeoutMs: 500 });
    await clock.advance(70);
    expect(await first).toMatchObject({ kind: 'timeout' });
    expect([started.length, started[0]?.aborted]).toEqual([1, true]);
    expect(client.stats()).toEqual({ inFlight: 1, waiting: 1 });
    started[0]?.handler.onOver();
    started[0]?.handler.onOver();
    await clock.advance(0);
    expect(started.length).toBe(2);
    answer(started[1] as Started);
    expect(textOf(await second)).toBe('fine');
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 0 });
  });

  it('give the place back of a call that may not begin', async () => {
    const { client, started, timekeeper, request } = standIn({ maxInFlight: 1 });
    expect(await request({}, { signal: AbortSignal.abort('no') })).toMatchObject({ kind: 'aborted', cause: 'no' });
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 0 });
    timekeeper.abandonAll('over');
    expect(await request()).toMatchObject({ kind: 'closed' });
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 0 });
    expect(started.length).toBe(0);
  });

  it('limit a body that announces itself, and one that does not', async () => {
    const { started, request } = standIn({ maxBodyBytes: 10 });
    const responses = Array.from({ length: 4 }, () => request());
    const [exact, announced, streamed, lying] = started as [Started, Started, Started, Started];
    answer(exact, '12345|67890', { 'content-length': '10' });
    announced.handler.onHead(200, headersOf({ 'content-length': '11' }));
    streamed.handler.onHead(200, headersOf());
    streamed.handler.onChunk(bytes('1234567890'));
    expect(streamed.aborted).toBe(false);
    streamed.handler.onChunk(bytes('1'));
    lying.handler.onHead(200, headersOf({ 'content-length': '1' }));
    lying.handler.onChunk(bytes('12345678901'));
    expect((await Promise.all(responses)).map(textOf)).toEqual([
      '1234567890',
      'BODY_TOO_LARGE',
      'BODY_TOO_LARGE',
      'BODY_TOO_LARGE',
    ]);
    expect(started.map(({ aborted }) => aborted)).toEqual([false, true, true, true]);
    expect(await responses[1]).toMatchObject({
      kind: 'protocol',
      outcome: 'unknown',
      retryable: false,
      endpoint: 'http://stand.in:80',
      message: expect.stringContaining('maxBodyBytes (10)') as string,
    });
  });

  it('limit it to 64 MiB where nothing else is said', async () => {
    const { started, request } = standIn();
    const responses = [request(), request()];
    started[0]?.handler.onHead(200, headersOf({ 'content-length': String(64 * 1024 * 1024) }));
    started[1]?.handler.onHead(200, headersOf({ 'content-length': String(64 * 1024 * 1024 + 1) }));
    expect(started.map(({ aborted }) => aborted)).toEqual([false, true]);
    started[0]?.handler.onEnd();
    await Promise.all(responses);
  });

  it('take memory in proportion to what came, however small the parts are', async () => {
    const { started, request } = standIn({ maxBodyBytes: 70_000 });
    const response = request();
    const { handler } = started[0] as Started;
    handler.onHead(200, headersOf());
    for (let i = 0; i < 70_000; i += 1) handler.onChunk(new Uint8Array([i % 251]));
    handler.onEnd();
    const { body } = (await response) as HttpResponse;
    expect([body.length, body.buffer.byteLength, body[69_999]]).toEqual([70_000, 70_000, 69_999 % 251]);
  });
});

describe('an exchange that is given up', () => {
  it.each([
    ['before it was sent', false, 'not-sent', 'connect'],
    ['afterwards', true, 'unknown', 'request'],
  ])('%s, by its deadline, its signal or its client', async (_, sent, outcome, phase) => {
    const { client, clock, timekeeper, started, request } = standIn();
    const controller = new AbortController();
    const responses = [
      request({}, { timeoutMs: 50 }),
      request({}, { signal: controller.signal }),
      request(),
      request({}, { timeoutMs: Infinity }),
    ];
    if (sent) for (const { handler } of started) handler.onSent();
    await clock.advance(70);
    controller.abort('enough');
    expect(await Promise.all(responses.slice(0, 2))).toMatchObject([
      { kind: 'timeout', outcome, retryable: true, details: { phase } },
      { kind: 'aborted', outcome, cause: 'enough', details: { phase } },
    ]);
    expect(started.map(({ aborted }) => aborted)).toEqual([true, true, false, false]);
    client.destroy(over);
    expect(await Promise.all(responses.slice(2))).toMatchObject([
      { kind: 'closed', message: 'over', outcome },
      { kind: 'closed', outcome },
    ]);
    expect(started.every(({ aborted }) => aborted)).toBe(true);
    await clock.advance(20);
    expect([timekeeper.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('hears nothing of what comes later', async () => {
    const { started, request } = standIn();
    const controller = new AbortController();
    const response = request({}, { signal: controller.signal });
    controller.abort();
    answer(started[0] as Started);
    started[0]?.handler.onError(new Error('late'));
    expect(await response).toMatchObject({ kind: 'aborted' });
  });

  it('inside the transport is aborted as soon as it can be', async () => {
    const controller = new AbortController();
    const { started, request } = standIn({}, () => controller.abort('from within'));
    expect(await request({}, { signal: controller.signal })).toMatchObject({ kind: 'aborted' });
    expect(started[0]?.aborted).toBe(true);
    const redirecting = standIn({}, ({ handler }) => handler.onHead(302, headersOf()));
    expect(await redirecting.request()).toMatchObject({ code: 'REDIRECTED' });
    expect(redirecting.started[0]?.aborted).toBe(true);
    const answering = standIn({}, (one) => answer(one));
    expect(textOf(await answering.request())).toBe('fine');
    expect(answering.started[0]?.aborted).toBe(false);
  });
});

describe('an exchange that fails', () => {
  const coded = (code: string): Error => Object.assign(new Error('with a secret'), { code });

  it.each([
    ['before it was sent', false, undefined, 'CONNECT_FAILED', 'not-sent'],
    ['afterwards', true, undefined, 'CONNECTION_LOST', 'unknown'],
    ['with the proof that nothing left', true, 'not-sent' as const, 'CONNECT_FAILED', 'not-sent'],
  ])('%s', async (_, sent, proof, code, outcome) => {
    const { client, started, request } = standIn();
    const response = request();
    const { handler } = started[0] as Started;
    if (sent) handler.onSent();
    const error = coded('EBROKEN');
    handler.onError(error, proof);
    handler.onOver();
    const failure = (await response) as Failure;
    expect(failure).toMatchObject({
      kind: 'connection',
      code,
      outcome,
      retryable: true,
      endpoint: 'http://stand.in:80',
      cause: error,
    });
    expect(failure.message).toContain('EBROKEN');
    expect(failure.message).not.toContain('secret');
    expect(client.stats().inFlight).toBe(0);
  });

  it('because the answer is not HTTP', async () => {
    const { started, request } = standIn();
    const response = request();
    started[0]?.handler.onSent();
    const error = Object.assign(new Error('Expected HTTP/'), { code: 'HPE_INVALID_CONSTANT', data: 'hunter2' });
    started[0]?.handler.onError(error);
    const failure = (await response) as Failure;
    expect(failure).toMatchObject({ kind: 'protocol', code: 'PROTOCOL', outcome: 'unknown', retryable: true });
    expect(failure.message).toBe('http://stand.in:80 answered with what is not HTTP: Expected HTTP/');
    expect(inspect(failure.toError({ system: 'test', attempts: 1 }))).not.toContain('hunter2');
  });

  it('because the transport throws, or fails with what is no error', async () => {
    const { client, request } = standIn({ maxInFlight: 1 }, () => {
      throw new TypeError('broken');
    });
    expect(await request()).toMatchObject({ code: 'CONNECT_FAILED', outcome: 'not-sent' });
    expect(client.stats().inFlight).toBe(0);
    const other = standIn({}, ({ handler }) => handler.onError('a text'));
    expect(await other.request()).toMatchObject({ message: expect.stringContaining('unknown error') as string });
  });

  it.each([300, 301, 302, 303, 307, 308, 399])('because it would go elsewhere: %i', async (status) => {
    const { started, request } = standIn();
    const response = request();
    started[0]?.handler.onSent();
    started[0]?.handler.onHead(status, headersOf({ location: 'http://evil.test' }));
    const failure = (await response) as Failure;
    expect(failure).toMatchObject({ kind: 'protocol', code: 'REDIRECTED', outcome: 'rejected', retryable: false });
    expect(failure.message).not.toContain('evil');
    expect(started[0]?.aborted).toBe(true);
  });

  it.each([200, 299, 304, 400, 599])('but not with %i', async (status) => {
    const { started, request } = standIn();
    const response = request();
    started[0]?.handler.onHead(status, headersOf());
    started[0]?.handler.onEnd();
    expect(await response).toMatchObject({ status });
  });
});

describe('an HttpClient that is destroyed', () => {
  it('ends who waits and who comes, once, and lets go of its transport', async () => {
    const all = standIn({ maxInFlight: 1 });
    const responses = [all.request(), all.request()];
    all.client.destroy(over);
    expect(await Promise.all(responses)).toMatchObject([{ kind: 'closed' }, over]);
    expect(await all.request()).toBe(over);
    expect([all.started.length, all.destroyed]).toEqual([1, 1]);
  });

  it('has forgotten what was over before', async () => {
    const all = standIn();
    const response = all.request();
    answer(all.started[0] as Started);
    await response;
    all.client.destroy(over);
    expect(all.started[0]?.aborted).toBe(false);
  });
});

describe('a request that cannot be sent', () => {
  it.each([
    ['a method with a space', { method: 'GET /' }, 'method'],
    ['no method', { method: '' }, 'method'],
    ['another origin', { path: '@evil.test/' }, 'path'],
    ['a whole URL', { path: 'http://evil.test/' }, 'path'],
    ['no path', { path: '' }, 'path'],
    ['a space', { path: '/a b' }, 'path'],
    ['a line end', { path: '/a\r\nX: y' }, 'path'],
    ['a fragment', { path: '/a#hunter2' }, 'path'],
    ['what is not ASCII', { path: '/ä' }, 'path'],
    ['a line end in a header', { headers: { 'x-a': 'hunter2\r\nX: y' } }, "'x-a'"],
    ['a character that no byte holds', { headers: { 'x-a': 'hunter2 €' } }, "'x-a'"],
    ['a value that is no text', { headers: { 'x-a': 5 as unknown as string } }, "'x-a'"],
    ['a name with a line end', { headers: { 'x\nhunter2': 'a' } }, 'name of a header'],
    ['a body that is none', { method: 'PUT', body: { hunter2: 1 } as unknown as string }, 'body'],
    ['a body of GET', { body: 'hunter2' }, 'no body'],
  ])('because of %s is refused, and its content is not told', async (_, changes, told) => {
    const { client, started, request } = standIn();
    const error = await request(changes).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toContain(told);
    expect((error as Error).message).not.toContain('hunter2');
    expect([started.length, client.stats().inFlight]).toEqual([0, 0]);
  });

  it('is told from unusual ones that can', async () => {
    const { started, request } = standIn();
    void request({ method: 'PURGE', path: '/~a/%20?q=[x]&"{}|\\^`', headers: { 'x-a': 'a\tb é', 'x-b': '' } });
    void request({ method: 'POST', body: new Uint8Array(0) });
    await null;
    expect(started.length).toBe(2);
  });
});

describe('the options of HttpClient', () => {
  it.each([
    ['maxInFlight', 0],
    ['maxInFlight', NaN],
    ['maxWaiters', -1],
    ['maxWaiters', 0.5],
    ['maxBodyBytes', -1],
    ['maxBodyBytes', '1'],
    ['transport', null],
  ])('refuse %s: %s', (name, value) => {
    expect(() => standIn({ [name]: value })).toThrow(`HttpClient: '${name}' must be`);
  });

  it('may have no bounds', () => {
    expect(() => standIn({ maxInFlight: Infinity, maxWaiters: Infinity, maxBodyBytes: Infinity })).not.toThrow();
    expect(HttpClient.name).toBe('HttpClient');
  });
});
