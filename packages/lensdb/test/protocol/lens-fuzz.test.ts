import { FrameSplitter, WireError } from '@wirewright/core/kit';
import { SeededRandom } from '@wirewright/core/testing';
import { describe, expect, it } from 'vitest';
import { decodeLensResponse, lensResponse, lensResponseMeter } from '../../src/protocol/lens/response.ts';
import { type Reading, readLensStream } from './reference.ts';

const maxFrameBytes = 200;

function randomBytes(random: SeededRandom, longest: number): Uint8Array {
  return Uint8Array.from({ length: random.integer(0, longest) }, () => random.integer(0, 255));
}

/** Some answers, now and then damaged, or cut. */
function randomStream(random: SeededRandom): number[] {
  const stream: number[] = [];
  for (let count = random.integer(1, 5); count > 0; count--) {
    const message = random.chance(0.3) ? randomBytes(random, 40) : new Uint8Array(0);
    stream.push(...lensResponse(random.integer(0, 6) as 0, randomBytes(random, 80), message));
  }
  if (random.chance(0.4)) {
    const at = random.integer(0, stream.length - 1);
    stream[at] = random.chance(0.5) ? random.integer(0, 255) : (stream[at] as number) ^ (1 << random.integer(0, 7));
  }
  if (random.chance(0.2)) stream.splice(random.integer(0, stream.length - 1), random.integer(1, 20));
  if (random.chance(0.3)) stream.length = random.integer(1, stream.length);
  return stream;
}

function readFast(stream: readonly number[], random: SeededRandom): Reading {
  const answers: { status: number; data: number[]; message: string }[] = [];
  const splitter = new FrameSplitter(
    lensResponseMeter(maxFrameBytes),
    {
      onFrame(bytes, start, end): void {
        const { status, data, message } = decodeLensResponse(bytes, start, end);
        answers.push({ status, data: [...data], message });
      },
    },
    { maxFrameBytes: 1024 * 1024 },
  );
  try {
    for (let at = 0; at < stream.length;) {
      const end = Math.min(stream.length, at + random.integer(1, random.pick([1, 3, 20, 300])));
      splitter.push(Uint8Array.from(stream.slice(at, end)), end - at);
      at = end;
    }
  } catch (error) {
    if (error instanceof WireError) return { answers, rest: 'error' };
    throw error;
  }
  return { answers, rest: splitter.carried > 0 ? 'beginning' : 'nothing' };
}

describe('decoder of lens answers', () => {
  it('agrees with the reference decoder on 20 000 random streams in random pieces', () => {
    const seen = { nothing: 0, beginning: 0, error: 0 };
    for (let seed = 0; seed < 20_000; seed++) {
      const random = new SeededRandom(seed);
      const stream = randomStream(random);
      const right = readLensStream(stream, maxFrameBytes);
      seen[right.rest]++;
      const fast = readFast(stream, random);
      if (JSON.stringify(fast) !== JSON.stringify(right)) expect(fast, `seed ${seed}`).toEqual(right);
    }
    // The streams reach every kind of end, or the comparison would show little.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(1000);
  });
});
