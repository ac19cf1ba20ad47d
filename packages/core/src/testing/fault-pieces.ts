/** What faults make of a chunk: pieces, and what is waited for before each. Pure. */

import type { ChunkFault } from './fault.ts';
import type { SeededRandom } from './seeded-random.ts';

/** `turn`: until the receiver, if it is in this process, has read what came before. */
export type Wait = 'turn' | { readonly ms: number } | { readonly until: Promise<unknown> };

export interface Piece {
  readonly bytes: Uint8Array;
  /** Before it is sent. */
  readonly waits: readonly Wait[];
}

export interface Passage {
  readonly pieces: readonly Piece[];
  /** What follows after the last piece. */
  readonly afterwards: 'continue' | 'fin' | 'reset';
}

function cut(piece: Piece, sizes: readonly number[], wait: Wait): Piece[] {
  const parts: Piece[] = [];
  let from = 0;
  for (const size of [...sizes, piece.bytes.length]) {
    if (from >= piece.bytes.length) break;
    parts.push({ bytes: piece.bytes.subarray(from, from + size), waits: from === 0 ? piece.waits : [wait] });
    from += size;
  }
  return parts;
}

function equalSizes(length: number, size: number): number[] {
  return new Array<number>(Math.ceil(length / size)).fill(size);
}

function delayed(pieces: readonly Piece[], wait: Wait): readonly Piece[] {
  const [first, ...rest] = pieces;
  return first ? [{ bytes: first.bytes, waits: [wait, ...first.waits] }, ...rest] : pieces;
}

function keepFirst(pieces: readonly Piece[], count: number): Piece[] {
  const kept: Piece[] = [];
  let left = count;
  for (const piece of pieces) {
    if (left <= 0) break;
    kept.push({ ...piece, bytes: piece.bytes.subarray(0, left) });
    left -= piece.bytes.length;
  }
  return kept;
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
}

function corrupted(pieces: readonly Piece[], from: number, until: number, mask: number): Piece[] {
  let offset = 0;
  return pieces.map((piece) => {
    const bytes = piece.bytes.slice();
    for (let index = 0; index < bytes.length; index += 1) {
      const at = offset + index;
      if (at >= from && at < until) bytes[index] = (bytes[index] as number) ^ mask;
    }
    offset += bytes.length;
    return { bytes, waits: piece.waits };
  });
}

/** Applies one fault to what earlier ones have made of a chunk. */
export function applyChunkFault({ pieces, afterwards }: Passage, fault: ChunkFault, random: SeededRandom): Passage {
  const length = lengthOf(pieces);
  switch (fault.type) {
    case 'drip': {
      const wait: Wait = fault.intervalMs === undefined ? 'turn' : { ms: fault.intervalMs };
      return { pieces: pieces.flatMap((piece) => cut(piece, equalSizes(piece.bytes.length, 1), wait)), afterwards };
    }
    case 'split': {
      const { sizes } = fault;
      const sizesFor = (count: number): readonly number[] => {
        if (typeof sizes === 'number') return equalSizes(count, sizes);
        return sizes ?? (count > 1 ? [random.integer(1, count - 1)] : []);
      };
      return { pieces: pieces.flatMap((piece) => cut(piece, sizesFor(piece.bytes.length), 'turn')), afterwards };
    }
    case 'delay':
      return { pieces: delayed(pieces, { ms: fault.delayMs }), afterwards };
    case 'hold':
      return { pieces: delayed(pieces, { until: fault.until }), afterwards };
    case 'duplicate': {
      const copies = new Array<readonly Piece[]>((fault.times ?? 2) - 1).fill(delayed(pieces, 'turn'));
      return { pieces: [...pieces, ...copies.flat()], afterwards };
    }
    case 'truncate': {
      const kept = fault.keepBytes ?? random.integer(0, Math.max(0, length - 1));
      return { pieces: keepFirst(pieces, kept), afterwards: fault.afterwards ?? 'continue' };
    }
    case 'corrupt': {
      if (length === 0) return { pieces, afterwards };
      const from = fault.at ?? random.integer(0, length - 1);
      const mask = fault.mask ?? random.integer(1, 255);
      return { pieces: corrupted(pieces, from, from + (fault.count ?? 1), mask), afterwards };
    }
  }
}
