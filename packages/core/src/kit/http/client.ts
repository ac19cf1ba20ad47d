/** Bounded HTTP exchanges with deadlines, aborts and a cap on what comes back, over any transport. */

import type { Timekeeper } from '../../deadline.ts';
import type { Failure } from '../../errors/failure.ts';
import { OptionChecker } from '../../options.ts';
import { type CallLimits, waitFor } from '../../waiting.ts';
import { Semaphore } from '../semaphore.ts';
import { Exchange, type HttpResponse } from './exchange.ts';
import { checkRequest } from './request-check.ts';
import type { HttpRequest, HttpTransport } from './transport.ts';

export interface HttpClientOptions {
  readonly transport: HttpTransport;
  readonly timekeeper: Timekeeper;
  /** Exchanges at once, those included that were given up and that the transport is not done with. Default 10. */
  readonly maxInFlight?: number;
  /** Calls that may wait for one of them; more are refused with `overloaded`. Default 1 000. */
  readonly maxWaiters?: number;
  /** No body of an answer may be longer, in bytes. Default 64 MiB. */
  readonly maxBodyBytes?: number;
}

const clientOptions = new OptionChecker('HttpClient', {
  transport: { kind: 'object' },
  timekeeper: { kind: 'object' },
  maxInFlight: { kind: 'integer', min: 1, infinity: true },
  maxWaiters: { kind: 'integer', min: 0, infinity: true },
  maxBodyBytes: { kind: 'number', min: 0, infinity: true, unit: 'bytes' },
});

export class HttpClient {
  readonly #transport: HttpTransport;
  readonly #timekeeper: Timekeeper;
  readonly #permits: Semaphore;
  readonly #maxBodyBytes: number;
  readonly #exchanges = new Set<Exchange>();

  /** @throws ArgumentError for an option that is none */
  constructor(options: HttpClientOptions) {
    clientOptions.checkKnown(options);
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

  /**
   * One exchange. Any status but a redirect is a response: what it means is the protocol's business.
   *
   * @throws ArgumentError for a request that would be misread on the way, such as one with a line end in a header
   */
  async request(request: HttpRequest, limits: CallLimits): Promise<HttpResponse | Failure> {
    checkRequest(request);
    if (!this.#permits.tryAcquire()) {
      const failure = await this.#permits.wait(this.#timekeeper, limits);
      if (failure) return failure;
    }
    let isStarted = false;
    const result = await waitFor<HttpResponse>(this.#timekeeper, limits, 'request', (pending) => {
      isStarted = true;
      const exchange = new Exchange(pending, {
        transport: this.#transport,
        maxBodyBytes: this.#maxBodyBytes,
        onOver: (over) => {
          this.#exchanges.delete(over);
          this.#permits.release();
        },
      });
      this.#exchanges.add(exchange);
      exchange.start(request);
    });
    if (!isStarted) this.#permits.release();
    return result;
  }

  /** Ends calls, those under way too, and lets go of sockets. */
  destroy(failure: Failure): void {
    this.#permits.close(failure);
    for (const exchange of this.#exchanges) exchange.destroy(failure);
    this.#transport.destroy();
  }
}
