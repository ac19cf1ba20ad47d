/** Finds out that a peer is gone when the network does not say so, by protocol pings. */

import { Failure } from '../errors/failure.ts';
import { OptionChecker } from '../options.ts';
import type { Ports, Timer } from '../ports.ts';
import type { Connection, Wire } from './connection.ts';
import { brokenWire } from './connection-failures.ts';

export interface LivenessOptions<W extends Wire> {
  /**
   * A ping is sent when nothing was received for this long, and also when nothing was sent: servers close
   * connections whose client is silent, however much they send to it themselves. Noticed between one and two such
   * times later, so at most half of what such a server allows. In milliseconds; Infinity never pings.
   */
  readonly idleMs: number;
  /**
   * The connection is dead when nothing at all was received for this long after a ping, while it is being read. In
   * milliseconds.
   */
  readonly timeoutMs: number;
  /**
   * Sends a ping. Its answer needs no matching here: any byte received proves the peer. When it throws, the connection
   * ends.
   */
  readonly ping: (wire: W) => void;
}

export const livenessOptions: OptionChecker = new OptionChecker('liveness', {
  idleMs: { kind: 'number', above: 0, infinity: true, unit: 'ms' },
  timeoutMs: { kind: 'number', above: 0, infinity: true, unit: 'ms' },
  ping: { kind: 'function' },
});

/** Watches one connection. Its timer keeps no process alive. */
export class Liveness<W extends Wire> {
  readonly #ports: Pick<Ports, 'clock' | 'turns'>;
  readonly #connection: Connection<W>;
  readonly #options: LivenessOptions<W>;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(ports: Pick<Ports, 'clock' | 'turns'>, connection: Connection<W>, options: LivenessOptions<W>) {
    this.#ports = ports;
    this.#connection = connection;
    this.#options = options;
  }

  start(): void {
    this.#watch();
  }

  stop(): void {
    this.#stopped = true;
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
        // Of a process that was busy, or asleep, the timers come first: what has arrived meanwhile is read behind them.
        this.#ports.turns.immediate(() => this.#judge(received));
      });
    });
  }

  #judge(receivedBefore: number): void {
    if (!this.#watches) return;
    if (this.#connection.bytesReceived !== receivedBefore || this.#connection.paused) this.#watch();
    else this.#connection.close(this.#dead());
  }

  get #watches(): boolean {
    return !this.#stopped && this.#connection.up;
  }

  /** A ping that cannot be sent proves nothing about the peer, but this connection is not to be trusted any more. */
  #ping(): boolean {
    try {
      this.#options.ping(this.#connection.wire);
    } catch (error) {
      this.#connection.close(brokenWire(this.#connection.endpoint, error));
    }
    return this.#watches;
  }

  #arm(delayMs: number, callback: () => void): void {
    this.#timer = this.#ports.clock.setTimer(() => {
      if (this.#watches) callback();
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
