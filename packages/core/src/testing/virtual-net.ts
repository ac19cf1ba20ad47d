/**
 * A network in memory, on virtual time: the `Net` port for simulations.
 *
 * Everything that happens is an event on the agenda of a `FakeClock`, and every choice is drawn from a
 * `SeededRandom`: the same seed and the same calls give the same schedule, byte for byte. No event runs inside a
 * call of a socket's method, and each is followed by the turns and promises that a real event loop would run.
 */

import { formatTarget, type SocketTarget } from '../endpoint.ts';
import { ArgumentError } from '../errors/kinds.ts';
import type { DialOptions, Net, NetSocket, SocketHandler } from '../socket/net.ts';
import type { FakeClock } from './fake-clock.ts';
import { poisonByte } from './poison.ts';
import type { SeededRandom } from './seeded-random.ts';
import { defaultConditions, mergeConditions, type PipeConditions, readBufferBytes } from './virtual-conditions.ts';
import { type DialFate, type LinkOwner, VirtualLink } from './virtual-link.ts';
import type { PipeContext } from './virtual-pipe.ts';
import { socketError } from './virtual-socket.ts';

export interface VirtualNetOptions {
  readonly clock: FakeClock;
  readonly random: SeededRandom;
  /** From clients to servers. Default: see `PipeConditions`. */
  readonly up?: Partial<PipeConditions>;
  /** From servers to clients. */
  readonly down?: Partial<PipeConditions>;
}

/** Takes a connection: returns the handler of its server side, whose socket is `link.server` and open already. */
export type Accept = (link: VirtualLink) => SocketHandler;

export interface VirtualListener {
  /** Takes no more connections: dials are refused. Those that it has taken go on. */
  close(): void;
}

export class VirtualNet implements Net {
  /** Decides each dial, given its address and its number (from 1). Default: every dial is accepted. */
  onDial: ((address: string, number: number) => DialFate) | undefined;
  /** Told of each connection as soon as it stands, before the client is: the place to plan what will go wrong. */
  onLink: ((link: VirtualLink) => void) | undefined;
  readonly #context: PipeContext;
  readonly #up: PipeConditions;
  readonly #down: PipeConditions;
  readonly #listeners = new Map<string, Accept>();
  readonly #links = new Set<VirtualLink>();
  readonly #owner: LinkOwner = {
    dialled: (link) => this.#dialled(link),
    closed: (link) => void this.#links.delete(link),
  };
  #dials = 0;

  /** @throws ArgumentError for conditions that cannot be */
  constructor(options: VirtualNetOptions) {
    this.#up = mergeConditions(defaultConditions, options.up);
    this.#down = mergeConditions(defaultConditions, options.down);
    this.#context = {
      clock: options.clock,
      random: options.random,
      readBuffer: new Uint8Array(readBufferBytes).fill(poisonByte),
      spareBuffers: [],
    };
  }

  /** Dials so far. */
  get dials(): number {
    return this.#dials;
  }

  /** Connections, and dials, of which a side has not been told the end yet; oldest first. */
  get links(): readonly VirtualLink[] {
    return [...this.#links];
  }

  /** Client sockets that were dialled and have not closed. */
  get openSockets(): number {
    let count = 0;
    for (const link of this.#links) if (link.client.state !== 'closed') count += 1;
    return count;
  }

  /** Those of them that would keep a process alive. */
  get refedSockets(): number {
    let count = 0;
    for (const link of this.#links) if (link.client.refed) count += 1;
    return count;
  }

  /** Serves an address. @throws ArgumentError when it is served already */
  listen(target: SocketTarget, accept: Accept): VirtualListener {
    const address = formatTarget(target);
    if (this.#listeners.has(address)) throw new ArgumentError(`${address} is in use on this virtual network`);
    this.#listeners.set(address, accept);
    return {
      close: () => {
        if (this.#listeners.get(address) === accept) this.#listeners.delete(address);
      },
    };
  }

  /**
   * Opening takes one way up and one down. TLS is not played: its options are accepted and bytes go in the clear.
   *
   * @throws ArgumentError for a `socket` factory, which would bring a real stream
   */
  dial(options: DialOptions, handler: SocketHandler): NetSocket {
    if ('socket' in options.target) {
      throw new ArgumentError('a virtual network has no socket factories: dial a host or a path');
    }
    const address = formatTarget(options.target);
    const number = ++this.#dials;
    const fate = this.onDial?.(address, number) ?? 'accept';
    const link = new VirtualLink(number, address, fate, this.#context, this.#up, this.#down, this.#owner);
    link.client.handler = handler;
    this.#links.add(link);
    const { random } = this.#context;
    const [up, down] = [this.#up.latencyMs, this.#down.latencyMs];
    if (fate !== 'black-hole') link.client.dialFor(random.between(up[0], up[1]) + random.between(down[0], down[1]));
    return link.client;
  }

  /** Forgets everything, without telling anybody: the next schedule starts from nothing. */
  reset(): void {
    for (const link of this.#links) link.forget();
    this.#links.clear();
    this.#listeners.clear();
    this.onDial = undefined;
    this.onLink = undefined;
    this.#dials = 0;
  }

  #dialled(link: VirtualLink): void {
    const { client, server, fate } = link;
    const accept = this.#listeners.get(link.address);
    if (fate instanceof Error) client.fail(fate);
    else if (fate === 'refuse' || !accept) client.fail(socketError('ECONNREFUSED', 'connect'));
    else if (fate === 'reset') {
      client.establish();
      client.announce();
      link.reset('client');
    } else {
      client.establish();
      server.establish();
      server.handler = accept(link);
      this.onLink?.(link);
      client.announce();
    }
  }
}
