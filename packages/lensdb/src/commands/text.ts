/** Keys and values as text, where they are asked for as such. */

import { LensDBError, system } from '../errors.ts';
import { decodeStrictText } from '../protocol/bytes.ts';

/** @throws LensDBError (`INVALID_UTF8`) that names the method which gives bytes. */
export function toText(bytes: Uint8Array, what: 'value' | 'key', bytesForm: string): string {
  const text = decodeStrictText(bytes);
  if (text !== undefined) return text;
  throw new LensDBError(`a ${what} is not valid UTF-8; read it as bytes with ${bytesForm}()`, {
    code: 'INVALID_UTF8',
    outcome: 'rejected',
    retryable: false,
    system,
  });
}
