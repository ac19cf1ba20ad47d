import { SeededRandom } from '@wirewright/core/testing';
import { describe, expect, it } from 'vitest';
import { MessageType } from '../../src/protocol/ldbd/codes.ts';
import { falseReply, randomFenceKey } from '../../src/protocol/ldbd/fence.ts';
import { LdbdLearner, type LearnStep } from '../../src/protocol/ldbd/learner.ts';
import { decodeLdbdRequest } from '../../src/protocol/ldbd/request.ts';
import { ldbdResponse } from '../../src/protocol/ldbd/response.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';

const key = '0123456789abcdef';
const pingReply = ldbdResponse(0, '', 'PONG');
const learned = { kind: 'learned', reads: { strategy: 'fence', pingReply } };
const oneRequest = { kind: 'learned', reads: { strategy: 'close', oneRequest: true } };

function feedAll(learner: LdbdLearner, ...pieces: Uint8Array[]): LearnStep[] {
  return pieces.map((piece) => learner.feed(piece));
}

describe('the reply to PING', () => {
  it('is what stands before the answer to EXISTS, wherever the pieces are cut', () => {
    for (let cut = 8; cut <= pingReply.length; cut++) {
      for (let fenceCut = 1; fenceCut <= falseReply.length; fenceCut++) {
        const learner = new LdbdLearner(key);
        const [first, ...steps] = feedAll(
          learner,
          pingReply.subarray(0, cut),
          pingReply.subarray(cut),
          falseReply.subarray(0, fenceCut),
          falseReply.subarray(fenceCut),
        );
        expect(first?.kind).toBe('send');
        expect(steps.find((step) => step.kind !== 'more')).toEqual(learned);
      }
    }
  });

  it('is asked for with EXISTS on the random key, once, behind the whole header', () => {
    const learner = new LdbdLearner(key);
    for (let at = 0; at < 7; at++) expect(learner.feed(pingReply, at, at + 1)).toEqual({ kind: 'more' });
    const step = learner.feed(pingReply, 7, 8);
    if (step.kind !== 'send') return expect.unreachable(step.kind);
    expect(decodeLdbdRequest(step.bytes)).toEqual({
      type: MessageType.EXISTS,
      key: Uint8Array.from(Buffer.from(key)),
      value: new Uint8Array(0),
      flags: 0,
    });
    expect(learner.feed(pingReply, 8)).toEqual({ kind: 'more' });
    expect(learner.feed(falseReply)).toEqual(learned);
    expect(learner.feed(falseReply)).toEqual({ kind: 'more' });
  });

  it('may have a message and no data', () => {
    const odd = ldbdResponse(0, 'note');
    expect(feedAll(new LdbdLearner(key), odd, falseReply)[1]).toEqual({
      kind: 'learned',
      reads: { strategy: 'fence', pingReply: odd },
    });
  });

  it('cannot be a fence when it reads like the answer to EXISTS: reads end by close', () => {
    expect(feedAll(new LdbdLearner(key), falseReply, falseReply)[1]).toEqual({
      kind: 'learned',
      reads: { strategy: 'close', pingReply: falseReply, oneRequest: false },
    });
  });
});

describe('the end of the stream', () => {
  it('behind the reply means one request per connection', () => {
    for (const end of [8, 10, 12]) {
      const learner = new LdbdLearner(key);
      learner.feed(pingReply, 0, end);
      expect(learner.eof()).toEqual(oneRequest);
    }
  });

  it('before the header, or inside the answer to EXISTS, is a loss', () => {
    for (let end = 0; end < 8; end++) {
      const learner = new LdbdLearner(key);
      learner.feed(pingReply, 0, end);
      expect(learner.eof(), `${end}`).toEqual({ kind: 'lost', relearn: false });
    }
    for (let end = 4; end < falseReply.length; end++) {
      const learner = new LdbdLearner(key);
      learner.feed(pingReply);
      learner.feed(falseReply, 0, end);
      expect(learner.eof(), `${end}`).toEqual({ kind: 'lost', relearn: false });
    }
  });
});

describe('what no server may send', () => {
  it('is a violation', () => {
    expect(new LdbdLearner(key).feed(ldbdResponse(4, 'down'))).toEqual({
      kind: 'violation',
      message: 'the server answered PING with status SERVER_ERROR',
    });
    expect(new LdbdLearner(key).feed(lensResponse(0))).toMatchObject({ kind: 'violation', dialect: 'lens' });
    const endless = new LdbdLearner(key);
    endless.feed(pingReply);
    expect(endless.feed(new Uint8Array(200_000))).toEqual({
      kind: 'violation',
      message: 'the answer to PING has no end',
    });
    expect(endless.feed(falseReply)).toEqual({ kind: 'more' });
  });
});

describe('random keys', () => {
  it('have 16 letters and digits, and come from the port', () => {
    const keys = Array.from({ length: 1000 }, (_, seed) => randomFenceKey(new SeededRandom(seed)));
    expect(new Set(keys).size).toBe(1000);
    for (const one of keys) expect(one).toMatch(/^[a-z0-9]{16}$/);
    expect(randomFenceKey(new SeededRandom(1))).toBe(keys[1]);
    expect(randomFenceKey({ next: () => 1 - 2 ** -53 })).toBe('9'.repeat(16));
  });
});
