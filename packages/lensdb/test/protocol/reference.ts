/** A decoder of `lens` answers that is slow and obviously right: it takes a whole stream, and one byte after another. */

export interface Reading {
  readonly answers: readonly { readonly status: number; readonly data: readonly number[]; readonly message: string }[];
  /** What is behind the last whole answer: nothing, the beginning of one, or bytes that cannot be one. */
  readonly rest: 'nothing' | 'beginning' | 'error';
}

export function readLensStream(stream: readonly number[], maxFrameBytes: number): Reading {
  const answers: { status: number; data: number[]; message: string }[] = [];
  let bytes = [...stream];
  for (;;) {
    if (bytes.length === 0) return { answers, rest: 'nothing' };
    const head = [0x4c, 0x45, 0x4e, 0x53, 0x01];
    for (let i = 0; i < 5; i++) if (i < bytes.length && bytes[i] !== head[i]) return { answers, rest: 'error' };
    if (bytes.length > 5 && (bytes[5] as number) > 6) return { answers, rest: 'error' };
    if (bytes.length < 14) return { answers, rest: 'beginning' };
    const number = (at: number): number => Number.parseInt(hex(bytes.slice(at, at + 4)), 16);
    const dataLength = number(6);
    const messageLength = number(10);
    if (14 + dataLength + messageLength > maxFrameBytes) return { answers, rest: 'error' };
    if (bytes.length < 14 + dataLength + messageLength) return { answers, rest: 'beginning' };
    const text = bytes.slice(14 + dataLength, 14 + dataLength + messageLength);
    answers.push({
      status: bytes[5] as number,
      data: bytes.slice(14, 14 + dataLength),
      message: Buffer.from(text).toString('utf8'),
    });
    bytes = bytes.slice(14 + dataLength + messageLength);
  }
}

function hex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
