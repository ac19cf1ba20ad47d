/** The dialect `ldbd` as a server has it: section 3 of the specification. */

import { WireError } from '@wirewright/core/kit';
import { engineKeyBytes, engineValueBytes, ldbdTakesKey } from '../protocol/checks.ts';
import { MessageType, ResponseStatus } from '../protocol/ldbd/codes.ts';
import { decodeLdbdRequest, type LdbdRequest, measureLdbdRequest } from '../protocol/ldbd/request.ts';
import { ldbdResponse } from '../protocol/ldbd/response.ts';
import { joinKeys } from './lens-handler.ts';
import type { LdbdSwitches } from './ldbd-switches.ts';
import { noRequest, type Reply, type RequestHandler, type SeenRequest } from './request-handler.ts';
import type { TestStore } from './store.ts';

const names = new Map<number, string>(Object.entries(MessageType).map(([name, type]) => [type, name]));
const { SUCCESS, KEY_NOT_FOUND, INVALID_REQUEST } = ResponseStatus;

/** A server that puts frames together takes none that is longer. */
const longestFrame = 8 * 1024 * 1024;

export class LdbdHandler implements RequestHandler {
  readonly #store: TestStore;
  readonly #switches: () => LdbdSwitches;

  constructor(store: TestStore, switches: () => LdbdSwitches) {
    this.#store = store;
    this.#switches = switches;
  }

  closesAfterAnswer(): boolean {
    return this.#switches().closeAfterAnswer;
  }

  onHalfClose(): 'close' | 'ignore' {
    return this.#switches().onHalfClose;
  }

  /** What is no frame is taken as far as it has come. */
  measure(bytes: Uint8Array): number {
    try {
      const length = measureLdbdRequest(bytes, 0, bytes.length);
      return length > longestFrame ? bytes.length : length;
    } catch (error) {
      if (error instanceof WireError) return bytes.length;
      throw error;
    }
  }

  handle(bytes: Uint8Array, reply: Reply): SeenRequest {
    const request = this.#decode(bytes);
    if (!request) {
      this.#refuse(reply);
      return noRequest;
    }
    const { type, key, value } = request;
    const seen = { type: names.get(type), keyLength: key.length, valueLength: value.length };
    const problem = findProblem(request);
    reply(problem === undefined ? this.#execute(request) : ldbdResponse(INVALID_REQUEST, problem));
    return seen;
  }

  /** One read may hold more than the request: that is dropped. */
  #decode(bytes: Uint8Array): LdbdRequest | undefined {
    try {
      const length = measureLdbdRequest(bytes, 0, bytes.length);
      return length > 0 && length <= bytes.length ? decodeLdbdRequest(bytes, 0, length) : undefined;
    } catch (error) {
      if (error instanceof WireError) return undefined;
      throw error;
    }
  }

  #refuse(reply: Reply): void {
    const how = this.#switches().onUnknownMagic;
    if (how === 'error') reply(ldbdResponse(INVALID_REQUEST, 'Invalid request'));
    else if (how === 'close') reply(undefined);
  }

  #execute({ type, key, value, flags }: LdbdRequest): Uint8Array {
    const { acknowledgement, pingText } = this.#switches();
    const answer = (data: string | Uint8Array): Uint8Array => ldbdResponse(SUCCESS, '', data);
    const done = (): Uint8Array => answer(acknowledgement === 'OK' ? 'OK' : '');
    const missing = (): Uint8Array => ldbdResponse(KEY_NOT_FOUND, 'Key not found');
    switch (type) {
      case MessageType.GET: {
        const held = this.#store.get(key);
        return held ? answer(held) : missing();
      }
      case MessageType.SET:
        this.#store.write(key, value, undefined);
        return done();
      case MessageType.SETEX:
        this.#store.write(key, value, flags);
        return done();
      case MessageType.DELETE:
        return this.#store.delete(key) ? done() : missing();
      case MessageType.EXISTS:
        return answer(String(this.#store.has(key)));
      case MessageType.KEYS:
        return answer(joinKeys(this.#store.keys()));
      case MessageType.SIZE:
        return answer(String(this.#store.size));
      case MessageType.CLEAR:
        this.#store.clear();
        return done();
      case MessageType.PING:
        return answer(pingText);
    }
  }
}

function findProblem({ type, key, value }: LdbdRequest): string | undefined {
  if (ldbdTakesKey(type) && (key.length === 0 || key.length > engineKeyBytes)) return 'Invalid key length';
  return value.length > engineValueBytes ? 'Value too long' : undefined;
}
