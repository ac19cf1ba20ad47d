/** A virtual connection: two ends, two directions, and what can go wrong with it. */

import { VirtualPipe, type PipeContext } from './virtual-pipe.ts';
import type { PipeConditions } from './virtual-conditions.ts';
import { socketError, type SocketOwner, VirtualSocket } from './virtual-socket.ts';

export type LinkSide = 'client' | 'server';
/** `up` is from the client to the server. */
export type LinkDirection = 'up' | 'down';

/**
 * What becomes of a dial: a server takes it, `refuse` (ECONNREFUSED), `black-hole` (no answer ever), `reset` (it
 * opens and is cut before a server sees it), or an error of another kind, such as a name that is not found.
 */
export type DialFate = 'accept' | 'refuse' | 'black-hole' | 'reset' | Error;

/** What a link tells the network. */
export interface LinkOwner {
  dialled(link: VirtualLink): void;
  closed(link: VirtualLink): void;
}

export class VirtualLink {
  /** Counts the dials of its network, from 1. */
  readonly number: number;
  /** Where the client dialled to. */
  readonly address: string;
  readonly client: VirtualSocket;
  readonly server: VirtualSocket;
  readonly up: VirtualPipe;
  readonly down: VirtualPipe;
  readonly fate: DialFate;
  readonly #owner: LinkOwner;

  constructor(
    number: number,
    address: string,
    fate: DialFate,
    context: PipeContext,
    up: PipeConditions,
    down: PipeConditions,
    owner: LinkOwner,
  ) {
    this.number = number;
    this.address = address;
    this.fate = fate;
    const socketOwner: SocketOwner = {
      dialled: () => owner.dialled(this),
      left: (socket, how) => (how === 'reset' ? socket.out.reset() : socket.out.end()),
      closed: () => this.#closed(),
    };
    this.#owner = owner;
    const client = new VirtualSocket(context.clock, socketOwner);
    const server = new VirtualSocket(context.clock, socketOwner);
    this.client = client;
    this.server = server;
    this.up = client.out = server.in = new VirtualPipe(context, up, client, server, () => this.down.reset());
    this.down = server.out = client.in = new VirtualPipe(context, down, server, client, () => this.up.reset());
  }

  /** Both handlers have been told the end, or there never was a server's. */
  get closed(): boolean {
    const { state } = this.server;
    return this.client.state === 'closed' && (state === 'closed' || state === 'opening');
  }

  /** The connection is cut with a reset, which these sides see at once. The other learns it when it sends. */
  reset(seenBy: LinkSide | 'both' = 'both'): void {
    if (seenBy !== 'server') this.#cut(this.client, this.down);
    if (seenBy !== 'client') this.#cut(this.server, this.up);
  }

  /** `side` closes in order, as by its own decision: the other sees the end of the stream. */
  close(side: LinkSide): void {
    this[side].destroy();
  }

  /**
   * `side` is gone without a word, as when its machine loses power. What it had sent still arrives.
   *
   * @param afterwards what answers the other side's bytes: nothing, or (the machine is up again) a reset
   */
  vanish(side: LinkSide, afterwards: 'silence' | 'reset' = 'silence'): void {
    this[side].fail(socketError('EHOSTDOWN', 'vanished'));
    if (afterwards === 'silence') (side === 'client' ? this.down : this.up).blackHole();
  }

  /** Nothing arrives any more in these directions, and nobody is told. */
  blackHole(direction: LinkDirection | 'both' = 'both'): void {
    if (direction !== 'down') this.up.blackHole();
    if (direction !== 'up') this.down.blackHole();
  }

  heal(direction: LinkDirection | 'both' = 'both'): void {
    if (direction !== 'down') this.up.heal();
    if (direction !== 'up') this.down.heal();
  }

  /** For the network: forgets the link, and tells nobody. */
  forget(): void {
    this.client.forget();
    this.server.forget();
    this.up.discard();
    this.down.discard();
  }

  #closed(): void {
    if (!this.closed) return;
    this.up.discard();
    this.down.discard();
    this.#owner.closed(this);
  }

  #cut(socket: VirtualSocket, toIt: VirtualPipe): void {
    if (socket.state !== 'open') return;
    toIt.discard();
    socket.peerReset();
  }
}
