/** A Synap server that does what a test tells it, on the virtual network. */

import { FrameSplitter } from '@wirewright/core/kit';
import type { NetSocket, SocketHandler } from '@wirewright/core/socket';
import type { VirtualLink } from '@wirewright/core/testing';
import { Decoder, meter } from './decode.ts';
import { encodeAnswer } from './encode.ts';
import { type Command, Pairs, type Value } from './values.ts';

export type Request = Command & { readonly id: number };

export class PeerConnection implements SocketHandler {
  readonly link: VirtualLink;
  /** Everything that was asked, in order. */
  readonly requests: Request[] = [];
  readonly #socket: NetSocket;
  readonly #serve: (request: Request, connection: PeerConnection) => void;
  readonly #decoder = new Decoder();
  readonly #splitter: FrameSplitter;

  constructor(link: VirtualLink, serve: (request: Request, connection: PeerConnection) => void) {
    this.link = link;
    this.#socket = link.server;
    this.#serve = serve;
    const onFrame = (bytes: Uint8Array, start: number, end: number): void => {
      const request = this.#decoder.request(bytes, start, end);
      this.requests.push(request);
      this.#serve(request, this);
    };
    this.#splitter = new FrameSplitter(meter, { onFrame }, { maxFrameBytes: 1e9 });
  }

  named(name: string): Request[] {
    return this.requests.filter((request) => request.name === name);
  }

  answer(id: number, ok: Value): void {
    this.send(encodeAnswer(id, { ok }));
  }

  refuse(id: number, err: string): void {
    this.send(encodeAnswer(id, { err }));
  }

  push(topic: string, payload: string, id = 'm'): void {
    this.answer(
      0xffffffff,
      new Pairs([
        ['topic', topic],
        ['payload', payload],
        ['id', id],
        ['timestamp', 1],
      ]),
    );
  }

  send(bytes: Uint8Array): void {
    if (this.link.server.state === 'open') this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }

  onOpen(): void {}
  onDrain(): void {}
  onClose(): void {}

  onEnd(): void {
    this.#socket.destroy();
  }

  onData(buffer: Uint8Array, length: number): void {
    this.#splitter.push(buffer, length);
  }
}

/** Serves a store of strings and names for subscriptions; a test overrides what it wants to be otherwise. */
export class SynapPeer {
  readonly connections: PeerConnection[] = [];
  readonly store = new Map<string, Uint8Array>();
  /** Asked first; true: the request is dealt with, now or later. */
  override: ((request: Request, connection: PeerConnection) => boolean) | undefined;
  #names = 0;

  readonly accept = (link: VirtualLink): PeerConnection => {
    const connection = new PeerConnection(link, (request, from) => {
      if (!this.override?.(request, from)) this.#serve(request, from);
    });
    this.connections.push(connection);
    return connection;
  };

  /** The connection that came last. */
  get last(): PeerConnection {
    return this.connections.at(-1) as PeerConnection;
  }

  #serve({ id, name, args }: Request, connection: PeerConnection): void {
    const [key, value] = args as [string, Value];
    switch (name) {
      case 'PING':
        return connection.answer(id, 'PONG');
      case 'GET':
        return connection.answer(id, this.store.get(key) ?? null);
      case 'SET':
        this.store.set(key, typeof value === 'string' ? new TextEncoder().encode(value) : (value as Uint8Array));
        return connection.answer(id, 'OK');
      case 'SUBSCRIBE':
        this.#names += 1;
        return connection.answer(
          id,
          new Pairs([
            ['subscriber_id', `name-${this.#names}`],
            ['subscription_count', 1],
          ]),
        );
      case 'UNSUBSCRIBE':
        return connection.answer(id, 1);
      default:
        return connection.refuse(id, `ERR unknown command '${name}'`);
    }
  }
}
