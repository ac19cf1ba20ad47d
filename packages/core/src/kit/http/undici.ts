/** HTTP over an undici dispatcher (7.x): a `Pool`, a `Client`, an `Agent`, or a `MockAgent` in tests. */

import { checkOrigin } from './origin.ts';
import type { HttpHandler, HttpHeaders, HttpRequest, HttpTransport } from './transport.ts';

type UndiciHeaders = Readonly<Record<string, string | string[] | undefined>>;

interface UndiciController {
  abort(reason: Error): void;
}

interface UndiciHandler {
  onRequestStart(controller: UndiciController, context: unknown): void;
  onResponseStart(controller: UndiciController, status: number, headers: UndiciHeaders, message?: string): void;
  onResponseData(controller: UndiciController, chunk: Uint8Array): void;
  onResponseEnd(controller: UndiciController, trailers: UndiciHeaders): void;
  onResponseError(controller: UndiciController, error: Error): void;
}

/** The part of undici that is used. */
export interface UndiciDispatcher {
  dispatch(
    options: {
      origin: string;
      path: string;
      method: string;
      headers: Record<string, string>;
      body: Uint8Array | string | null;
      headersTimeout: number;
      bodyTimeout: number;
    },
    handler: UndiciHandler,
  ): boolean;
  destroy(): unknown;
}

/** Time is limited by the calls' deadlines. */
const noTimeouts = { headersTimeout: 0, bodyTimeout: 0 };

/**
 * @param origin - `https://host:port`, without a path
 * @param dispatcher - is destroyed with the client
 * @throws ArgumentError when the origin is none
 */
export function undiciTransport(origin: string, dispatcher: UndiciDispatcher): HttpTransport {
  checkOrigin(origin);
  return {
    origin,
    start(request: HttpRequest, handler: HttpHandler): () => void {
      const exchange = new UndiciExchange(handler);
      const { path, method, headers = {}, body = null } = request;
      dispatcher.dispatch({ origin, path, method, headers: { ...headers }, body, ...noTimeouts }, exchange);
      return () => exchange.stop();
    },
    destroy: () => void dispatcher.destroy(),
  };
}

/** Undici's callbacks as ours. One that was stopped before undici began it is aborted when it begins. */
class UndiciExchange implements UndiciHandler {
  readonly #handler: HttpHandler;
  #controller: UndiciController | undefined;
  #stopped = false;

  constructor(handler: HttpHandler) {
    this.#handler = handler;
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#controller?.abort(new Error('the call was given up'));
  }

  onRequestStart(controller: UndiciController): void {
    this.#controller = controller;
    if (this.#stopped) controller.abort(new Error('the call was given up'));
    else this.#handler.onSent();
  }

  onResponseStart(_controller: UndiciController, status: number, headers: UndiciHeaders): void {
    // 1xx are not the answer yet.
    if (!this.#stopped && status >= 200) this.#handler.onHead(status, headersOf(headers));
  }

  onResponseData(_controller: UndiciController, chunk: Uint8Array): void {
    if (!this.#stopped) this.#handler.onChunk(chunk);
  }

  onResponseEnd(): void {
    if (!this.#stopped) {
      this.#stopped = true;
      this.#handler.onEnd();
    }
    this.#handler.onOver();
  }

  onResponseError(_controller: UndiciController, error: Error): void {
    if (!this.#stopped) {
      this.#stopped = true;
      this.#handler.onError(error);
    }
    this.#handler.onOver();
  }
}

function headersOf(headers: UndiciHeaders): HttpHeaders {
  return {
    get: (name) => {
      const key = name.toLowerCase();
      const value = Object.hasOwn(headers, key) ? headers[key] : undefined;
      return value === undefined ? null : typeof value === 'string' ? value : value.join(', ');
    },
  };
}
