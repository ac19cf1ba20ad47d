/** One request and what comes back. */

import { abandonedFailure, type Abandonment, type Holder, type Pending } from '../../deadline.ts';
import type { Failure } from '../../errors/failure.ts';
import { Body } from './body.ts';
import { bodyTooLarge, brokenExchange, redirected } from './failures.ts';
import { retryAfterMs } from './retry-after.ts';
import type { HttpHandler, HttpHeaders, HttpRequest, HttpTransport } from './transport.ts';

export interface HttpResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: Uint8Array;
  /** What `Retry-After` asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/** Statuses that would send the request, and its credentials, elsewhere. */
const isRedirect = (status: number): boolean => status >= 300 && status < 400 && status !== 304;

const noHeaders: HttpHeaders = { get: () => null };

export interface ExchangeOptions {
  readonly transport: HttpTransport;
  readonly maxBodyBytes: number;
  /** The transport is done with it: called once. */
  readonly onOver: (exchange: Exchange) => void;
}

export class Exchange implements HttpHandler, Holder {
  readonly #options: ExchangeOptions;
  readonly #pending: Pending<HttpResponse>;
  readonly #body: Body;
  #abort: (() => void) | undefined;
  /** It is to end as soon as there is something to end it by. */
  #stopped = false;
  #isOver = false;
  #sent = false;
  #hasBody = true;
  #status = 0;
  #headers: HttpHeaders = noHeaders;

  constructor(pending: Pending<HttpResponse>, options: ExchangeOptions) {
    this.#options = options;
    this.#pending = pending;
    this.#body = new Body(options.maxBodyBytes);
    pending.holder = this;
  }

  start(request: HttpRequest): void {
    this.#hasBody = request.method !== 'HEAD';
    try {
      this.#abort = this.#options.transport.start(request, this);
    } catch (error) {
      this.onError(error);
      this.onOver();
    }
    if (this.#stopped) this.#abort?.();
  }

  onSent(): void {
    this.#sent = true;
  }

  onHead(status: number, headers: HttpHeaders): void {
    const { transport, maxBodyBytes } = this.#options;
    this.#status = status;
    this.#headers = headers;
    if (isRedirect(status)) this.end(redirected(transport.origin, status));
    else if (this.#hasBody && Number(headers.get('content-length') ?? 0) > maxBodyBytes) this.#endTooLarge();
  }

  onChunk(chunk: Uint8Array): void {
    if (!this.#pending.settled && !this.#body.add(chunk)) this.#endTooLarge();
  }

  onEnd(): void {
    const headers = this.#headers;
    const body = this.#body.finish();
    this.#pending.settle({ status: this.#status, headers, body, retryAfterMs: retryAfterMs(headers) });
  }

  onError(error: unknown, proof?: 'not-sent'): void {
    const wasSent = this.#sent && proof !== 'not-sent';
    this.#pending.settle(brokenExchange(this.#options.transport.origin, error, wasSent));
  }

  onOver(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onOver(this);
  }

  abandon(pending: Pending, why: Abandonment): void {
    const [outcome, phase] = this.#sent ? (['unknown', 'request'] as const) : (['not-sent', 'connect'] as const);
    pending.settle(abandonedFailure(pending, why, outcome, phase));
    this.#stop();
  }

  /** Ends it; one that has not returned from the transport's `start` yet ends there. */
  end(failure: Failure): void {
    this.#pending.settle(failure);
    this.#stop();
  }

  /** Its client ends: of what was sent nobody knows whether it was done. */
  destroy(failure: Failure): void {
    this.end(failure.as(this.#sent ? 'unknown' : 'not-sent'));
  }

  #endTooLarge(): void {
    this.end(bodyTooLarge(this.#options.transport.origin, this.#options.maxBodyBytes));
  }

  #stop(): void {
    this.#stopped = true;
    this.#abort?.();
  }
}
