/** Finds out that a peer is gone when the network does not say so, by protocol pings. */

import { Failure } from '../errors/failure.ts';
import type { Clock, Timer } from '../ports.ts';
import type { Connection, Wire } from './connection.ts';

export interface LivenessOptions<W extends Wire> {
  /** A ping is sent when nothing was received for this long. */
  readonly idleMs: number;
  /** The connection is dead when nothing at all was received for this long after a ping. */
  readonly timeoutMs: number;
  /** Sends a ping. Its answer needs no matching here: any byte received proves the peer. */
  readonly ping: (wire: W) => void;
}

/** Watches one connection. Its timer keeps no process alive. */
export class Liveness<W extends Wire> {
  readonly #clock: Clock;
  readonly #connection: Connection<W>;
  readonly #options: LivenessOptions<W>;
  #timer: Timer | undefined;
  #seen = 0;

  constructor(clock: Clock, connection: Connection<W>, options: LivenessOptions<W>) {
    this.#clock = clock;
    this.#connection = connection;
    this.#options = options;
  }

  start(): void {
    this.#watch();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Waits for silence. */
  #watch(): void {
    this.#seen = this.#connection.bytesReceived;
    this.#arm(this.#options.idleMs, () => {
      if (this.#connection.bytesReceived !== this.#seen) return this.#watch();
      this.#options.ping(this.#connection.wire);
      this.#arm(this.#options.timeoutMs, () => {
        if (this.#connection.bytesReceived !== this.#seen) this.#watch();
        else this.#connection.close(this.#dead());
      });
    });
  }

  #arm(delayMs: number, callback: () => void): void {
    this.#timer = this.#clock.setTimer(() => {
      if (this.#connection.up) callback();
    }, delayMs);
    this.#timer.unref();
  }

  #dead(): Failure {
    return new Failure({
      kind: 'connection',
      code: 'PEER_SILENT',
      message: `the peer answered nothing for ${this.#options.timeoutMs} ms after a ping; the connection was given up`,
      outcome: 'unknown',
      retryable: true,
      endpoint: this.#connection.endpoint,
    });
  }
}
