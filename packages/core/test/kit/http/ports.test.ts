import { describe, expect, it } from 'vitest';
import { type FetchLike, fetchTransport, type HttpHandler, undiciTransport } from '../../../src/kit/index.ts';
import type { UndiciDispatcher } from '../../../src/kit/index.ts';

/** A handler that writes down what it is told. */
function scribe(): { readonly handler: HttpHandler; readonly log: string[] } {
  const log: string[] = [];
  const handler: HttpHandler = {
    onSent: () => log.push('sent'),
    onHead: (status) => log.push(`head ${status}`),
    onChunk: (chunk) => log.push(`chunk ${chunk.length}`),
    onEnd: () => log.push('end'),
    onError: (error) => log.push(`error ${(error as Error).message}`),
    onOver: () => log.push('over'),
  };
  return { handler, log };
}

const request = { method: 'GET', path: '/' };

const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i += 1) await null;
};

/** A `fetch` that does not listen to its signal. */
function stubbornFetch(): {
  readonly fetch: FetchLike;
  readonly signals: AbortSignal[];
  respond(status: number, parts: readonly string[]): void;
} {
  let respond: (response: Awaited<ReturnType<FetchLike>>) => void = () => {};
  const signals: AbortSignal[] = [];
  return {
    signals,
    fetch: (_url, { signal }) => {
      signals.push(signal);
      return new Promise((resolve) => (respond = resolve));
    },
    respond(status, parts) {
      const left = [...parts];
      const read = async (): Promise<{ done: boolean; value?: Uint8Array }> => {
        const part = left.shift();
        return part === undefined ? { done: true } : { done: false, value: new TextEncoder().encode(part) };
      };
      respond({ status, headers: { get: () => null }, body: { getReader: () => ({ read }) } });
    },
  };
}

describe('fetchTransport', () => {
  it('tells what happens in order, and last that it is over', async () => {
    const { fetch, respond } = stubbornFetch();
    const { handler, log } = scribe();
    fetchTransport('http://a.test', fetch).start(request, handler);
    respond(200, ['abc', 'd']);
    await settle();
    expect(log).toEqual(['sent', 'head 200', 'chunk 3', 'chunk 1', 'end', 'over']);
  });

  it('takes a redirect that a browser hides for one', async () => {
    const { handler, log } = scribe();
    const fetch: FetchLike = async () => ({
      status: 0,
      type: 'opaqueredirect',
      headers: { get: () => null },
      body: null,
    });
    fetchTransport('http://a.test', fetch).start(request, handler);
    await settle();
    expect(log).toEqual(['sent', 'head 307', 'end', 'over']);
  });

  it('is silent after an abort, whatever fetch does', async () => {
    const { fetch, respond } = stubbornFetch();
    const { handler, log } = scribe();
    const abort = fetchTransport('http://a.test', fetch).start(request, handler);
    abort();
    respond(200, ['abc']);
    await settle();
    expect(log).toEqual(['sent', 'over']);
  });

  it('is silent after an abort from within', async () => {
    for (const at of ['head', 'chunk']) {
      const { fetch, respond } = stubbornFetch();
      const { handler, log } = scribe();
      const wrapped: HttpHandler = {
        ...handler,
        onHead: (status, headers) => {
          handler.onHead(status, headers);
          if (at === 'head') abort();
        },
        onChunk: (chunk) => {
          handler.onChunk(chunk);
          if (at === 'chunk') abort();
        },
      };
      const abort = fetchTransport('http://a.test', fetch).start(request, wrapped);
      respond(200, ['abc', 'd']);
      await settle();
      expect(log.slice(2)).toEqual(at === 'head' ? ['over'] : ['chunk 3', 'over']);
    }
  });

  it('aborts what is under way when it is destroyed, and nothing else', async () => {
    const { fetch, signals, respond } = stubbornFetch();
    const transport = fetchTransport('http://a.test', fetch);
    transport.start(request, scribe().handler);
    respond(200, []);
    await settle();
    transport.start(request, scribe().handler);
    transport.destroy();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
  });
});

describe('undiciTransport', () => {
  type Handler = Parameters<UndiciDispatcher['dispatch']>[1];

  it('takes hints that come before the answer for what they are, and sets no time limits of its own', () => {
    let told: Handler | undefined;
    let asked: unknown;
    const dispatcher: UndiciDispatcher = {
      dispatch: (options, handler) => ((asked = options), (told = handler), true),
      destroy: () => {},
    };
    const { handler, log } = scribe();
    undiciTransport('http://a.test', dispatcher).start(request, handler);
    expect(asked).toMatchObject({ origin: 'http://a.test', headersTimeout: 0, bodyTimeout: 0, body: null });
    const controller = { abort: () => {} };
    told?.onRequestStart(controller, undefined);
    told?.onResponseStart(controller, 103, { link: 'x' });
    told?.onResponseStart(controller, 200, {});
    told?.onResponseData(controller, new Uint8Array(2));
    told?.onResponseEnd(controller, {});
    expect(log).toEqual(['sent', 'head 200', 'chunk 2', 'end', 'over']);
  });

  it('is silent after an abort', () => {
    let told: Handler | undefined;
    const dispatcher: UndiciDispatcher = { dispatch: (_, handler) => ((told = handler), true), destroy: () => {} };
    const { handler, log } = scribe();
    const abort = undiciTransport('http://a.test', dispatcher).start(request, handler);
    let aborts = 0;
    const controller = { abort: () => (aborts += 1) };
    told?.onRequestStart(controller, undefined);
    abort();
    abort();
    told?.onResponseStart(controller, 200, {});
    told?.onResponseData(controller, new Uint8Array(2));
    told?.onResponseError(controller, new Error('aborted'));
    expect(log).toEqual(['sent', 'over']);
    expect(aborts).toBe(1);
  });
});
