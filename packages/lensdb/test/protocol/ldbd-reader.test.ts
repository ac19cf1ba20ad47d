import { describe, expect, it } from 'vitest';
import { toBytes } from '../../src/protocol/bytes.ts';
import { MessageType } from '../../src/protocol/ldbd/codes.ts';
import { falseReply, type Fence, pingRequest } from '../../src/protocol/ldbd/fence.ts';
import { ldbdHalfCloses, LdbdReader } from '../../src/protocol/ldbd/reader.ts';
import { decodeLdbdRequest } from '../../src/protocol/ldbd/request.ts';
import { ldbdResponse } from '../../src/protocol/ldbd/response.ts';
import type { LdbdReads, LdbdStep } from '../../src/protocol/ldbd/step.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';

const P = ldbdResponse(0, '', 'PONG');
const F = falseReply;
const fence: LdbdReads = { strategy: 'fence', pingReply: P };
const close: LdbdReads = { strategy: 'close', oneRequest: false };
const oneRequest: LdbdReads = { strategy: 'close', oneRequest: true };
const { GET, SET, SETEX, DELETE, CLEAR, EXISTS, KEYS, SIZE, PING } = MessageType;

function reader(reads: LdbdReads = fence, maxFrameBytes?: number): LdbdReader {
  const limit = maxFrameBytes === undefined ? {} : { maxFrameBytes };
  return new LdbdReader({ reads, randomKey: () => '0123456789abcdef', ...limit });
}

function expecting(type: MessageType, reads?: LdbdReads, first?: Fence): LdbdReader {
  const one = reader(reads);
  one.expect(type, first);
  return one;
}

/** A step in a form that is easy to compare. */
function brief(step: LdbdStep): string {
  switch (step.kind) {
    case 'send':
      return step.bytes === pingRequest ? 'send ping' : `send exists ${text(decodeLdbdRequest(step.bytes).key)}`;
    case 'done':
      return `done ${step.response.status} '${step.response.message}' '${text(step.response.data)}'${step.reusable ? '' : ' close'}`;
    case 'repeat':
      return `repeat ${step.first} first`;
    case 'lost':
      return step.relearn ? 'lost, relearn' : 'lost';
    case 'violation':
      return `violation: ${step.message}`;
    case 'more':
      return 'more';
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function join(...parts: (string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts.map(toBytes)));
}

const header = ldbdResponse(0);
const sendExists = 'send exists 0123456789abcdef';

describe('commands that tell their end', () => {
  it('R3: an error is complete behind its message', () => {
    for (const type of Object.values(MessageType)) {
      for (const reads of [fence, close]) {
        const closes = ldbdHalfCloses(reads, type) ? ' close' : '';
        expect(brief(expecting(type, reads).feed(ldbdResponse(2, 'nope')))).toBe(`done 2 'nope' ''${closes}`);
      }
    }
    expect(brief(expecting(GET).feed(ldbdResponse(2, 'nope', 'x')))).toBe("done 2 'nope' '' close");
  });

  it('R2: header and message are awaited byte by byte', () => {
    const bytes = ldbdResponse(4, 'no');
    const one = expecting(SET);
    const steps = Array.from(bytes, (byte) => brief(one.feed(Uint8Array.of(byte))));
    expect(steps).toEqual([...Array.from({ length: 9 }, () => 'more'), "done 4 'no' ''"]);
  });

  it('R4: an acknowledgement is complete behind its message, and what came along is ignored', () => {
    for (const type of [SET, SETEX, DELETE, CLEAR]) {
      for (const data of ['', 'OK', 'O', 'stored']) {
        expect(brief(expecting(type).feed(ldbdResponse(0, '', data)))).toBe("done 0 '' ''");
      }
    }
  });

  it('R5: EXISTS is complete with its word', () => {
    const no = expecting(EXISTS);
    expect(Array.from(ldbdResponse(0, '', 'false'), (byte) => brief(no.feed(Uint8Array.of(byte)))).slice(-2)).toEqual([
      'more',
      "done 0 '' 'false'",
    ]);
    expect(brief(expecting(EXISTS).feed(ldbdResponse(0, '', 'true')))).toBe("done 0 '' 'true'");
    expect(brief(expecting(EXISTS).feed(ldbdResponse(0, '', 'truex')))).toBe("done 0 '' 'true' close");
    for (const data of ['x', 'tr0', 'fals3', '1']) {
      expect(brief(expecting(EXISTS).feed(ldbdResponse(0, '', data))), data).toMatch(
        /^violation: expected 'true' or 'false'/,
      );
    }
  });

  it('R6: PING is compared with the reply that was learned', () => {
    const one = expecting(PING);
    expect(Array.from(P, (byte) => brief(one.feed(Uint8Array.of(byte)))).slice(-2)).toEqual([
      'more',
      "done 0 '' 'PONG'",
    ]);
    expect(brief(expecting(PING).feed(join(P, 'x')))).toBe("done 0 '' 'PONG' close");
    expect(brief(expecting(PING).feed(ldbdResponse(0, '', 'POMG')))).toMatch(/^violation: the answer to PING differs/);
    expect(brief(expecting(PING, { ...close, pingReply: P }).feed(P))).toBe("done 0 '' 'PONG'");
  });
});

describe('the OK behind an acknowledgement', () => {
  function acknowledged(data: string): LdbdReader {
    const one = expecting(SET);
    expect(brief(one.feed(ldbdResponse(0, '', data)))).toBe("done 0 '' ''");
    return one;
  }

  it('may come late: before the next request, with the next answer, in halves', () => {
    for (const pieces of [['OK'], ['O', 'K']]) {
      const idle = acknowledged('');
      for (const piece of pieces) expect(brief(idle.feed(toBytes(piece)))).toBe('more');
      idle.expect(EXISTS);
      expect(brief(idle.feed(ldbdResponse(0, '', 'true')))).toBe("done 0 '' 'true'");

      const busy = acknowledged('');
      busy.expect(EXISTS);
      for (const piece of pieces) expect(brief(busy.feed(toBytes(piece)))).toBe('more');
      expect(brief(busy.feed(ldbdResponse(0, '', 'true')))).toBe("done 0 '' 'true'");
    }
    const half = acknowledged('O');
    half.expect(EXISTS);
    expect(brief(half.feed(join('K', ldbdResponse(0, '', 'true'))))).toBe("done 0 '' 'true'");
    const around = acknowledged('');
    expect(brief(around.feed(toBytes('O')))).toBe('more');
    around.expect(EXISTS);
    expect(brief(around.feed(join('K', ldbdResponse(0, '', 'true'))))).toBe("done 0 '' 'true'");
  });

  it('may not come at all', () => {
    const one = acknowledged('');
    one.expect(EXISTS);
    expect(brief(one.feed(ldbdResponse(0, '', 'true')))).toBe("done 0 '' 'true'");
    expect(brief(one.feed(toBytes('OK')))).toMatch(/^violation: the server sent bytes that no request/);
  });

  it('may come late once and be absent the next time', () => {
    const one = acknowledged('');
    expect(brief(one.feed(toBytes('OK')))).toBe('more');
    one.expect(SET);
    expect(brief(one.feed(header))).toBe("done 0 '' ''");
    one.expect(SET);
    expect(brief(one.feed(header))).toBe("done 0 '' ''");
  });

  it('is nothing else, and comes once', () => {
    expect(brief(acknowledged('').feed(toBytes('OKx')))).toMatch(/^violation: the server sent bytes/);
    expect(brief(acknowledged('').feed(toBytes('Ox')))).toMatch(/^violation: expected nothing or 'OK'/);
    expect(brief(acknowledged('OK').feed(toBytes('OK')))).toMatch(/^violation/);
    const one = acknowledged('');
    one.expect(GET);
    expect(brief(one.feed(join('O', header)))).toMatch(/^violation: expected nothing or 'OK'/);
    const other = acknowledged('');
    other.expect(GET);
    expect(brief(other.feed(toBytes('stored')))).toMatch(/^violation: expected a frame/);
  });
});

describe('the adaptive fence', () => {
  it('sends PING behind the first bytes, then EXISTS, and strips both answers', () => {
    for (const type of [GET, KEYS]) {
      const one = expecting(type);
      expect(brief(one.feed(join(header, 'hi')))).toBe('send ping');
      expect(brief(one.feed(P))).toBe(sendExists);
      expect(brief(one.feed(F))).toBe("done 0 '' 'hi'");
      one.expect(PING);
      expect(brief(one.feed(P))).toBe("done 0 '' 'PONG'");
    }
  });

  it('sends nothing before header and message are there', () => {
    const one = expecting(GET);
    const bytes = ldbdResponse(0, 'note');
    for (let at = 0; at < bytes.length - 1; at++) expect(brief(one.feed(bytes, at, at + 1))).toBe('more');
    expect(brief(one.feed(bytes, bytes.length - 1, bytes.length))).toBe('send ping');
    expect(brief(one.feed(join('data', P)))).toBe(sendExists);
    expect(brief(one.feed(F))).toBe("done 0 'note' 'data'");
  });

  it('begins with EXISTS when the data so far end with the reply to PING', () => {
    const one = expecting(GET);
    expect(brief(one.feed(join(header, 'x', P)))).toBe(sendExists);
    expect(brief(one.feed(F))).toBe('send ping');
    expect(brief(one.feed(P))).toBe(`done 0 '' 'x${text(P)}'`);
  });

  it('never takes bytes for the answer that came before the fence was sent', () => {
    const one = expecting(GET);
    expect(brief(one.feed(join(header, P.subarray(0, 5))))).toBe('send ping');
    expect(brief(one.feed(P.subarray(5)))).toBe('more');
    expect(brief(one.feed(P))).toBe(sendExists);
    expect(brief(one.feed(F))).toBe(`done 0 '' '${text(P)}'`);
  });

  it('closes and repeats with the fences swapped when the confirmation fails', () => {
    const one = expecting(GET);
    expect(brief(one.feed(header))).toBe('send ping');
    expect(brief(one.feed(P))).toBe(sendExists);
    expect(brief(one.feed(toBytes('more of the value')))).toBe('repeat exists first');
    expect(brief(one.feed(P))).toBe('more');

    const swapped = expecting(GET, fence, 'exists');
    expect(brief(swapped.feed(header))).toBe(sendExists);
    expect(brief(swapped.feed(P))).toBe('more');
    expect(brief(swapped.feed(join('more of the value', F)))).toBe('send ping');
    expect(brief(swapped.feed(P))).toBe(`done 0 '' '${text(P)}more of the value'`);

    const back = expecting(GET, fence, 'exists');
    expect([brief(back.feed(header)), brief(back.feed(F)), brief(back.feed(toBytes('x')))]).toEqual([
      sendExists,
      'send ping',
      'repeat ping first',
    ]);
  });

  it('takes more than the confirmation for a failed one', () => {
    const one = expecting(GET);
    expect([brief(one.feed(header)), brief(one.feed(P))]).toEqual(['send ping', sendExists]);
    expect(brief(one.feed(join(F, P)))).toBe('repeat exists first');
  });

  it('leaves the confirmation out for SIZE', () => {
    const one = expecting(SIZE);
    expect(brief(one.feed(join(header, '1')))).toBe('send ping');
    expect(brief(one.feed(toBytes('02')))).toBe('more');
    expect(brief(one.feed(P))).toBe("done 0 '' '102'");
    one.expect(SIZE);
    expect([brief(one.feed(join(header, 'x'))), brief(one.feed(P))]).toEqual(['send ping', sendExists]);
  });

  it('stated gap of section 3.7: a value whose last two pieces are the two answers, each behind its fence', () => {
    const value = join('value', P, F);
    const one = expecting(GET);
    expect(brief(one.feed(join(header, 'value')))).toBe('send ping');
    expect(brief(one.feed(P))).toBe(sendExists);
    expect(brief(one.feed(F))).toBe("done 0 '' 'value'");
    expect(text(value)).not.toBe('value');
    // What is left of the exchange shows it, one answer too late, and ends the connection.
    expect(brief(one.feed(join(P, F)))).toMatch(/^violation/);
  });
});

describe('the end of the stream', () => {
  it('R7: ends the data where the strategy is close', () => {
    for (const reads of [close, oneRequest]) {
      for (const type of [GET, KEYS, SIZE, PING]) {
        const one = expecting(type, reads);
        expect(ldbdHalfCloses(reads, type)).toBe(true);
        expect(brief(one.feed(join(header, 'da')))).toBe('more');
        expect(brief(one.feed(toBytes('ta')))).toBe('more');
        expect(brief(one.eof())).toBe("done 0 '' 'data' close");
      }
      expect(brief(expecting(GET, reads).eof())).toBe('lost');
      const cut = expecting(GET, reads);
      cut.feed(header, 0, 7);
      expect(brief(cut.eof())).toBe('lost');
      const word = expecting(EXISTS, reads);
      word.feed(join(header, 'tru'));
      expect(brief(word.eof())).toBe('lost');
    }
  });

  it('half-closes only reads, unless the server serves one request per connection', () => {
    const types = Object.values(MessageType);
    expect(types.filter((type) => ldbdHalfCloses(fence, type))).toEqual([]);
    expect(types.filter((type) => ldbdHalfCloses(close, type))).toEqual([GET, KEYS, SIZE, PING]);
    expect(types.filter((type) => ldbdHalfCloses({ ...close, pingReply: P }, type))).toEqual([GET, KEYS, SIZE]);
    expect(types.filter((type) => ldbdHalfCloses(oneRequest, type))).toEqual(types);
    expect(brief(expecting(SET, close).feed(header))).toBe("done 0 '' ''");
    expect(brief(expecting(SET, oneRequest).feed(header))).toBe("done 0 '' '' close");
    expect(brief(expecting(EXISTS, oneRequest).feed(ldbdResponse(0, '', 'true')))).toBe("done 0 '' 'true' close");
  });

  it('is a loss while a fence is out: the value may be cut', () => {
    const one = expecting(GET);
    one.feed(join(header, 'half a val'));
    expect(brief(one.eof())).toBe('lost, relearn');
    const confirming = expecting(GET);
    confirming.feed(header);
    confirming.feed(P);
    expect(brief(confirming.eof())).toBe('lost, relearn');
    expect(brief(expecting(GET).eof())).toBe('lost');
    expect(brief(reader().eof())).toBe('lost');
  });
});

describe('what no server may send', () => {
  it('is a violation, and the reader is over', () => {
    const one = expecting(GET);
    expect(brief(one.feed(toBytes('HTTP/1.1')))).toBe(
      "violation: expected a frame that starts with the magic of the dialect 'ldbd'",
    );
    expect(() => one.expect(GET)).toThrow(/'over'/);
    expect(brief(one.feed(header))).toBe('more');
    expect(brief(reader().feed(header))).toMatch(/no request had asked/);
    expect(brief(expecting(GET).feed(Uint8Array.of(0x4c, 0x44, 0x42, 0x44, 2)))).toMatch(/version 1 .* got 2/);
    expect(brief(expecting(GET).feed(Uint8Array.of(0x4c, 0x44, 0x42, 0x44, 1, 9)))).toMatch(/status 9/);
  });

  it('names the other dialect', () => {
    expect(expecting(GET).feed(lensResponse(0))).toMatchObject({ kind: 'violation', dialect: 'lens' });
  });

  it('is bounded by maxFrameBytes', () => {
    const one = reader(fence, 100);
    one.expect(GET);
    expect(brief(one.feed(join(header, 'x'.repeat(92))))).toBe('send ping');
    expect(brief(one.feed(toBytes('x')))).toMatch(/^violation: the answer is longer than 'maxFrameBytes'/);
  });

  it('one request at a time', () => {
    expect(() => expecting(GET).expect(GET)).toThrow(/'answer'/);
  });

  it('keeps nothing of the memory it is given', () => {
    const one = expecting(GET);
    const memory = join(header, 'secret');
    one.feed(memory);
    memory.fill(0);
    one.feed(P);
    expect(brief(one.feed(F))).toBe("done 0 '' 'secret'");
  });
});
