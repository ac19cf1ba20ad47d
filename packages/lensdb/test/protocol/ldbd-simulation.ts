/**
 * An `ldbd` server without a socket. It takes whatever one read returns as one request, and its answers reach the
 * client in pieces that are cut at random, or where it hurts: right behind bytes that look like a known answer.
 */

import type { SeededRandom } from '@wirewright/core/testing';
import { MessageType } from '../../src/protocol/ldbd/codes.ts';
import { falseReply } from '../../src/protocol/ldbd/fence.ts';
import { decodeLdbdRequest, measureLdbdRequest } from '../../src/protocol/ldbd/request.ts';
import { ldbdResponse } from '../../src/protocol/ldbd/response.ts';

export interface SimulationOptions {
  readonly pingText: string;
  /** Data of acknowledgements. */
  readonly acknowledgement: '' | 'OK';
  readonly closesAfterAnswer: boolean;
  /** Cuts right behind every look-alike. */
  readonly hostileCuts: boolean;
  /** The connection ends after this many bytes. */
  readonly cutAfter: number;
}

export type Store = Map<string, Buffer>;

/** One connection of the server. */
export class SimulatedConnection {
  readonly #random: SeededRandom;
  readonly #options: SimulationOptions;
  readonly #store: Store;
  #inbox: Buffer = Buffer.alloc(0);
  #pipe: Buffer = Buffer.alloc(0);
  #delivered = 0;
  #halfClosed = false;
  #closed = false;
  /** Requests that came in one read with another one, and were lost. */
  dropped = 0;

  constructor(random: SeededRandom, options: SimulationOptions, store: Store) {
    this.#random = random;
    this.#options = options;
    this.#store = store;
  }

  /** What the client writes. */
  write(bytes: Uint8Array): void {
    this.#inbox = Buffer.concat([this.#inbox, bytes]);
  }

  halfClose(): void {
    this.#halfClosed = true;
  }

  /** Lets something happen; returns bytes for the client, `eof`, or `stuck` when nothing will happen any more. */
  turn(): Buffer | 'eof' | 'stuck' | undefined {
    if (this.#inbox.length > 0 && !this.#closed && (this.#pipe.length === 0 || this.#random.chance(0.5))) {
      this.#read();
      return undefined;
    }
    const allowed = Math.min(this.#pipe.length, this.#options.cutAfter - this.#delivered);
    if (this.#pipe.length > 0 && allowed === 0) return 'eof';
    if (allowed > 0) return this.#deliver(allowed);
    if (this.#closed || this.#halfClosed) return 'eof';
    return 'stuck';
  }

  #deliver(allowed: number): Buffer {
    let length = this.#random.integer(1, this.#random.chance(0.3) ? allowed : Math.min(allowed, 12));
    if (this.#options.hostileCuts) {
      for (const alike of [ldbdResponse(0, '', this.#options.pingText), falseReply]) {
        const at = this.#pipe.indexOf(alike);
        if (at === 0) length = alike.length;
        else if (at > 0) length = Math.min(length, at);
      }
      length = Math.min(length, allowed);
    }
    const piece = this.#pipe.subarray(0, length);
    this.#pipe = this.#pipe.subarray(length);
    this.#delivered += length;
    return piece;
  }

  /** One read: the first frame is the request, the rest is lost. */
  #read(): void {
    const length = measureLdbdRequest(this.#inbox, 0, this.#inbox.length);
    if (length === 0 || length > this.#inbox.length) throw new Error('the client split a request');
    if (this.#inbox.length > length) this.dropped++;
    const answer = this.#answer(decodeLdbdRequest(this.#inbox, 0, length));
    this.#inbox = Buffer.alloc(0);
    this.#pipe = Buffer.concat([this.#pipe, answer]);
    if (this.#options.closesAfterAnswer) this.#closed = true;
  }

  #answer(request: ReturnType<typeof decodeLdbdRequest>): Uint8Array {
    const key = Buffer.from(request.key).toString('latin1');
    const acknowledge = (): Uint8Array => ldbdResponse(0, '', this.#options.acknowledgement);
    switch (request.type) {
      case MessageType.GET: {
        const value = this.#store.get(key);
        return value ? ldbdResponse(0, '', value) : ldbdResponse(2, 'Key not found');
      }
      case MessageType.SET:
      case MessageType.SETEX:
        this.#store.set(key, Buffer.from(request.value));
        return acknowledge();
      case MessageType.DELETE:
        return this.#store.delete(key) ? acknowledge() : ldbdResponse(2, 'Key not found');
      case MessageType.EXISTS:
        return ldbdResponse(0, '', String(this.#store.has(key)));
      case MessageType.KEYS:
        return ldbdResponse(0, '', Buffer.from([...this.#store.keys()].join('\n'), 'latin1'));
      case MessageType.SIZE:
        return ldbdResponse(0, '', String(this.#store.size));
      case MessageType.CLEAR:
        this.#store.clear();
        return acknowledge();
      case MessageType.PING:
        return ldbdResponse(0, '', this.#options.pingText);
    }
  }
}
