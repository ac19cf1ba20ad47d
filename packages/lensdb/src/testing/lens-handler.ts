/** The dialect `lens` as a server has it: sections 2.3 to 2.5 and 2.8 of the specification, to the letter. */

import { copyBytes, readUint32 } from '../protocol/bytes.ts';
import { engineKeyBytes, engineValueBytes } from '../protocol/checks.ts';
import { magics, version } from '../protocol/dialect.ts';
import { isLensMessageType, LensMessageType, LensResponseStatus } from '../protocol/lens/codes.ts';
import { lensRequestHeaderLength } from '../protocol/lens/request.ts';
import { lensResponse } from '../protocol/lens/response.ts';
import { measureLdbdRequest } from '../protocol/ldbd/request.ts';
import type { LensSwitches } from './lens-switches.ts';
import { noRequest, type Reply, type RequestHandler, type SeenRequest } from './request-handler.ts';
import type { TestStore } from './store.ts';

const names = Object.keys(LensMessageType) as (keyof typeof LensMessageType)[];
const { SUCCESS, KEY_NOT_FOUND, STORAGE_FULL, INVALID_MESSAGE, INTERNAL_ERROR } = LensResponseStatus;

/** A server that puts frames together takes none that is longer. */
const longestFrame = 8 * 1024 * 1024;

export class LensHandler implements RequestHandler {
  readonly #store: TestStore;
  readonly #switches: () => LensSwitches;

  constructor(store: TestStore, switches: () => LensSwitches) {
    this.#store = store;
    this.#switches = switches;
  }

  closesAfterAnswer(): boolean {
    return false;
  }

  onHalfClose(): 'close' {
    return 'close';
  }

  /** What is no frame is taken as far as it has come; a probe of the other dialect is a frame. */
  measure(bytes: Uint8Array): number {
    if (bytes.length < 4) return 0;
    const probe = startsWith(bytes, magics.ldbd);
    if (!probe && !startsWith(bytes, magics.lens)) return bytes.length;
    if (bytes.length > 4 && bytes[4] !== version) return bytes.length;
    if (probe) return measureLdbdRequest(bytes, 0, bytes.length);
    if (bytes.length < lensRequestHeaderLength) return 0;
    const length = lensRequestHeaderLength + readUint32(bytes, 6) + readUint32(bytes, 10);
    return length > longestFrame ? bytes.length : length;
  }

  handle(bytes: Uint8Array, reply: Reply): SeenRequest {
    const problem = findProblem(bytes);
    if (problem) {
      reply(lensResponse(INVALID_MESSAGE, '', problem));
      return noRequest;
    }
    const type = bytes[5] as LensMessageType;
    const keyEnd = lensRequestHeaderLength + readUint32(bytes, 6);
    const key = copyBytes(bytes, lensRequestHeaderLength, keyEnd);
    const value = copyBytes(bytes, keyEnd, keyEnd + readUint32(bytes, 10));
    this.#execute(type, key, value, readUint32(bytes, 14), reply);
    return { type: names[type], keyLength: key.length, valueLength: value.length };
  }

  #execute(type: LensMessageType, key: Uint8Array, value: Uint8Array, ttl: number, reply: Reply): void {
    const answer = (data: string | Uint8Array): void => reply(lensResponse(SUCCESS, data));
    switch (type) {
      case LensMessageType.PING:
        return answer('pong');
      case LensMessageType.EXISTS:
        return answer(String(this.#store.has(key)));
      case LensMessageType.KEYS:
        return answer(joinKeys(this.#store.keys()));
      case LensMessageType.SIZE:
        return answer(String(this.#store.size));
      case LensMessageType.CLEAR:
        this.#store.clear();
        return answer('OK');
      case LensMessageType.STATS:
        return answer('Basic statistics placeholder');
      case LensMessageType.SETEX:
        if (this.#switches().setEx === 'silent') return undefined;
    }
    if (key.length === 0) return reply(lensResponse(INTERNAL_ERROR, '', 'InvalidKey ""'));
    const missing = (): void => reply(lensResponse(KEY_NOT_FOUND, '', 'Key not found'));
    switch (type) {
      case LensMessageType.GET: {
        const held = this.#store.get(key);
        return held ? answer(held) : missing();
      }
      case LensMessageType.DELETE:
        return this.#store.delete(key) ? answer('OK') : missing();
      default:
        return this.#write(key, value, type === LensMessageType.SETEX ? ttl : undefined, reply);
    }
  }

  #write(key: Uint8Array, value: Uint8Array, ttl: number | undefined, reply: Reply): void {
    const acknowledge = (): void => reply(lensResponse(SUCCESS, 'OK'));
    if (this.#store.write(key, value, ttl)) acknowledge();
    else if (this.#switches().whenFull === 'block') this.#store.writeLater(key, value, ttl, acknowledge);
    else reply(lensResponse(STORAGE_FULL, '', 'Storage full'));
  }
}

/** The checks of section 2.5, in their order. */
function findProblem(bytes: Uint8Array): string | undefined {
  const short = 'not enough bytes';
  if (bytes.length < 4) return short;
  if (!startsWith(bytes, magics.lens)) return `Invalid magic number: ${readUint32(bytes, 0)}`;
  if (bytes.length < 5) return short;
  if (bytes[4] !== version) return `Unsupported protocol version: ${bytes[4]}`;
  if (bytes.length < 6) return short;
  if (!isLensMessageType(bytes[5] as number)) return `Invalid message type: ${bytes[5]}`;
  if (bytes.length < lensRequestHeaderLength) return short;
  const keyLength = readUint32(bytes, 6);
  const valueLength = readUint32(bytes, 10);
  if (bytes.length < lensRequestHeaderLength + keyLength + valueLength) return short;
  if (keyLength > engineKeyBytes || valueLength > engineValueBytes) return 'Invalid message format';
  return undefined;
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/** Keys, one LF between each two. */
export function joinKeys(keys: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(keys.flatMap((key, i) => (i === 0 ? [key] : [Buffer.of(0x0a), key])));
}
