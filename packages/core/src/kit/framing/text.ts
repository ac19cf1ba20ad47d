/** Text as UTF-8, written in place: short strings by a loop, which is several times faster than the platform's encoder. */

const encoder = new TextEncoder();

/** Longest string that is tried by a loop; above it the platform's encoder is faster. */
const loopLength = 48;

/** Bytes of `text` in UTF-8. A lone surrogate counts as the three bytes of U+FFFD, which is what is written. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // The second half of a pair was counted as one byte by the length: four bytes in all.
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i += 1;
  }
  return bytes;
}

/**
 * Writes `text` at `offset`. Room for three bytes a character is always enough.
 *
 * @returns the offset behind it
 * @throws RangeError when `out` is too short; what was written up to there is undefined
 */
export function writeUtf8(out: Uint8Array, offset: number, text: string): number {
  const { length } = text;
  if (offset + length > out.length) throw new RangeError('the buffer is too short for the text');
  if (length <= loopLength) {
    let i = 0;
    for (; i < length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) break;
      out[offset + i] = unit;
    }
    if (i === length) return offset + length;
  }
  const { read, written } = encoder.encodeInto(text, out.subarray(offset));
  if (read !== length) throw new RangeError('the buffer is too short for the text');
  return offset + written;
}

/** Writes a non-negative integer in decimal at `offset`. @returns the offset behind it */
export function writeDecimal(out: Uint8Array, offset: number, value: number): number {
  if (value < 10) {
    out[offset] = 0x30 + value;
    return offset + 1;
  }
  let end = offset + 1;
  for (let size = 10; size <= value; size *= 10) end += 1;
  for (let rest = value, i = end - 1; i >= offset; i -= 1) {
    const next = Math.floor(rest / 10);
    out[i] = 0x30 + (rest - next * 10);
    rest = next;
  }
  return end;
}
