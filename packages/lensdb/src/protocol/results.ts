/** Results that travel as text, the same in both dialects: KEYS, SIZE and EXISTS. */

import { WireError } from '@wirewright/core/kit';
import { copyBytes } from './bytes.ts';

const lineFeed = 0x0a;

/**
 * The keys of a KEYS answer, each a copy. No data are no keys. An empty piece is kept: empty keys cannot exist, so
 * it shows a key with LF in it (section 2.3).
 */
export function splitKeys(data: Uint8Array): Uint8Array[] {
  const keys: Uint8Array[] = [];
  if (data.length === 0) return keys;
  let start = 0;
  for (;;) {
    const end = data.indexOf(lineFeed, start);
    if (end < 0) {
      keys.push(copyBytes(data, start, data.length));
      return keys;
    }
    keys.push(copyBytes(data, start, end));
    start = end + 1;
  }
}

/**
 * The number of a SIZE answer.
 *
 * @throws WireError unless the data are one to sixteen ASCII digits of a safe integer
 */
export function parseSize(data: Uint8Array): number {
  let size = 0;
  for (const byte of data) {
    if (byte < 0x30 || byte > 0x39) throw new WireError('expected decimal digits in the answer to SIZE');
    size = size * 10 + (byte - 0x30);
  }
  if (data.length === 0) throw new WireError('expected decimal digits in the answer to SIZE, got nothing');
  if (data.length > 16 || !Number.isSafeInteger(size)) {
    throw new WireError('the number in the answer to SIZE is beyond 2^53 - 1');
  }
  return size;
}

/**
 * The answer to EXISTS.
 *
 * @throws WireError unless the data are exactly `true` or `false`
 */
export function parseExists(data: Uint8Array): boolean {
  const text = data.length <= 5 ? String.fromCharCode(...data) : '';
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw new WireError("expected 'true' or 'false' in the answer to EXISTS");
}
