/** Servers for the lab: both dialects in a few lines, and peers that are none. */

import { decodeLdbdRequest } from '../src/protocol/ldbd/request.ts';
import { ldbdResponse } from '../src/protocol/ldbd/response.ts';
import { MessageType, ResponseStatus } from '../src/protocol/ldbd/codes.ts';
import { LensMessageType, LensResponseStatus } from '../src/protocol/lens/codes.ts';
import { decodeLensRequest, type LensRequest } from '../src/protocol/lens/request.ts';
import { lensResponse } from '../src/protocol/lens/response.ts';
import type { Behaviour, Peer } from './lab.ts';

export const text = (bytes: Uint8Array | null | undefined): string =>
  new TextDecoder('latin1').decode(bytes ?? undefined);
export const bytes = (characters: string): Uint8Array => Uint8Array.from(characters, (c) => c.charCodeAt(0));

export type LensHandler = (request: LensRequest, peer: Peer) => Uint8Array | undefined;

/** Answers `lens` requests through `handle`, and the `ldbd` probe as the real server does. */
export function lens(handle: LensHandler = lensStore()): Behaviour {
  return (peer) => (received) => {
    if (text(received.subarray(0, 4)) === 'LDBD') {
      peer.send(lensResponse(LensResponseStatus.INVALID_MESSAGE, '', 'Invalid magic number: 1279541828'));
      return;
    }
    const answer = handle(decodeLensRequest(received), peer);
    if (answer) peer.send(answer);
  };
}

const ok = lensResponse(LensResponseStatus.SUCCESS, 'OK');
const notFound = lensResponse(LensResponseStatus.KEY_NOT_FOUND, '', 'Key not found');

/** What a `lens` server does, with a store of its own. */
export function lensStore(store = new Map<string, Uint8Array>()): (request: LensRequest) => Uint8Array | undefined {
  return ({ type, key, value }) => {
    const name = text(key);
    const held = store.get(name);
    switch (type) {
      case LensMessageType.PING:
        return lensResponse(0, 'pong');
      case LensMessageType.GET:
        return held ? lensResponse(0, held) : notFound;
      case LensMessageType.SET:
      case LensMessageType.SETEX:
        if (key.length === 0) return lensResponse(LensResponseStatus.INTERNAL_ERROR, '', 'InvalidKey ""');
        store.set(name, value);
        return ok;
      case LensMessageType.DELETE:
        return store.delete(name) ? ok : notFound;
      case LensMessageType.EXISTS:
        return lensResponse(0, held ? 'true' : 'false');
      case LensMessageType.KEYS:
        return lensResponse(0, bytes([...store.keys()].join('\n')));
      case LensMessageType.SIZE:
        return lensResponse(0, String(store.size));
      case LensMessageType.CLEAR:
        store.clear();
        return ok;
      case LensMessageType.STATS:
        return lensResponse(0, 'Statistics not implemented');
    }
  };
}

/** What an `ldbd` server does: takes each read for a request. */
export function ldbd(store = new Map<string, Uint8Array>(), pong = 'PONG'): Behaviour {
  return (peer) => (received) => {
    if (text(received.subarray(0, 4)) !== 'LDBD') {
      peer.send(ldbdResponse(ResponseStatus.INVALID_REQUEST, 'what?'));
      return;
    }
    const { type, key, value } = decodeLdbdRequest(received);
    const held = store.get(text(key));
    const answers: Record<MessageType, () => Uint8Array> = {
      [MessageType.PING]: () => ldbdResponse(0, '', pong),
      [MessageType.GET]: () =>
        held ? ldbdResponse(0, '', held) : ldbdResponse(ResponseStatus.KEY_NOT_FOUND, 'Key not found'),
      [MessageType.SET]: () => (store.set(text(key), value), ldbdResponse(0, '', 'OK')),
      [MessageType.SETEX]: () => (store.set(text(key), value), ldbdResponse(0, '', 'OK')),
      [MessageType.DELETE]: () => ldbdResponse(store.delete(text(key)) ? 0 : ResponseStatus.KEY_NOT_FOUND),
      [MessageType.EXISTS]: () => ldbdResponse(0, '', held ? 'true' : 'false'),
      [MessageType.KEYS]: () => ldbdResponse(0, '', bytes([...store.keys()].join('\n'))),
      [MessageType.SIZE]: () => ldbdResponse(0, '', String(store.size)),
      [MessageType.CLEAR]: () => (store.clear(), ldbdResponse(0)),
    };
    peer.send(answers[type]());
  };
}

/** Takes connections and never answers. */
export const silent: Behaviour = () => {};

/** Takes connections and closes them. */
export const closesAtOnce: Behaviour = (peer) => {
  peer.end();
};

export const http: Behaviour = (peer) => () => {
  peer.send(bytes('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
};
