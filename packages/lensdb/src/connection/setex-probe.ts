/**
 * Whether a `lens` server answers SETEX (section 2.8). The published 0.1.0.0 does not: the connection that carried one
 * is dead, and a client that waits cannot tell it from a server that is busy. So it is asked first, with a request
 * that no server executes, on a connection that is thrown away.
 */

import { type CallLimits, Failure, type Timekeeper, waitFor } from '@wirewright/core';
import { Waiters } from '@wirewright/core/kit';
import { type Operation, pingOperation, setExOperation } from '../operations.ts';
import { LensResponseStatus } from '../protocol/lens/codes.ts';
import type { Address } from './address.ts';
import { noAnswer, noSetEx, spent } from './failures.ts';
import type { Request } from './receiver.ts';
import type { LensDBWire, Turn } from './wire.ts';

export interface SetExProbeOptions {
  readonly timekeeper: Timekeeper;
  /** For each of the requests that are sent. */
  readonly probeTimeoutMs: number;
  /** Opens a connection outside the pool. Must not reject. */
  readonly open: (address: Address) => Promise<LensDBWire | Failure>;
}

/** A server without SETEX is asked again after this long. */
const refusalLastsMs = 60_000;

/**
 * No answer may be an accident of this one connection: it counts when there is none so many times in a row. A server
 * that has answered before is likelier to have met another accident than to have lost the command.
 */
const silencesThatTell = { atFirst: 2, afterAnswers: 3 };

const nothing: Request = Object.freeze({ key: '', value: '', ttl: 0 });
/** The connection is closed afterwards, and goes to nobody. */
const nobody: Turn = Object.freeze({ release: () => {} });
/** No engine stores under an empty key. */
const emptyKey: Request = Object.freeze({ key: '', value: '', ttl: 1 });

export class SetExProbe {
  readonly #options: SetExProbeOptions;
  /** Calls that wait for the probe of an address: one probe serves them all. */
  readonly #running = new Map<Address, Waiters<boolean>>();

  constructor(options: SetExProbeOptions) {
    this.#options = options;
  }

  /** Undefined when the server at `address` answers SETEX. It is asked, where that is not known. */
  async check(address: Address, limits: CallLimits): Promise<Failure | undefined> {
    const supported = address.setExAt(this.#now()) ?? (await this.#wait(address, limits));
    if (supported instanceof Failure) return supported;
    return supported ? undefined : noSetEx(address.endpoint);
  }

  #wait(address: Address, limits: CallLimits): Promise<boolean | Failure> {
    return waitFor<boolean>(this.#options.timekeeper, limits, 'probe', (pending) => {
      let waiters = this.#running.get(address);
      if (!waiters) {
        waiters = new Waiters<boolean>('probe');
        this.#running.set(address, waiters);
        void this.#run(address, waiters);
      }
      waiters.push(pending);
    });
  }

  async #run(address: Address, waiters: Waiters<boolean>): Promise<void> {
    const result = await this.#probe(address);
    if (typeof result === 'boolean') address.learnSetEx(result, result ? Infinity : this.#now() + refusalLastsMs);
    this.#running.delete(address);
    const told = result instanceof Failure ? result.as('not-sent') : result;
    for (let waiter = waiters.shift(); waiter; waiter = waiters.shift()) waiter.settle(told);
  }

  async #probe(address: Address): Promise<boolean | Failure> {
    const enough = address.setExAnswered ? silencesThatTell.afterAnswers : silencesThatTell.atFirst;
    for (let silences = 1; ; silences += 1) {
      const status = await this.#askOnce(address);
      if (typeof status === 'number') return isSupport(status);
      if (status) return status;
      const gone = await this.#missPing(address);
      if (gone) return gone;
      if (silences === enough) return false;
    }
  }

  /** The status of the answer to SETEX; undefined when there is none; a failure when not even PING has one. */
  async #askOnce(address: Address): Promise<number | Failure | undefined> {
    const wire = await this.#options.open(address);
    if (wire instanceof Failure) return wire;
    try {
      if (wire.dialect === 'ldbd') return LensResponseStatus.SUCCESS;
      // PING first: a connection over the server's limit must not pass for an unanswered SETEX.
      const alive = await this.#ask(wire, pingOperation, nothing);
      if (alive instanceof Failure) return alive;
      const status = await this.#ask(wire, setExOperation, emptyKey);
      // Silence, or a closed connection: without SETEX it is either, as the server's garbage collector decides.
      return typeof status === 'number' ? status : undefined;
    } finally {
      wire.close(spent(address.endpoint));
    }
  }

  /** Why the server does not answer PING on another connection, if it does not: silence says nothing then. */
  async #missPing(address: Address): Promise<Failure | undefined> {
    const wire = await this.#options.open(address);
    if (wire instanceof Failure) return wire;
    const status = await this.#ask(wire, pingOperation, nothing);
    wire.close(spent(address.endpoint));
    return typeof status === 'number' ? undefined : status;
  }

  /** The status of the answer, or why there is none. */
  async #ask(wire: LensDBWire, operation: Operation<unknown>, request: Request): Promise<number | Failure> {
    const dueAt = this.#now() + this.#options.probeTimeoutMs;
    const result = await wire.request(operation, request, dueAt, undefined, nobody);
    if (!(result instanceof Failure)) return LensResponseStatus.SUCCESS;
    const status = result.details?.['status'];
    if (typeof status === 'number') return status;
    return result.kind === 'timeout' ? noAnswer(wire.endpoint) : result;
  }

  #now(): number {
    return this.#options.timekeeper.clock.now();
  }
}

/** Any other answer, also that there is no room, comes from a server that knows the command. */
function isSupport(status: number): boolean {
  return status !== LensResponseStatus.INVALID_MESSAGE && status !== LensResponseStatus.UNSUPPORTED;
}
