import assert from 'node:assert/strict';
import {
  ArgumentError,
  CodecError,
  createJsonCodec,
  jsonCodec,
  parseJson,
  stringifyJson,
  toSafeInteger,
  UnsafeIntegerError,
} from '@wirewright/core';
import { FrameSplitter, SlabWriter, utf8Length, writeDecimal, writeUtf8 } from '@wirewright/core/kit';
import { SeededRandom } from '@wirewright/core/testing';
import type { Case } from '../case.ts';
import { bytesOf, pattern, textOf } from '../support/bytes.ts';

/** Pieces of text in which UTF-16 and UTF-8 differ most. */
const letters = ['a', 'é', '二', '😀', '\ud800', '\udc00', '\0', '\u{10ffff}'];

export const byteCases: readonly Case[] = [
  {
    name: 'text is written as the platform encodes it, lone surrogates included',
    async run() {
      const random = new SeededRandom(1);
      for (let each = 0; each < 2000; each += 1) {
        const text = Array.from({ length: random.integer(0, 40) }, () => random.pick(letters)).join('');
        const expected = bytesOf(text);
        assert.equal(utf8Length(text), expected.length);
        const out = new Uint8Array(3 + expected.length);
        assert.equal(writeUtf8(out, 3, text), 3 + expected.length);
        assert.deepEqual(out.subarray(3), expected);
      }
    },
  },
  {
    name: 'numbers are written as the platform writes them',
    async run() {
      const out = new Uint8Array(32);
      for (const value of [0, 7, 10, 99, 100, 65_535, 2 ** 31, 2 ** 32, 2 ** 53 - 1]) {
        assert.equal(textOf(out.subarray(0, writeDecimal(out, 0, value))), String(value));
      }
    },
  },
  {
    name: 'frames come whole, however the stream is cut',
    async run() {
      const random = new SeededRandom(2);
      for (let each = 0; each < 200; each += 1) {
        const frames = Array.from({ length: 20 }, () => pattern(random.integer(0, 300)));
        const stream = Uint8Array.from(frames.flatMap((frame) => [frame.length >> 8, frame.length & 255, ...frame]));
        const found: Uint8Array[] = [];
        const splitter = new FrameSplitter(
          {
            measure: (bytes, start, end) =>
              end - start < 2 ? 0 : 2 + ((bytes[start] as number) << 8) + (bytes[start + 1] as number),
          },
          { onFrame: (bytes, start, end) => void found.push(bytes.slice(start + 2, end)) },
          { maxFrameBytes: 1000 },
        );
        for (let at = 0; at < stream.length;) {
          const length = Math.min(random.integer(1, 700), stream.length - at);
          const chunk = stream.slice(at, at + length);
          splitter.push(chunk, length);
          chunk.fill(0xdb);
          at += length;
        }
        assert.deepEqual(found, frames);
      }
    },
  },
  {
    name: 'requests gather in a slab and leave in one piece, except those that were taken back',
    async run() {
      const written: Uint8Array[] = [];
      const take = (chunks: readonly Uint8Array[]): boolean => {
        written.push(...chunks.map((chunk) => chunk.slice()));
        return true;
      };
      const out = new SlabWriter({ write: (chunk) => take([chunk]), writeAll: take }, 4096);
      const add = (text: string): [number, number] => {
        const from = out.position;
        const bytes = bytesOf(text);
        const at = out.reserve(bytes.length);
        out.bytes.set(bytes, at);
        out.commit(bytes.length);
        return [from, out.position];
      };
      add('one ');
      const second = add('two ');
      add('three');
      assert.equal(out.withdraw(...second), true);
      out.flush();
      assert.equal(written.map(textOf).join(''), 'one three');
      assert.equal(out.withdraw(...second), false);
    },
  },
  {
    name: 'JSON comes back as it was, and no integer is rounded',
    async run() {
      const value = { text: 'Zoë 😀', list: [1, null, true, 0.5, -0], deep: { __proto__: null, a: [[]] } };
      assert.deepEqual(jsonCodec.decode(jsonCodec.encode(value)), JSON.parse(JSON.stringify(value)));
      assert.throws(
        () => parseJson('{"n":9007199254740993}'),
        (error) => error instanceof UnsafeIntegerError && error.value === 9007199254740993n,
      );
      assert.deepEqual(parseJson('{"n":9007199254740991,"s":"12345678901234567890"}'), {
        n: 9007199254740991,
        s: '12345678901234567890',
      });
      const exact = createJsonCodec({ integers: 'bigint' });
      assert.deepEqual(exact.decode(bytesOf('[1,9007199254740993,1.5,1e3,"2"]')), [
        1n,
        9007199254740993n,
        1.5,
        1000,
        '2',
      ]);
    },
  },
  {
    name: 'what is no JSON is a typed error that shows nothing of it',
    async run() {
      const secret = 'sesame';
      for (const text of [`{"${secret}":`, secret, '', `[${secret}]`, '[1,]']) {
        assert.throws(
          () => parseJson(text),
          (error) => error instanceof CodecError && !error.message.includes(secret),
        );
      }
      assert.throws(() => jsonCodec.decode(Uint8Array.of(0x22, 0xff, 0x22)), CodecError);
      const circular: Record<string, unknown> = { [secret]: 1 };
      circular['self'] = circular;
      for (const value of [undefined, 1n, () => {}, Symbol('s'), circular]) {
        assert.throws(
          () => stringifyJson(value),
          (error) => error instanceof ArgumentError && !error.message.includes(secret),
        );
      }
    },
  },
  {
    name: 'deep JSON is read or refused, and ends nothing',
    async run() {
      const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
      try {
        assert.ok(Array.isArray(parseJson(deep)));
      } catch (error) {
        assert.ok(error instanceof CodecError);
      }
    },
  },
  {
    name: 'integers from the wire are exact, or an error that holds them',
    async run() {
      assert.equal(toSafeInteger(2n ** 53n - 1n), Number.MAX_SAFE_INTEGER);
      assert.throws(
        () => toSafeInteger(2n ** 60n),
        (error) => error instanceof UnsafeIntegerError && error.value === 2n ** 60n,
      );
    },
  },
];
