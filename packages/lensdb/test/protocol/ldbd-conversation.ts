/** A client of the simulated `ldbd` server: readers and learners as a connection would drive them. */

import type { SeededRandom } from '@wirewright/core/testing';
import type { MessageType } from '../../src/protocol/ldbd/codes.ts';
import { type Fence, pingRequest, randomFenceKey } from '../../src/protocol/ldbd/fence.ts';
import { LdbdLearner } from '../../src/protocol/ldbd/learner.ts';
import { ldbdHalfCloses, LdbdReader } from '../../src/protocol/ldbd/reader.ts';
import { ldbdRequest } from '../../src/protocol/ldbd/request.ts';
import type { LdbdResponse } from '../../src/protocol/ldbd/response.ts';
import type { LdbdReads } from '../../src/protocol/ldbd/step.ts';
import { SimulatedConnection, type SimulationOptions, type Store } from './ldbd-simulation.ts';

/** The answer, or why there is none. */
export type Settled = LdbdResponse | 'lost' | 'silent' | 'exhausted';

/** A client without a socket: one connection at a time, a new one where a step says so. */
export class Conversation {
  readonly #random: SeededRandom;
  readonly #options: SimulationOptions;
  readonly #store: Store;
  readonly #reads: LdbdReads;
  #connection: { readonly server: SimulatedConnection; readonly reader: LdbdReader } | undefined;
  repeats = 0;
  /** Requests that the server lost although their exchange ended well. */
  dropped = 0;

  constructor(random: SeededRandom, options: SimulationOptions, store: Store, reads: LdbdReads) {
    this.#random = random;
    this.#options = options;
    this.#store = store;
    this.#reads = reads;
  }

  run(type: MessageType, key: string | Uint8Array = '', value: string | Uint8Array = ''): Settled {
    let first: Fence = 'ping';
    for (let tries = 0; tries < 40; tries++) {
      const settled = this.#attempt(type, ldbdRequest(type, key, value), first);
      if (settled === 'ping' || settled === 'exists') {
        first = settled;
        this.repeats++;
        continue;
      }
      return settled;
    }
    return 'exhausted';
  }

  #attempt(type: MessageType, request: Uint8Array, first: Fence): Settled | Fence {
    this.#connection ??= {
      server: new SimulatedConnection(this.#random, this.#options, this.#store),
      reader: new LdbdReader({ reads: this.#reads, randomKey: () => randomFenceKey(this.#random) }),
    };
    const { server, reader } = this.#connection;
    reader.expect(type, first);
    server.write(request);
    if (ldbdHalfCloses(this.#reads, type)) server.halfClose();
    for (;;) {
      const event = server.turn();
      if (event === undefined) continue;
      if (event === 'stuck') {
        // Behind a premature match, a single-read server may lose the confirmation: a matter of the deadline.
        if (server.dropped === 0) throw new Error('client and server wait for each other');
        this.#connection = undefined;
        return 'silent';
      }
      const step = event === 'eof' ? reader.eof() : reader.feed(event);
      if (step.kind === 'more') continue;
      if (step.kind === 'send') {
        server.write(step.bytes);
        continue;
      }
      if (step.kind === 'done') this.dropped += server.dropped;
      if (step.kind !== 'done' || !step.reusable) this.#connection = undefined;
      if (step.kind === 'done') return step.response;
      if (step.kind === 'repeat') return step.first;
      if (step.kind === 'lost') return 'lost';
      throw new Error(step.message);
    }
  }

  /** Gives up the connection. */
  drop(): void {
    this.#connection = undefined;
  }
}

/** What is learned at connect. */
export function learn(random: SeededRandom, options: SimulationOptions): LdbdReads | 'lost' {
  const server = new SimulatedConnection(random, options, new Map());
  const learner = new LdbdLearner(randomFenceKey(random));
  server.write(pingRequest);
  for (;;) {
    const event = server.turn();
    if (event === undefined) continue;
    if (event === 'stuck') throw new Error('learner and server wait for each other');
    const step = event === 'eof' ? learner.eof() : learner.feed(event);
    if (step.kind === 'send') server.write(step.bytes);
    else if (step.kind === 'learned') return step.reads;
    else if (step.kind === 'lost') return 'lost';
    else if (step.kind === 'violation') throw new Error(step.message);
  }
}
