/** A server on the virtual network that answers as it should, or not. */

import type { NetSocket, SocketHandler } from '@wirewright/core/socket';
import type { SeededRandom, VirtualLink } from '@wirewright/core/testing';
import { randomBytes } from '../data.ts';
import { answerTo } from './answers.ts';
import { damage } from './damage.ts';

export interface PeerOptions {
  readonly dialect: 'lens' | 'ldbd';
  readonly random: SeededRandom;
  /** Share of the answers that are damaged. */
  readonly damaged: number;
}

export class Peer implements SocketHandler {
  readonly #socket: NetSocket;
  readonly #link: VirtualLink;
  readonly #options: PeerOptions;
  readonly #onSent: (bytes: number) => void;
  #silent = false;

  /** @param onSent - told of every byte that goes out */
  constructor(link: VirtualLink, options: PeerOptions, onSent: (bytes: number) => void) {
    this.#link = link;
    this.#socket = link.server;
    this.#options = options;
    this.#onSent = onSent;
    const { random, damaged } = options;
    if (!random.chance(damaged * 0.1)) return;
    // Speaks before it is asked, or leaves.
    if (random.chance(0.5)) this.#send(randomBytes(random, random.integer(1, 60)));
    else this.#leave(random.pick(['fin', 'reset'] as const));
  }

  onOpen(): void {}

  onData(buffer: Uint8Array, length: number): void {
    const { random, dialect, damaged } = this.#options;
    const answer = answerTo(dialect, buffer.slice(0, length));
    if (this.#silent || !answer) return;
    if (!random.chance(damaged)) {
      this.#send(answer);
      return;
    }
    const { bytes, next } = damage(answer, random);
    this.#send(bytes);
    if (next !== 'more') this.#leave(next);
  }

  onDrain(): void {}

  onEnd(): void {
    this.#socket.end();
  }

  onClose(): void {
    this.#silent = true;
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#onSent(bytes.length);
    this.#socket.write(bytes);
  }

  #leave(how: 'fin' | 'reset' | 'silence'): void {
    this.#silent = true;
    if (how === 'fin') this.#socket.end();
    if (how === 'reset') this.#link.reset('client');
  }
}
