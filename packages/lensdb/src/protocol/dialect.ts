/** What the two dialects have in common, and how one that is met in place of the other is reported. */

import { WireError } from '@wirewright/core/kit';

/** The two wire protocols that are known as LensDB. They cannot be mixed on one connection. */
export type Dialect = 'lens' | 'ldbd';

/** First four bytes of every frame. */
export const magics: Readonly<Record<Dialect, Uint8Array>> = {
  lens: Uint8Array.of(0x4c, 0x45, 0x4e, 0x53),
  ldbd: Uint8Array.of(0x4c, 0x44, 0x42, 0x44),
};

/** The fifth byte of every frame. */
export const version = 1;

/** Default of `maxFrameBytes`: the longest answer that is taken in. */
export const defaultMaxFrameBytes: number = 64 * 1024 * 1024;

/** The peer speaks the other dialect: what was cached about its address is wrong. */
export class OtherDialectError extends WireError {
  /** The dialect that was met. */
  readonly dialect: Dialect;

  constructor(dialect: Dialect) {
    const expected: Dialect = dialect === 'lens' ? 'ldbd' : 'lens';
    super(`expected a frame in the dialect '${expected}', got one in '${dialect}'`);
    this.dialect = dialect;
  }
}

/**
 * Checks magic and version of a frame, as far as `bytes[start, end)` goes.
 *
 * @throws WireError when no frame of `dialect` starts like this; an `OtherDialectError` when one of the other does
 */
export function checkPreamble(dialect: Dialect, bytes: Uint8Array, start: number, end: number): void {
  const magic = magics[dialect];
  const length = Math.min(end - start, 4);
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] === magic[i]) continue;
    const other: Dialect = dialect === 'lens' ? 'ldbd' : 'lens';
    // The first byte is the same in both: two are needed to tell.
    if (length >= 2 && bytes[start] === 0x4c && bytes[start + 1] === magics[other][1])
      throw new OtherDialectError(other);
    throw new WireError(`expected a frame that starts with the magic of the dialect '${dialect}'`);
  }
  if (end - start > 4 && bytes[start + 4] !== version) {
    throw new WireError(`expected protocol version ${version} in the frame, got ${bytes[start + 4]}`);
  }
}
