/** HTTP over a `fetch`: for browsers, Workers, Deno and Bun. */

import { checkOrigin } from './origin.ts';
import type { HttpHandler, HttpRequest, HttpTransport } from './transport.ts';

interface FetchResponse {
  readonly status: number;
  readonly type?: string;
  readonly headers: { get(name: string): string | null };
  readonly body: { getReader(): FetchReader } | null;
}

interface FetchReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
}

/** Bytes as the types of `fetch` want them: not those of a `SharedArrayBuffer`, which it refuses. */
type FetchBody = Uint8Array & { readonly buffer: ArrayBuffer };

/** The part of `fetch` that is used. The platform's own fits. */
export type FetchLike = (
  url: string,
  init: {
    method: string;
    headers: Record<string, string>;
    body?: FetchBody | string;
    redirect: 'manual';
    signal: AbortSignal;
  },
) => Promise<FetchResponse>;

/** Codes of errors that come before a byte of the request has left. */
const notSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * `fetch` does not say when a request leaves: it counts as sent from the start, unless the cause of a failure proves
 * otherwise.
 *
 * @param origin - `https://host:port`, without a path
 * @throws ArgumentError when it is none
 */
export function fetchTransport(origin: string, fetch: FetchLike): HttpTransport {
  checkOrigin(origin);
  const open = new Set<AbortController>();
  return {
    origin,
    start(request: HttpRequest, handler: HttpHandler): () => void {
      const controller = new AbortController();
      open.add(controller);
      void exchange(fetch, origin, request, controller.signal, handler).finally(() => {
        open.delete(controller);
        handler.onOver();
      });
      return () => controller.abort();
    },
    destroy(): void {
      for (const controller of open) controller.abort();
    },
  };
}

async function exchange(
  fetch: FetchLike,
  origin: string,
  request: HttpRequest,
  signal: AbortSignal,
  handler: HttpHandler,
): Promise<void> {
  const { method, path, headers = {}, body } = request;
  handler.onSent();
  try {
    const sent = { method, headers: { ...headers }, redirect: 'manual' as const, signal };
    const response = await fetch(
      origin + path,
      body === undefined ? sent : { ...sent, body: body as FetchBody | string },
    );
    if (signal.aborted) return;
    // A browser hides the status of a redirect that it did not follow.
    handler.onHead(response.type === 'opaqueredirect' ? 307 : response.status, response.headers);
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done && !signal.aborted; part = await reader?.read()) {
      if (part.value) handler.onChunk(part.value);
    }
    if (!signal.aborted) handler.onEnd();
  } catch (error) {
    if (signal.aborted) return;
    const cause = (error as { cause?: unknown } | undefined)?.cause ?? error;
    handler.onError(cause, provesNotSent(cause) ? 'not-sent' : undefined);
  }
}

/** Deno gives no codes: a phrase of its HTTP client says that the connection was never there. */
function provesNotSent(cause: unknown): boolean {
  const { code, message } = (cause ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return notSent.has(code);
  return typeof message === 'string' && message.includes('client error (Connect)');
}
