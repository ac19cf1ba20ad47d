import { describe, expect, it } from 'vitest';
import type { ChunkFault } from '../../src/testing/fault.ts';
import { applyChunkFault, type Passage, type Piece } from '../../src/testing/fault-pieces.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

const text = ({ bytes }: Piece): string => new TextDecoder('latin1').decode(bytes);

function apply(faults: readonly ChunkFault[], input = 'abcdef', seed = 1): Passage {
  let passage: Passage = { pieces: [{ bytes: new TextEncoder().encode(input), waits: [] }], afterwards: 'continue' };
  const random = new SeededRandom(seed);
  for (const fault of faults) passage = applyChunkFault(passage, fault, random);
  return passage;
}

const texts = (faults: readonly ChunkFault[], input?: string, seed?: number): string[] =>
  apply(faults, input, seed).pieces.map(text);
const waits = (faults: readonly ChunkFault[]): unknown[] => apply(faults).pieces.map((piece) => piece.waits);

describe('applyChunkFault', () => {
  it('drips byte by byte, a turn or some time apart', () => {
    expect(texts([{ type: 'drip' }], 'abc')).toEqual(['a', 'b', 'c']);
    expect(waits([{ type: 'drip' }])).toEqual([[], ...Array.from({ length: 5 }, () => ['turn'])]);
    expect(waits([{ type: 'drip', intervalMs: 7 }]).slice(0, 2)).toEqual([[], [{ ms: 7 }]]);
  });

  it('splits by size, by sizes, or somewhere', () => {
    expect(texts([{ type: 'split', sizes: 4 }])).toEqual(['abcd', 'ef']);
    expect(texts([{ type: 'split', sizes: [1, 2] }])).toEqual(['a', 'bc', 'def']);
    expect(texts([{ type: 'split', sizes: [4, 4, 4] }])).toEqual(['abcd', 'ef']);
    expect(waits([{ type: 'split', sizes: [1, 2] }])).toEqual([[], ['turn'], ['turn']]);
    const cuts = new Set<string>();
    for (let seed = 0; seed < 100; seed += 1) cuts.add(texts([{ type: 'split' }], 'abcd', seed).join('|'));
    expect(cuts).toEqual(new Set(['a|bcd', 'ab|cd', 'abc|d']));
    expect(texts([{ type: 'split' }], 'a')).toEqual(['a']);
  });

  it('delays and holds the first piece', () => {
    const until = Promise.resolve();
    expect(waits([{ type: 'delay', delayMs: 5 }])).toEqual([[{ ms: 5 }]]);
    expect(
      waits([
        { type: 'split', sizes: 3 },
        { type: 'hold', until },
      ]),
    ).toEqual([[{ until }], ['turn']]);
    expect(
      apply([
        { type: 'truncate', keepBytes: 0 },
        { type: 'delay', delayMs: 5 },
      ]).pieces,
    ).toEqual([]);
  });

  it('duplicates', () => {
    expect(texts([{ type: 'duplicate' }])).toEqual(['abcdef', 'abcdef']);
    expect(texts([{ type: 'duplicate', times: 3 }], 'x')).toEqual(['x', 'x', 'x']);
    expect(texts([{ type: 'duplicate', times: 1 }], 'x')).toEqual(['x']);
    expect(waits([{ type: 'duplicate' }])).toEqual([[], ['turn']]);
  });

  it('truncates, here or somewhere short of the end, and says what follows', () => {
    expect(texts([{ type: 'truncate', keepBytes: 2 }])).toEqual(['ab']);
    expect(texts([{ type: 'truncate', keepBytes: 9 }])).toEqual(['abcdef']);
    expect(texts([{ type: 'drip' }, { type: 'truncate', keepBytes: 2 }])).toEqual(['a', 'b']);
    expect(apply([{ type: 'truncate' }]).afterwards).toBe('continue');
    expect(apply([{ type: 'truncate', afterwards: 'reset' }, { type: 'drip' }]).afterwards).toBe('reset');
    const kept = new Set<string>();
    for (let seed = 0; seed < 100; seed += 1) kept.add(texts([{ type: 'truncate' }], 'abc', seed).join(''));
    expect(kept).toEqual(new Set(['', 'a', 'ab']));
  });

  it('corrupts some bytes, across pieces, and never the original', () => {
    expect(texts([{ type: 'corrupt', at: 1, mask: 0x20 }])).toEqual(['aBcdef']);
    const split: ChunkFault = { type: 'split', sizes: 2 };
    expect(texts([split, { type: 'corrupt', at: 1, count: 2, mask: 0x20 }])).toEqual(['aB', 'Cd', 'ef']);
    expect(texts([{ type: 'corrupt', at: 6, mask: 1 }])).toEqual(['abcdef']);
    const original = new TextEncoder().encode('abc');
    const passage: Passage = { pieces: [{ bytes: original, waits: [] }], afterwards: 'continue' };
    for (let seed = 0; seed < 50; seed += 1) {
      const [piece] = applyChunkFault(passage, { type: 'corrupt' }, new SeededRandom(seed)).pieces as [Piece];
      const changed = [...piece.bytes].filter((byte, index) => byte !== original[index]);
      expect(changed.length).toBe(1);
    }
    expect(new TextDecoder().decode(original)).toBe('abc');
    expect(apply([{ type: 'corrupt' }], '').pieces.map(text)).toEqual(['']);
  });
});
