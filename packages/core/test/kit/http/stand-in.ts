/** A transport in the hands of a test, on virtual time. */

import { Failure, Timekeeper } from '../../../src/index.ts';
import {
  HttpClient,
  type HttpClientOptions,
  type HttpHandler,
  type HttpHeaders,
  type HttpRequest,
  type HttpResponse,
  type HttpTransport,
} from '../../../src/kit/index.ts';
import { createFakePorts, type FakeClock } from '../../../src/testing/index.ts';

export interface Started {
  readonly request: HttpRequest;
  readonly handler: HttpHandler;
  aborted: boolean;
}

export interface StandIn {
  readonly client: HttpClient;
  readonly clock: FakeClock;
  readonly timekeeper: Timekeeper;
  readonly started: Started[];
  destroyed: number;
  request(
    request?: Partial<HttpRequest>,
    limits?: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<HttpResponse | Failure>;
}

export const headersOf = (headers: Record<string, string> = {}): HttpHeaders => ({
  get: (name) => headers[name.toLowerCase()] ?? null,
});

export const over = new Failure({ kind: 'closed', message: 'over', outcome: 'not-sent', retryable: false });

/** @param onStart - told of each exchange from within `start` */
export function standIn(
  options: Partial<HttpClientOptions> = {},
  onStart: (started: Started) => void = () => {},
): StandIn {
  const { clock } = createFakePorts();
  const timekeeper = new Timekeeper(clock);
  const started: Started[] = [];
  const transport: HttpTransport = {
    origin: 'http://stand.in:80',
    start(request, handler) {
      const one: Started = { request, handler, aborted: false };
      started.push(one);
      onStart(one);
      return () => (one.aborted = true);
    },
    destroy: () => void (all.destroyed += 1),
  };
  const all: StandIn = {
    client: new HttpClient({ transport, timekeeper, ...options }),
    clock,
    timekeeper,
    started,
    destroyed: 0,
    request: (request = {}, { timeoutMs = 1000, signal } = {}) =>
      all.client.request({ method: 'GET', path: '/', ...request }, { dueAt: clock.now() + timeoutMs, signal }),
  };
  return all;
}
