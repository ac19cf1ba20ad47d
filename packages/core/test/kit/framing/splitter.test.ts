import { describe, expect, it } from 'vitest';
import type { FrameMeter } from '../../../src/kit/framing/meter.ts';
import { FrameSplitter } from '../../../src/kit/framing/splitter.ts';
import { WireError } from '../../../src/kit/framing/wire-error.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { agree } from '../../support/agree.ts';
import { countCopies } from '../../support/copies.ts';

/** A length in four bytes, then as many bytes. */
const prefixed: FrameMeter = {
  measure: (bytes, start, end) =>
    end - start < 4 ? 0 : 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(start),
};

/** Up to a line feed. Remembers how far it looked, as a meter may. */
class LineMeter implements FrameMeter {
  looked = 0;
  /** Bytes that it was made to look at altogether. */
  looks = 0;

  measure(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start + this.looked; at < end; at += 1) {
      this.looks += 1;
      if (bytes[at] !== 10) continue;
      this.looked = 0;
      return at - start + 1;
    }
    this.looked = end - start;
    return 0;
  }
}

interface Frame {
  readonly content: string;
  readonly owned: boolean;
  readonly view: Uint8Array;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Feeds a splitter from one buffer that is overwritten after each chunk, as a socket's is. */
class Feed {
  readonly frames: Frame[] = [];
  readonly splitter: FrameSplitter;
  readonly #buffer: Uint8Array;

  constructor(meter: FrameMeter, maxFrameBytes = 1 << 20, bufferBytes = 4096) {
    this.#buffer = new Uint8Array(bufferBytes);
    const onFrame = (bytes: Uint8Array, start: number, end: number, owned: boolean): void => {
      const view = bytes.subarray(start, end);
      this.frames.push({ content: text(view), owned, view });
    };
    this.splitter = new FrameSplitter(meter, { onFrame }, { maxFrameBytes });
  }

  push(bytes: Uint8Array): void {
    this.#buffer.set(bytes);
    try {
      this.splitter.push(this.#buffer, bytes.length);
    } finally {
      this.#buffer.fill(0xee);
    }
  }

  get contents(): string[] {
    return this.frames.map(({ content }) => content);
  }
}

function prefixedFrame(size: number, fill: number): Uint8Array {
  const frame = new Uint8Array(4 + size).fill(fill);
  new DataView(frame.buffer).setUint32(0, size);
  return frame;
}

function lineFrame(size: number, fill: number): Uint8Array {
  const frame = new Uint8Array(size + 1).fill(fill === 10 ? 11 : fill);
  frame[size] = 10;
  return frame;
}

const kinds = [
  { name: 'announced lengths', meter: (): FrameMeter => prefixed, frame: prefixedFrame },
  { name: 'lengths that the end tells', meter: (): FrameMeter => new LineMeter(), frame: lineFrame },
];

describe.each(kinds)('FrameSplitter, $name', ({ meter, frame }) => {
  const random = new SeededRandom(17);
  const stream = (count: number, longest: number): { frames: string[]; bytes: Uint8Array } => {
    const frames = Array.from({ length: count }, () => frame(random.integer(0, longest), random.integer(0, 255)));
    return { frames: frames.map(text), bytes: Buffer.concat(frames) };
  };
  const verify = (feed: Feed, frames: string[], where: string): void => {
    agree(feed.contents.join('|'), frames.join('|'), where);
    agree(feed.splitter.carried, 0, `${where}: carried`);
    // What is owned was not overwritten with the socket's buffer.
    for (const { owned, view, content } of feed.frames) if (owned) agree(text(view), content, `${where}: owned`);
  };

  it('gives the same frames, cut at any one byte', () => {
    for (let round = 0; round < 20; round += 1) {
      const { frames, bytes } = stream(random.integer(1, 6), 90);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const feed = new Feed(meter());
        feed.push(bytes.subarray(0, cut));
        feed.push(bytes.subarray(cut));
        verify(feed, frames, `cut at ${cut}`);
      }
    }
  });

  it('gives the same frames, cut at any two bytes', () => {
    const { frames, bytes } = stream(4, 40);
    for (let first = 0; first <= bytes.length; first += 1) {
      for (let second = first; second <= bytes.length; second += 1) {
        const feed = new Feed(meter(), 1 << 20, 512);
        for (const [from, to] of [
          [0, first],
          [first, second],
          [second, bytes.length],
        ])
          feed.push(bytes.subarray(from, to));
        verify(feed, frames, `cut at ${first} and ${second}`);
      }
    }
  });

  it('gives the same frames byte by byte, and in random chunks', () => {
    for (let round = 0; round < 100; round += 1) {
      const { frames, bytes } = stream(random.integer(1, 30), random.pick([3, 70, 700]));
      const longest = random.pick([1, 7, 64, 1000]);
      const feed = new Feed(meter());
      for (let at = 0; at < bytes.length;) {
        const end = at + random.integer(1, longest);
        feed.push(bytes.subarray(at, end));
        at = end;
      }
      verify(feed, frames, `chunks of up to ${longest}`);
    }
  });

  it('hands whole frames over in place, and says so', () => {
    const chunk = Buffer.concat([frame(3, 1), frame(0, 2), frame(200, 3)]);
    const seen: [Uint8Array, boolean][] = [];
    const sink = {
      onFrame: (bytes: Uint8Array, _start: number, _end: number, owned: boolean) => void seen.push([bytes, owned]),
    };
    new FrameSplitter(meter(), sink, { maxFrameBytes: 1000 }).push(chunk, chunk.length);
    expect(seen.map(([bytes, owned]) => [bytes === chunk, owned])).toEqual([
      [true, false],
      [true, false],
      [true, false],
    ]);
  });

  it('accepts the longest frame that is allowed, wherever it is cut, and none longer', () => {
    const longest = frame(96, 7);
    for (let cut = 0; cut <= longest.length; cut += 1) {
      const feed = new Feed(meter(), longest.length);
      feed.push(longest.subarray(0, cut));
      feed.push(longest.subarray(cut));
      agree(feed.contents.join(), text(longest), `cut at ${cut}`);
      const strict = new Feed(meter(), longest.length - 1);
      const pushAll = (): void => {
        strict.push(longest.subarray(0, cut));
        strict.push(longest.subarray(cut));
      };
      expect(pushAll).toThrow(WireError);
      expect(strict.frames).toEqual([]);
    }
  });

  it('stops inside a chunk when its sink says so, and takes nothing afterwards', () => {
    for (const cut of [0, 3]) {
      const frames: string[] = [];
      const splitter: FrameSplitter = new FrameSplitter(
        meter(),
        {
          onFrame(bytes, start, end) {
            frames.push(text(bytes.subarray(start, end)));
            splitter.stop();
          },
        },
        { maxFrameBytes: 1000 },
      );
      const chunk = Buffer.concat([frame(5, 1), frame(5, 2), frame(5, 3).subarray(0, 2)]);
      splitter.push(chunk.subarray(0, cut), cut);
      splitter.push(chunk.subarray(cut), chunk.length - cut);
      splitter.push(chunk, chunk.length);
      expect(frames).toEqual([text(frame(5, 1))]);
      expect(splitter.carried).toBe(0);
    }
  });

  it('gives no frame twice when its sink throws', () => {
    let seen = 0;
    const splitter = new FrameSplitter(
      meter(),
      {
        onFrame() {
          seen += 1;
          throw new Error('a decoder with a bug');
        },
      },
      { maxFrameBytes: 1000 },
    );
    const bytes = frame(10, 1);
    splitter.push(bytes.subarray(0, 5), 5);
    expect(() => splitter.push(bytes.subarray(5), bytes.length - 5)).toThrow('a decoder with a bug');
    splitter.push(bytes.subarray(0, 1), 1);
    expect(seen).toBe(1);
  });
});

describe('FrameSplitter: memory', () => {
  it('copies a frame that straddles chunks once, to memory of exactly its size', () => {
    const frame = prefixedFrame(100_000, 5);
    const chunks = [frame.subarray(0, 1000), frame.subarray(1000, 60_000), frame.subarray(60_000)];
    const received: [number, boolean][] = [];
    const splitter = new FrameSplitter(
      prefixed,
      {
        onFrame: (bytes, start, end, owned) =>
          void received.push([bytes.buffer.byteLength, owned && start === 0 && end === bytes.length]),
      },
      { maxFrameBytes: 1 << 20 },
    );
    const { allocated, copied } = countCopies(() => {
      for (const chunk of chunks) splitter.push(chunk, chunk.length);
    });
    expect(allocated).toEqual([frame.length]);
    expect(copied).toBe(frame.length);
    expect(received).toEqual([[frame.length, true]]);
  });

  it('copies little more when the chunk ends before the length can be told', () => {
    const frame = prefixedFrame(100_000, 5);
    const splitter = new FrameSplitter(prefixed, { onFrame() {} }, { maxFrameBytes: 1 << 20 });
    const { allocated, copied } = countCopies(() => {
      splitter.push(frame.subarray(0, 3), 3);
      splitter.push(frame.subarray(3), frame.length - 3);
    });
    expect(Math.max(...allocated)).toBe(frame.length);
    expect(copied).toBeLessThan(frame.length + 200);
  });

  it('copies nothing of frames that came whole', () => {
    const chunk = Buffer.concat([prefixedFrame(5000, 1), prefixedFrame(1, 2)]);
    const splitter = new FrameSplitter(prefixed, { onFrame() {} }, { maxFrameBytes: 1 << 20 });
    expect(countCopies(() => splitter.push(chunk, chunk.length))).toEqual({ allocated: [], copied: 0 });
  });

  it('keeps copying linear, and looking too, while a length is unknown', () => {
    for (const chunkBytes of [1, 50, 1000, 70_000]) {
      const meter = new LineMeter();
      const feed = new Feed(meter, 1 << 20, chunkBytes);
      const frame = lineFrame(200_000, 65);
      const { copied, allocated } = countCopies(() => {
        for (let at = 0; at < frame.length; at += chunkBytes) feed.push(frame.subarray(at, at + chunkBytes));
      });
      expect(feed.contents).toEqual([text(frame)]);
      // The feed itself copies each byte once; the splitter each once, and those before a growth again.
      expect(copied).toBeLessThan(frame.length * 5);
      expect(allocated.length).toBeLessThan(20);
      expect(meter.looks).toBeLessThan(frame.length * 2);
    }
  });

  it('allocates nothing for a length beyond the limit, wherever its announcement is cut', () => {
    for (const announced of [1001, 2 ** 31, 2 ** 32 - 1]) {
      const hostile = new Uint8Array(64);
      new DataView(hostile.buffer).setUint32(0, announced);
      for (let cut = 0; cut < 4; cut += 1) {
        const splitter = new FrameSplitter(prefixed, { onFrame() {} }, { maxFrameBytes: 1000 });
        let thrown: unknown;
        const { allocated } = countCopies(() => {
          try {
            splitter.push(hostile.subarray(0, cut), cut);
            splitter.push(hostile.subarray(cut), hostile.length - cut);
          } catch (error) {
            thrown = error;
          }
        });
        expect(thrown).toBeInstanceOf(WireError);
        expect((thrown as WireError).message).toContain('maxFrameBytes is 1000');
        expect(Math.max(0, ...allocated)).toBeLessThanOrEqual(cut === 0 ? 0 : 64);
      }
    }
  });

  it('takes no more than the limit for a frame without an end', () => {
    for (const chunkBytes of [1, 33, 100, 999, 1000, 1001, 5000]) {
      const feed = new Feed(new LineMeter(), 1000, 5000);
      const endless = new Uint8Array(5000).fill(65);
      let pushed = 0;
      const { allocated } = countCopies(() => {
        try {
          for (; pushed < endless.length; pushed += chunkBytes)
            feed.push(endless.subarray(pushed, pushed + chunkBytes));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
          expect((error as WireError).message).toContain('no end');
        }
      });
      expect(pushed).toBeLessThanOrEqual(1000);
      expect(Math.max(0, ...allocated)).toBeLessThanOrEqual(1000);
    }
  });

  it('holds back what is missing, and says how much', () => {
    const feed = new Feed(prefixed);
    feed.push(prefixedFrame(10, 1).subarray(0, 9));
    expect(feed.splitter.carried).toBe(9);
    feed.splitter.stop();
    expect(feed.splitter.carried).toBe(0);
  });
});

describe('FrameSplitter: a meter that returns nonsense', () => {
  const nonsense: [string, unknown][] = [
    ['a negative length', -1],
    ['NaN', Number.NaN],
    ['a fraction', 2.5],
    ['a bigint', 3n],
    ['nothing', undefined],
    ['a string', 'x'],
    ['minus infinity', -Infinity],
  ];

  it.each(nonsense)('is stopped at once: %s', (_, size) => {
    for (const cut of [0, 1]) {
      const meter: FrameMeter = { measure: (_bytes, start, end) => (end - start < 2 ? 0 : (size as number)) };
      const feed = new Feed(meter, 1000);
      feed.push(new Uint8Array(cut));
      expect(() => feed.push(new Uint8Array(5))).toThrow(/frame meter told a length/);
      expect(feed.frames).toEqual([]);
    }
  });

  it('is stopped: more than the limit, infinitely more', () => {
    for (const size of [1001, Infinity]) {
      const feed = new Feed({ measure: () => size }, 1000);
      expect(() => feed.push(new Uint8Array(5))).toThrow(WireError);
    }
  });

  it('is stopped when it finds the end in a part that it had found endless', () => {
    const feed = new Feed({ measure: (_bytes, start, end) => (end - start < 100 ? 0 : 10) }, 1000);
    feed.push(new Uint8Array(90));
    expect(() => feed.push(new Uint8Array(20))).toThrow(/too late/);
    expect(feed.frames).toEqual([]);
  });

  it('throws what it throws', () => {
    const feed = new Feed({
      measure() {
        throw new WireError('no frame starts with 0x00');
      },
    });
    expect(() => feed.push(new Uint8Array(5))).toThrow('no frame starts with 0x00');
  });

  it('needs a limit that is one', () => {
    for (const maxFrameBytes of [0, -1, Number.NaN]) {
      expect(() => new FrameSplitter(prefixed, { onFrame() {} }, { maxFrameBytes })).toThrow(RangeError);
    }
  });
});
