/** What a right server would answer, in either dialect, from a store that never changes. */

import {
  decodeLdbdRequest,
  decodeLensRequest,
  LensMessageType,
  LensResponseStatus,
  ldbdResponse,
  lensResponse,
  MessageType,
  ResponseStatus,
} from '@wirewright/lensdb';

/** What every key holds; the key `absent` is not there. */
export const storedValue: Uint8Array = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);
export const storedKeys: readonly string[] = ['one', 'two', 'three'];

const badMagic = lensResponse(LensResponseStatus.INVALID_MESSAGE, '', 'Invalid magic number: 1279541828');

/** @returns undefined for what is no request */
export function answerTo(dialect: 'lens' | 'ldbd', received: Uint8Array): Uint8Array | undefined {
  try {
    return dialect === 'lens' ? lensAnswer(received) : ldbdAnswer(received);
  } catch {
    return undefined;
  }
}

function isAbsent(key: Uint8Array): boolean {
  return new TextDecoder().decode(key) === 'absent';
}

function lensAnswer(received: Uint8Array): Uint8Array {
  if (received[1] === 0x44) return badMagic;
  const { type, key } = decodeLensRequest(received);
  const absent = isAbsent(key);
  switch (type) {
    case LensMessageType.PING:
      return lensResponse(LensResponseStatus.SUCCESS, 'pong');
    case LensMessageType.GET:
      return absent
        ? lensResponse(LensResponseStatus.KEY_NOT_FOUND, '', 'Key not found')
        : lensResponse(0, storedValue);
    case LensMessageType.DELETE:
      return absent ? lensResponse(LensResponseStatus.KEY_NOT_FOUND, '', 'Key not found') : lensResponse(0, 'OK');
    case LensMessageType.EXISTS:
      return lensResponse(0, absent ? 'false' : 'true');
    case LensMessageType.KEYS:
      return lensResponse(0, storedKeys.join('\n'));
    case LensMessageType.SIZE:
      return lensResponse(0, String(storedKeys.length));
    case LensMessageType.STATS:
      return lensResponse(0, 'Basic statistics placeholder');
    case LensMessageType.SETEX:
      return key.length === 0
        ? lensResponse(LensResponseStatus.INTERNAL_ERROR, '', 'InvalidKey ""')
        : lensResponse(0, 'OK');
    default:
      return lensResponse(0, 'OK');
  }
}

function ldbdAnswer(received: Uint8Array): Uint8Array {
  const { type, key } = decodeLdbdRequest(received);
  // Fences ask for keys of their own, which nobody has.
  const absent = !storedKeys.includes(new TextDecoder().decode(key));
  const missing = (): Uint8Array => ldbdResponse(ResponseStatus.KEY_NOT_FOUND, 'Key not found');
  switch (type) {
    case MessageType.PING:
      return ldbdResponse(0, '', 'PONG');
    case MessageType.GET:
      return absent ? missing() : ldbdResponse(0, '', storedValue);
    case MessageType.DELETE:
      return absent ? missing() : ldbdResponse(0, '', 'OK');
    case MessageType.EXISTS:
      return ldbdResponse(0, '', absent ? 'false' : 'true');
    case MessageType.KEYS:
      return ldbdResponse(0, '', storedKeys.join('\n'));
    case MessageType.SIZE:
      return ldbdResponse(0, '', String(storedKeys.length));
    default:
      return ldbdResponse(0, '', 'OK');
  }
}
