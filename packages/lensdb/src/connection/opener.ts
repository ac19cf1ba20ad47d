/** Opens connections to one address, finding out first what kind of server is behind it (section 5). */

import { Failure, type Timekeeper } from '@wirewright/core';
import { Connection, type Runtime } from '@wirewright/core/socket';
import type { Dialect } from '../protocol/dialect.ts';
import type { Address } from './address.ts';
import { noAnswer, notUsable } from './failures.ts';
import { LensDBWire } from './wire.ts';

export interface OpenerOptions {
  readonly runtime: Runtime;
  readonly timekeeper: Timekeeper;
  readonly maxFrameBytes: number;
  readonly probeTimeoutMs: number;
  readonly ldbdReads: 'fence' | 'close';
}

/** Idle connections need no probes of their own: they are retired before a server gives them up. */
const keepAliveMs = 0;

/** Requests of the dialect `lens` are seldom longer; a longer one gets memory of its own. */
const slabBytes = 4096;

export class Opener {
  readonly #options: OpenerOptions;

  constructor(options: OpenerOptions) {
    this.#options = options;
  }

  /** Opens a connection that is ready for requests, or says why there is none. Never rejects. */
  async open(address: Address, timeoutMs: number): Promise<LensDBWire | Failure> {
    const dueAt = this.#now() + timeoutMs;
    address.onDial();
    if (!address.known) {
      let found = await this.#askLdbd(address, dueAt);
      if (this.#deservesSecond(address, found, dueAt)) {
        // A server that drops what it does not know: ask in the other dialect, on a connection of its own.
        found = await this.#dial(address, 'lens', dueAt);
        // It does know it, and the first connection had an accident.
        if (found instanceof Failure && found.code === 'OTHER_DIALECT') found = await this.#askLdbd(address, dueAt);
      }
      if (found instanceof LensDBWire || !address.known) return found;
    }
    return this.#dial(address, undefined, dueAt);
  }

  /** Asks in the dialect `ldbd`; once more where the server has closed behind its answer, which may be its way. */
  async #askLdbd(address: Address, dueAt: number): Promise<LensDBWire | Failure> {
    const found = await this.#dial(address, 'ldbd', dueAt);
    return address.unsure ? this.#dial(address, 'ldbd', dueAt) : found;
  }

  async #dial(address: Address, probe: Dialect | undefined, dueAt: number): Promise<LensDBWire | Failure> {
    const { runtime, timekeeper, maxFrameBytes, probeTimeoutMs, ldbdReads } = this.#options;
    const result = await Connection.open<LensDBWire>({
      ...runtime,
      timekeeper,
      target: address.target,
      keepAliveMs,
      connectTimeoutMs: Math.max(1, dueAt - this.#now()),
      slabBytes,
      createWire: (connection) =>
        new LensDBWire(connection, {
          timekeeper,
          random: runtime.random,
          address,
          maxFrameBytes,
          probe,
          probeTimeoutMs,
          ldbdReads,
        }),
    });
    if (!(result instanceof Failure)) return result.wire;
    // Ended by ourselves for what was learned on it, which another connection has unlearned meanwhile: not the client.
    if (result.kind === 'closed' && !timekeeper.closed) return notUsable(address.endpoint);
    const silent = result.kind === 'timeout' && result.details?.['phase'] === 'handshake';
    return silent ? noAnswer(address.endpoint) : result;
  }

  #deservesSecond(address: Address, found: LensDBWire | Failure, dueAt: number): boolean {
    if (address.known || address.dialectIsGiven || !(found instanceof Failure)) return false;
    return (found.code === 'REFUSED' || found.code === 'NO_ANSWER') && this.#now() < dueAt;
  }

  #now(): number {
    return this.#options.timekeeper.clock.now();
  }
}
