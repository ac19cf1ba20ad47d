/** Finds out that a peer is gone when the network does not say so, by protocol pings. */

import { Failure } from '../errors/failure.ts';
import type { Clock, Timer } from '../ports.ts';
import type { Connection, Wire } from './connection.ts';
import { brokenWire } from './connection-failures.ts';

export interface LivenessOptions<W extends Wire> {
  /**
   * A ping is sent when nothing was received for this long, and also when nothing was sent: servers close
   * connections whose client is silent, however much they send to it themselves. Noticed between one and two such
   * times later, so at most half of what such a server allows.
   */
  readonly idleMs: number;
  /** The connection is dead when nothing at all was received for this long after a ping, while it is being read. */
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

  /** Waits for silence, of either side. */
  #watch(): void {
    const { bytesReceived: received, out } = this.#connection;
    const sent = out.flushed;
    this.#arm(this.#options.idleMs, () => {
      const heard = this.#connection.bytesReceived !== received;
      if (heard && out.flushed !== sent) return this.#watch();
      if (!this.#ping()) return;
      if (heard) return this.#watch();
      this.#arm(this.#options.timeoutMs, () => {
        if (this.#connection.bytesReceived !== received || this.#connection.paused) this.#watch();
        else this.#connection.close(this.#dead());
      });
    });
  }

  /** A ping that cannot be sent proves nothing about the peer, but this connection is not to be trusted any more. */
  #ping(): boolean {
    try {
      this.#options.ping(this.#connection.wire);
    } catch (error) {
      this.#connection.close(brokenWire(this.#connection.endpoint, error));
    }
    return this.#connection.up;
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
