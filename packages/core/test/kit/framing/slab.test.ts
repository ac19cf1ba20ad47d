import { describe, expect, it } from 'vitest';
import { type ByteSink, SlabWriter } from '../../../src/kit/framing/slab.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { agree } from '../../support/agree.ts';
import { countCopies } from '../../support/copies.ts';

/** Takes bytes at once, or holds them, by reference as a socket does, until it is drained. */
class Sink implements ByteSink {
  taking = true;
  /** System calls: the chunks of each. */
  readonly writes: Uint8Array[][] = [];
  readonly #sent: string[] = [];
  #held: Uint8Array[] = [];
  onWrite: (() => void) | undefined;

  write(chunk: Uint8Array): boolean {
    return this.writeAll([chunk]);
  }

  writeAll(chunks: readonly Uint8Array[]): boolean {
    this.writes.push([...chunks]);
    this.onWrite?.();
    if (this.taking) this.#take(chunks);
    else this.#held.push(...chunks);
    return this.taking;
  }

  /** The system takes what was held, as it is now. */
  take(): void {
    this.#take(this.#held.splice(0));
  }

  get sent(): string {
    return this.#sent.join('');
  }

  #take(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.#sent.push(Buffer.from(chunk).toString('latin1'));
  }
}

interface Written {
  readonly from: number;
  readonly to: number;
  readonly content: string;
}

function write(out: SlabWriter, content: string): Written {
  const from = out.position;
  const bytes = Buffer.from(content, 'latin1');
  const at = out.reserve(bytes.length);
  out.bytes.set(bytes, at);
  out.commit(bytes.length);
  return { from, to: out.position, content };
}

function setUp(slabBytes = 64): { sink: Sink; out: SlabWriter } {
  const sink = new Sink();
  return { sink, out: new SlabWriter(sink, slabBytes) };
}

describe('SlabWriter: sending', () => {
  it('gathers in memory of the sink, where it has some', () => {
    const sink = new Sink();
    const asked: number[] = [];
    const allocate = (bytes: number): Uint8Array => (asked.push(bytes), Buffer.alloc(bytes));
    const out = new SlabWriter(Object.assign(sink, { allocate }), 16);
    for (const content of ['short', 'longer than the slab']) {
      write(out, content);
      out.flush();
    }
    expect([asked, sink.sent]).toEqual([[16, 20], 'shortlonger than the slab']);
    expect(sink.writes.flat().every((chunk) => chunk instanceof Buffer)).toBe(true);
  });

  it('sends a turn of requests in one write', () => {
    const { sink, out } = setUp();
    for (const content of ['alpha', 'beta', 'gamma']) write(out, content);
    expect(out.queued).toBe(14);
    expect(sink.writes).toHaveLength(0);
    out.flush();
    expect(sink.writes.map((chunks) => chunks.length)).toEqual([1]);
    expect(sink.sent).toBe('alphabetagamma');
    expect(out.queued).toBe(0);
  });

  it('writes nothing when nothing waits', () => {
    const { sink, out } = setUp();
    out.flush();
    write(out, 'x');
    out.flush();
    out.flush();
    out.onDrain();
    expect(sink.writes).toHaveLength(1);
  });

  it('goes on in another slab when one is full, and still sends once', () => {
    const { sink, out } = setUp(8);
    for (const content of ['12345', '6789', 'abcdefghijklmnop', 'q']) write(out, content);
    out.flush();
    expect(sink.writes).toHaveLength(1);
    expect(sink.sent).toBe('123456789abcdefghijklmnopq');
  });

  it('takes large chunks by reference, in order', () => {
    const { sink, out } = setUp();
    const large = Buffer.from('LARGE');
    write(out, 'head');
    out.appendShared(large);
    write(out, 'tail');
    out.appendShared(new Uint8Array(0));
    expect([out.queued, out.position]).toEqual([13, 13]);
    out.flush();
    expect(sink.sent).toBe('headLARGEtail');
    expect(sink.writes[0]?.map((chunk) => chunk.buffer === large.buffer)).toEqual([false, true, false]);
  });

  it('sends one large chunk alone without copying it', () => {
    const { sink, out } = setUp();
    const large = Buffer.from('LARGE');
    out.appendShared(large);
    out.flush();
    expect(sink.writes[0]?.[0]?.buffer).toBe(large.buffer);
    expect(sink.sent).toBe('LARGE');
  });

  it('gives up a reservation that was not committed', () => {
    const { sink, out } = setUp();
    write(out, 'a');
    out.bytes.set(Buffer.from('broken'), out.reserve(6));
    write(out, 'b');
    out.flush();
    expect(sink.sent).toBe('ab');
  });
});

describe('SlabWriter: positions', () => {
  it('counts every byte, and tells what has left', () => {
    const { sink, out } = setUp();
    const first = write(out, 'first');
    expect([first.from, first.to, out.flushed]).toEqual([0, 5, 0]);
    out.flush();
    expect([out.position, out.flushed, out.queued]).toEqual([5, 5, 0]);
    sink.taking = false;
    write(out, 'second');
    out.flush();
    expect([out.flushed, out.busy]).toEqual([11, true]);
    write(out, 'third');
    out.flush();
    expect([out.position, out.flushed, out.queued]).toEqual([16, 11, 5]);
  });
});

describe('SlabWriter: a sink that holds bytes', () => {
  it('is not written to, until it is drained; then everything leaves at once', () => {
    const { sink, out } = setUp();
    sink.taking = false;
    write(out, 'a');
    out.flush();
    for (const content of ['b', 'c', 'd']) {
      write(out, content);
      out.flush();
    }
    expect(sink.writes).toHaveLength(1);
    sink.take();
    out.onDrain();
    expect(sink.writes).toHaveLength(2);
    expect(out.busy).toBe(true);
    sink.take();
    out.onDrain();
    expect(sink.sent).toBe('abcd');
    expect([out.busy, out.queued]).toEqual([false, 0]);
  });

  it('keeps its memory until then', () => {
    const { sink, out } = setUp();
    sink.taking = false;
    write(out, 'held');
    out.flush();
    for (let i = 0; i < 40; i += 1) write(out, 'noise');
    sink.take();
    expect(sink.sent).toBe('held');
  });

  it('keeps the memory of several slabs', () => {
    const { sink, out } = setUp(8);
    sink.taking = false;
    write(out, 'first');
    write(out, 'second');
    out.flush();
    for (let i = 0; i < 40; i += 1) write(out, 'noise');
    sink.take();
    expect(sink.sent).toBe('firstsecond');
  });
});

describe('SlabWriter: memory', () => {
  it('is used again when the sink took it at once', () => {
    const { out } = setUp(64);
    write(out, 'warm up');
    out.flush();
    const { allocated } = countCopies(() => {
      for (let i = 0; i < 1000; i += 1) {
        write(out, 'twenty bytes of data');
        write(out, 'twenty bytes of data');
        out.flush();
      }
    });
    expect(allocated).toEqual([]);
  });

  it('is used again from its beginning when the sink was drained', () => {
    const { sink, out } = setUp(64);
    sink.taking = false;
    write(out, 'warm up');
    out.flush();
    const { allocated } = countCopies(() => {
      for (let i = 0; i < 1000; i += 1) {
        sink.take();
        out.onDrain();
        write(out, 'twenty bytes of data');
        out.flush();
      }
    });
    expect(allocated).toEqual([]);
  });

  it('of one large request is not kept', () => {
    const { out } = setUp(64);
    write(out, 'x'.repeat(5000));
    expect(out.bytes.length).toBe(5000);
    out.flush();
    write(out, 'small');
    expect(out.bytes.length).toBe(64);
  });

  it('is not taken before the first request', () => {
    expect(countCopies(() => setUp()).allocated).toEqual([]);
  });
});

describe('SlabWriter: taking back', () => {
  const contents = ['one', 'two', 'three', 'four', 'five'];

  it.each([0, 1, 2, 3, 4])('takes request %i back, in one slab, across slabs and between shared chunks', (index) => {
    for (const slabBytes of [64, 7, 1]) {
      for (const shared of [undefined, 0, 2, 4]) {
        const { sink, out } = setUp(slabBytes);
        const written = contents.map((content, i): Written => {
          if (i !== shared) return write(out, content);
          const from = out.position;
          out.appendShared(Buffer.from(content));
          return { from, to: out.position, content };
        });
        const chosen = written[index] as Written;
        expect(out.withdraw(chosen.from, chosen.to)).toBe(true);
        const rest = contents.filter((content) => content !== chosen.content).join('');
        expect(out.queued).toBe(rest.length);
        write(out, 'more');
        out.flush();
        expect(sink.sent).toBe(`${rest}more`);
      }
    }
  });

  it('takes a request back that spans slabs and shared chunks', () => {
    const { sink, out } = setUp(6);
    write(out, 'before');
    const from = out.position;
    write(out, 'head');
    out.appendShared(Buffer.from('body'));
    write(out, 'tail');
    const to = out.position;
    write(out, 'after');
    expect(out.withdraw(from, to)).toBe(true);
    out.flush();
    expect(sink.sent).toBe('beforeafter');
  });

  it('takes nothing back of which a byte has left', () => {
    const { sink, out } = setUp();
    const sent = write(out, 'sent');
    out.flush();
    expect(out.withdraw(sent.from, sent.to)).toBe(false);
    sink.taking = false;
    const held = write(out, 'held');
    out.flush();
    expect(out.withdraw(held.from, held.to)).toBe(false);
    const waiting = write(out, 'waiting');
    expect(out.withdraw(waiting.from, waiting.to)).toBe(true);
    expect(out.withdraw(sent.from, waiting.to)).toBe(false);
    sink.take();
    out.onDrain();
    expect(sink.sent).toBe('sentheld');
  });

  it('sends nothing when everything was taken back', () => {
    const { sink, out } = setUp();
    const only = write(out, 'only');
    expect(out.withdraw(only.from, only.to)).toBe(true);
    expect(out.withdraw(only.from, only.to)).toBe(true);
    expect(out.queued).toBe(0);
    out.flush();
    expect(sink.writes).toHaveLength(0);
    write(out, 'next');
    out.flush();
    expect(sink.sent).toBe('next');
  });

  it('takes an empty request back', () => {
    const { sink, out } = setUp();
    write(out, 'ab');
    expect(out.withdraw(1, 1)).toBe(true);
    expect(out.queued).toBe(2);
    out.flush();
    expect(sink.sent).toBe('ab');
  });

  it('takes 100 000 back, the youngest first, without looking at the others', () => {
    const { sink, out } = setUp(64);
    const all = Array.from({ length: 100_000 }, (_, i) => write(out, `request ${i};`));
    for (const { from, to } of all.slice(1).reverse()) out.withdraw(from, to);
    out.flush();
    expect(sink.sent).toBe('request 0;');
  });
});

describe('SlabWriter: a sink that calls back', () => {
  it('finds what is written from inside a write behind what is being written', () => {
    for (const taking of [true, false]) {
      const { sink, out } = setUp(16);
      sink.taking = taking;
      sink.onWrite = () => {
        sink.onWrite = undefined;
        write(out, 'nested');
        expect(out.withdraw(0, 5)).toBe(false);
      };
      write(out, 'outer');
      out.flush();
      expect(out.queued).toBe(6);
      sink.take();
      sink.taking = true;
      out.onDrain();
      expect(sink.sent).toBe('outernested');
    }
  });

  it('sends no byte twice when the sink throws', () => {
    const { sink, out } = setUp();
    sink.onWrite = () => {
      sink.onWrite = undefined;
      throw new Error('write() after end()');
    };
    write(out, 'lost');
    expect(() => out.flush()).toThrow('write() after end()');
    expect(out.withdraw(0, 4)).toBe(false);
    write(out, 'next');
    out.flush();
    expect(sink.sent).toBe('next');
  });
});

describe('SlabWriter, against a list of requests', () => {
  it('sends what was not taken back, in order, whatever happens in between', () => {
    const random = new SeededRandom(31);
    for (let round = 0; round < 300; round += 1) {
      const { sink, out } = setUp(random.pick([1, 16, 50, 1000]));
      let waiting: Written[] = [];
      const gone: Written[] = [];
      let sent = '';
      let busy = false;
      const flush = (): void => {
        if (busy || waiting.length === 0) return;
        gone.push(...waiting);
        sent += waiting.map(({ content }) => content).join('');
        waiting = [];
        busy = !sink.taking;
      };
      for (let step = 0; step < 120; step += 1) {
        const choice = random.integer(0, 9);
        if (choice <= 3) waiting.push(write(out, `<${round}.${step}${'.'.repeat(random.integer(0, 30))}>`));
        else if (choice === 4) {
          const content = `{${round}.${step}}`;
          const from = out.position;
          out.appendShared(Buffer.from(content));
          waiting.push({ from, to: out.position, content });
        } else if (choice === 5) {
          sink.taking = random.chance(0.5);
          out.flush();
          flush();
        } else if (choice === 6) {
          sink.take();
          busy = false;
          out.onDrain();
          flush();
        } else if (choice === 7 && gone.length > 0) {
          const { from, to } = random.pick(gone);
          agree(out.withdraw(from, to), false, 'withdraw of what has left');
        } else if (waiting.length > 0) {
          const chosen = random.pick(waiting);
          agree(out.withdraw(chosen.from, chosen.to), true, 'withdraw of what waits');
          waiting = waiting.filter((other) => other !== chosen);
        }
        agree(
          out.queued,
          waiting.reduce((sum, { content }) => sum + content.length, 0),
          'queued',
        );
        agree(out.busy, busy, 'busy');
      }
      sink.taking = true;
      sink.take();
      busy = false;
      out.onDrain();
      flush();
      agree(sink.sent, sent, 'sent');
    }
  });
});
