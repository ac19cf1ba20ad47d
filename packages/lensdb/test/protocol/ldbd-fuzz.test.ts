import { SeededRandom } from '@wirewright/core/testing';
import { describe, expect, it } from 'vitest';
import { MessageType } from '../../src/protocol/ldbd/codes.ts';
import { falseReply, type Fence, pingRequest } from '../../src/protocol/ldbd/fence.ts';
import { LdbdReader } from '../../src/protocol/ldbd/reader.ts';
import { ldbdResponse, type LdbdResponse } from '../../src/protocol/ldbd/response.ts';
import type { LdbdReads } from '../../src/protocol/ldbd/step.ts';
import { Conversation, learn } from './ldbd-conversation.ts';
import type { SimulationOptions, Store } from './ldbd-simulation.ts';

function optionsOf(random: SeededRandom, cutAfter = Infinity): SimulationOptions {
  return {
    pingText: random.pick(['PONG', 'pong', '', 'PONG from node 7\n', 'true', 'false']),
    acknowledgement: random.pick(['', 'OK']),
    closesAfterAnswer: random.chance(0.15),
    hostileCuts: random.chance(0.4),
    cutAfter,
  };
}

/** A value that holds, or ends with, what the fences look for in three cases out of five. */
function valueOf(random: SeededRandom, options: SimulationOptions): Uint8Array {
  const reply = ldbdResponse(0, '', options.pingText);
  const parts: Uint8Array[] = [];
  for (let count = random.integer(0, 4); count > 0; count--) {
    parts.push(
      random.pick<() => Uint8Array>([
        () => Uint8Array.from({ length: random.integer(0, 40) }, () => random.integer(0, 255)),
        () => Buffer.from(String(random.integer(0, 9999))),
        () => reply,
        () => falseReply,
        () => reply.subarray(0, random.integer(0, reply.length)),
        () => falseReply.subarray(random.integer(0, falseReply.length)),
      ])(),
    );
  }
  return Uint8Array.from(Buffer.concat(parts));
}

/** The stated gap of section 3.7: behind `data`, the value goes on with the two known answers, cut behind each. */
function isGap(value: Uint8Array, data: string, options: SimulationOptions): boolean {
  const reply = latin1(ldbdResponse(0, '', options.pingText));
  const known = latin1(falseReply);
  const rest = latin1(value).slice(data.length);
  return (
    options.hostileCuts &&
    latin1(value).startsWith(data) &&
    [reply + known, known + reply].some((both) => rest.startsWith(both))
  );
}

const { GET, SET, SETEX, DELETE, EXISTS, KEYS, SIZE, CLEAR, PING } = MessageType;
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('ldbd answers from a single-read server, cut at random places', () => {
  it('give what was stored, in 4 000 conversations', () => {
    const seen = { answers: 0, repeats: 0, gaps: 0, closes: 0, unanswered: 0 };
    for (let seed = 0; seed < 4000; seed++) {
      const random = new SeededRandom(seed);
      const options = optionsOf(random);
      const learned = learn(random, options);
      if (learned === 'lost') return expect.unreachable(`seed ${seed}`);
      const oneRequest = learned.strategy === 'close' && learned.oneRequest;
      expect(oneRequest, `seed ${seed}`).toBe(options.closesAfterAnswer);
      const reads: LdbdReads =
        learned.strategy === 'fence' && random.chance(0.2)
          ? { strategy: 'close', pingReply: learned.pingReply, oneRequest: false }
          : learned;
      if (reads.strategy === 'close') seen.closes++;
      const server: Store = new Map();
      const model: Store = new Map();
      const conversation = new Conversation(random, options, server, reads);
      const run = (...request: Parameters<Conversation['run']>): LdbdResponse | undefined => {
        const settled = conversation.run(...request);
        if (typeof settled !== 'string') {
          seen.answers++;
          return settled;
        }
        // Look-alikes of both answers, and a network that cuts behind each of them in every try.
        if (settled === 'exhausted' && options.hostileCuts) seen.unanswered++;
        else if (settled === 'silent') seen.unanswered++;
        else throw new Error(`seed ${seed}: ${settled}`);
        return undefined;
      };
      for (let count = 10; count > 0; count--) {
        const key = random.pick(['a', 'b', '\x4c\x44', 'key four']);
        const type = random.pick([GET, GET, GET, SET, SET, SETEX, DELETE, EXISTS, KEYS, SIZE, CLEAR, PING]);
        const value = valueOf(random, options);
        const answer = run(type, key, type === SET || type === SETEX ? value : '');
        if (!answer) continue;
        const held = model.get(key);
        const data = latin1(answer.data);
        const where = `seed ${seed}, ${count} to go, type ${type}`;
        if (type === GET && held) {
          if (isGap(held, data, options)) {
            seen.gaps++;
            // The two answers are still to come, and would be taken for those of the next requests.
            conversation.drop();
            conversation.dropped = 0;
          } else if (data !== latin1(held)) expect(data, where).toBe(latin1(held));
        }
        expect(conversation.dropped, where).toBe(0);
        if (type === GET || type === DELETE) expect(answer.status, where).toBe(held ? 0 : 2);
        if (type === SET || type === SETEX) model.set(key, Buffer.from(value));
        if (type === DELETE) model.delete(key);
        if (type === CLEAR) model.clear();
        if (type === EXISTS) expect(data, where).toBe(String(held !== undefined));
        if (type === SIZE) expect(data, where).toBe(String(model.size));
        if (type === KEYS) expect(data, where).toBe([...model.keys()].join('\n'));
        if (type === PING) expect(data, where).toBe(options.pingText);
      }
      seen.repeats += conversation.repeats;
    }
    // Otherwise the cases would not be the hard ones.
    expect(seen.answers).toBeGreaterThan(35_000);
    expect(seen.repeats).toBeGreaterThan(20);
    expect(seen.closes).toBeGreaterThan(500);
    expect(seen.gaps).toBeGreaterThan(0);
    expect(seen.gaps).toBeLessThan(200);
    expect(seen.unanswered).toBeLessThan(200);
  });

  it('never give a value that a lost connection cut, in 4 000 reads', () => {
    const seen = { lost: 0, whole: 0 };
    for (let seed = 0; seed < 4000; seed++) {
      const random = new SeededRandom(seed);
      const options: SimulationOptions = {
        ...optionsOf(random, random.integer(0, 90)),
        closesAfterAnswer: false,
        hostileCuts: false,
      };
      // Such a reply is never learned: see the learner.
      if (options.pingText === 'false') continue;
      const value = valueOf(random, options);
      const pingReply = ldbdResponse(0, '', options.pingText);
      const conversation = new Conversation(random, options, new Map([['k', Buffer.from(value)]]), {
        strategy: 'fence',
        pingReply,
      });
      const settled = conversation.run(GET, 'k');
      if (settled === 'lost' || settled === 'silent') seen.lost++;
      else if (typeof settled === 'string') expect.unreachable(`seed ${seed}`);
      else {
        seen.whole++;
        expect(latin1(settled.data), `seed ${seed}`).toBe(latin1(value));
      }
    }
    expect(seen.lost).toBeGreaterThan(1000);
    expect(seen.whole).toBeGreaterThan(300);
  });
});

describe('values around the reply to PING, with the answer split at every offset', () => {
  const reply = ldbdResponse(0, '', 'PONG');
  const reads: LdbdReads = { strategy: 'fence', pingReply: reply };
  const values = {
    empty: Buffer.alloc(0),
    'equal to it': Buffer.from(reply),
    'ending with it': Buffer.concat([Buffer.from('value'), reply]),
    'containing it': Buffer.concat([Buffer.from('a'), reply, Buffer.from('b')]),
    'ending with its beginning': Buffer.concat([Buffer.from('a'), reply.subarray(0, 6)]),
    'equal to the other answer': Buffer.from(falseReply),
    'ending with the other answer': Buffer.concat([Buffer.from('a'), falseReply]),
  };

  for (const [name, value] of Object.entries(values)) {
    it(name, () => {
      const answer = ldbdResponse(0, '', value);
      for (let cut = 1; cut <= answer.length; cut++) {
        for (let fenceCut = 1; fenceCut <= reply.length; fenceCut++) {
          expect(read(answer, cut, fenceCut), `cut at ${cut} and ${fenceCut}`).toBe(latin1(value));
        }
      }
    });
  }

  /** The answer in two pieces, the answers to fences in two as well; repeats where the reader says so. */
  function read(answer: Uint8Array, cut: number, fenceCut: number): string {
    let first: Fence = 'ping';
    for (;;) {
      const reader = new LdbdReader({ reads, randomKey: () => 'x'.repeat(16) });
      reader.expect(GET, first);
      const pieces = [answer.subarray(0, cut), answer.subarray(cut)];
      let repeat = false;
      for (let i = 0; i < pieces.length && !repeat; i++) {
        const step = reader.feed(pieces[i] as Uint8Array);
        if (step.kind === 'done') return latin1(step.response.data);
        if (step.kind === 'repeat') {
          first = step.first;
          repeat = true;
        } else if (step.kind === 'send') {
          const known = step.bytes === pingRequest ? reply : falseReply;
          pieces.push(known.subarray(0, fenceCut), known.subarray(fenceCut));
        }
      }
      if (!repeat) return 'stuck';
    }
  }
});
