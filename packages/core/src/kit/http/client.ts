/** Bounded HTTP exchanges with deadlines, aborts and a cap on what comes back, over any transport. */

import { abandonedFailure, type Abandonment, type Holder, type Pending, type Timekeeper } from '../../deadline.ts';
import { Failure } from '../../errors/failure.ts';
import { type CallLimits, waitFor } from '../../waiting.ts';
import { Semaphore } from '../semaphore.ts';
import { retryAfterMs } from './retry-after.ts';
import type { HttpHandler, HttpHeaders, HttpRequest, HttpTransport } from './transport.ts';

export interface HttpResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: Uint8Array;
  /** What `Retry-After` asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

export interface HttpClientOptions {
  readonly transport: HttpTransport;
  readonly timekeeper: Timekeeper;
  /** Exchanges at once. Default 10. */
  readonly maxInFlight?: number;
  /** Calls that may wait for one of them. Default 1 000. */
  readonly maxWaiters?: number;
  /** No body of an answer may be longer, in bytes. Default 64 MiB. */
  readonly maxBodyBytes?: number;
}

/** Statuses that would send the request, and its credentials, elsewhere. */
const isRedirect = (status: number): boolean => status >= 300 && status < 400 && status !== 304;

export class HttpClient {
  readonly #transport: HttpTransport;
  readonly #timekeeper: Timekeeper;
  readonly #permits: Semaphore;
  readonly #maxBodyBytes: number;

  constructor(options: HttpClientOptions) {
    this.#transport = options.transport;
    this.#timekeeper = options.timekeeper;
    this.#maxBodyBytes = options.maxBodyBytes ?? 64 * 1024 * 1024;
    this.#permits = new Semaphore({
      permits: options.maxInFlight ?? 10,
      maxWaiters: options.maxWaiters ?? 1000,
      phase: 'connection',
    });
  }

  /** Exchanges under way, and calls that wait for one to end. */
  stats(): { readonly inFlight: number; readonly waiting: number } {
    return { inFlight: this.#permits.taken, waiting: this.#permits.waiting };
  }

  /** One exchange. Any status but a redirect is a response: what it means is the protocol's business. */
  async request(request: HttpRequest, limits: CallLimits): Promise<HttpResponse | Failure> {
    if (!this.#permits.tryAcquire()) {
      const failure = await this.#permits.wait(this.#timekeeper, limits);
      if (failure) return failure;
    }
    try {
      return await waitFor<HttpResponse>(this.#timekeeper, limits, 'request', (pending) =>
        new Exchange(this.#transport, pending, this.#maxBodyBytes).start(request),
      );
    } finally {
      this.#permits.release();
    }
  }

  /** Ends calls that wait, and lets go of sockets. */
  destroy(failure: Failure): void {
    this.#permits.close(failure);
    this.#transport.destroy();
  }
}

/** One request and what comes back. */
class Exchange implements HttpHandler, Holder {
  readonly #transport: HttpTransport;
  readonly #pending: Pending<HttpResponse>;
  readonly #maxBodyBytes: number;
  #abort: (() => void) | undefined;
  #sent = false;
  #status = 0;
  #headers: HttpHeaders = { get: () => null };
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(transport: HttpTransport, pending: Pending<HttpResponse>, maxBodyBytes: number) {
    this.#transport = transport;
    this.#pending = pending;
    this.#maxBodyBytes = maxBodyBytes;
    pending.holder = this;
  }

  start(request: HttpRequest): void {
    try {
      this.#abort = this.#transport.start(request, this);
    } catch (error) {
      this.onError(error);
    }
    // It may have ended before there was anything to abort it by.
    if (this.#pending.settled && this.#status === -1) this.#abort?.();
  }

  onSent(): void {
    this.#sent = true;
  }

  onHead(status: number, headers: HttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
    if (isRedirect(status)) this.#refuse(this.#redirected());
    else if (Number(headers.get('content-length') ?? 0) > this.#maxBodyBytes) this.#refuse(this.#tooLarge());
  }

  onChunk(chunk: Uint8Array): void {
    if (this.#pending.settled) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBodyBytes) this.#refuse(this.#tooLarge());
    else this.#chunks.push(chunk.slice());
  }

  onEnd(): void {
    const body = this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : this.#joined();
    const headers = this.#headers;
    this.#pending.settle({ status: this.#status, headers, body, retryAfterMs: retryAfterMs(headers) });
  }

  onError(error: unknown, proof?: 'not-sent'): void {
    if (proof === 'not-sent') this.#sent = false;
    const code = (error as { code?: unknown } | undefined)?.code;
    const name = typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown error';
    this.#pending.settle(
      new Failure({
        kind: 'connection',
        code: this.#sent ? 'CONNECTION_LOST' : 'CONNECT_FAILED',
        message: this.#sent
          ? `the exchange broke off: ${name}`
          : `could not connect to ${this.#transport.origin}: ${name}`,
        outcome: this.#sent ? 'unknown' : 'not-sent',
        retryable: true,
        cause: error,
        endpoint: this.#transport.origin,
      }),
    );
  }

  abandon(pending: Pending, why: Abandonment): void {
    pending.settle(
      abandonedFailure(pending, why, this.#sent ? 'unknown' : 'not-sent', this.#sent ? 'request' : 'connect'),
    );
    this.#stop();
  }

  #refuse(failure: Failure): void {
    this.#pending.settle(failure);
    this.#stop();
  }

  /** Ends the exchange; one that has not returned from `start` yet ends there. */
  #stop(): void {
    this.#status = -1;
    this.#abort?.();
  }

  #joined(): Uint8Array {
    const body = new Uint8Array(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      body.set(chunk, at);
      at += chunk.length;
    }
    return body;
  }

  #redirected(): Failure {
    return new Failure({
      kind: 'protocol',
      code: 'REDIRECTED',
      message: `${this.#transport.origin} answered with a redirect (status ${this.#status}), which is not followed; point the client at the final address`,
      outcome: 'rejected',
      retryable: false,
      endpoint: this.#transport.origin,
    });
  }

  #tooLarge(): Failure {
    return new Failure({
      kind: 'protocol',
      code: 'BODY_TOO_LARGE',
      message: `the body of the answer is longer than maxBodyBytes (${this.#maxBodyBytes}); raise it, or ask for less`,
      outcome: 'unknown',
      retryable: false,
      endpoint: this.#transport.origin,
    });
  }
}
