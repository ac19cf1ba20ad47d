import { FrameSplitter } from '@wirewright/core/kit';
import { describe, expect, it } from 'vitest';
import { toBytes } from '../../src/protocol/bytes.ts';
import { decodeLensRequest, encodeLensRequest, lensRequest } from '../../src/protocol/lens/request.ts';
import {
  decodeLensResponse,
  lensResponse,
  type LensResponse,
  lensResponseMeter,
} from '../../src/protocol/lens/response.ts';
import { capture, captures, toHex } from '../fixtures/captures.ts';
import { type Answer, described } from '../fixtures/described.ts';

function decodeAll(chunks: Iterable<Uint8Array>): LensResponse[] {
  const answers: LensResponse[] = [];
  const splitter = new FrameSplitter(
    lensResponseMeter(),
    { onFrame: (bytes, start, end) => void answers.push(decodeLensResponse(bytes, start, end)) },
    { maxFrameBytes: 1024 * 1024 },
  );
  for (const chunk of chunks) {
    // The socket's memory is used again: what a decoder did not copy would show here.
    const memory = chunk.slice();
    splitter.push(memory, memory.length);
    memory.fill(0xee);
  }
  expect(splitter.carried).toBe(0);
  return answers;
}

function plain(answers: readonly LensResponse[]): unknown[] {
  return answers.map(({ status, data, message }) => [status, toHex(data), message]);
}

function expected(answers: readonly Answer[]): unknown[] {
  return answers.map(([status, data, message]) => [status, toHex(toBytes(data)), message]);
}

describe('captured exchanges', () => {
  it('are all described', () => {
    expect(captures).toHaveLength(103);
    expect(Object.keys(described)).toEqual(captures.map(({ name }) => name));
  });

  describe('requests', () => {
    for (const { name, request } of captures) {
      const { send, elided } = described[name] ?? expect.fail(name);
      if (!send) continue;
      const [type, key = '', value = '', flags = 0] = send;
      it(name, () => {
        const encoded = lensRequest(type, key, value, flags);
        expect(toHex(elided ? encoded.subarray(0, request.length) : encoded)).toBe(toHex(request));
        const decoded = decodeLensRequest(encoded);
        expect([decoded.type, decoded.flags]).toEqual([type, flags]);
        expect(toHex(decoded.key) === toHex(toBytes(key)), 'key').toBe(true);
        expect(toHex(decoded.value) === toHex(toBytes(value)), 'value').toBe(true);

        const out = new Uint8Array(encoded.length + 7).fill(0xaa);
        expect(encodeLensRequest(out, 3, type, key, value, flags)).toBe(encoded.length + 3);
        expect(toHex(out.subarray(0, 3)) + toHex(out.subarray(-4))).toBe('aa'.repeat(7));
        expect(toHex(out.subarray(3, -4)) === toHex(encoded), 'the same at an offset').toBe(true);
      });
    }

    it('says of the others why they are no request', () => {
      const others = captures.filter(({ name, request }) => request.length > 0 && !described[name]?.send);
      expect(others.map(({ name }) => name)).toEqual([
        'magic.wrong',
        'magic.ldbd_ping_probe',
        'magic.http',
        'version.wrong',
        'type.unknown_10',
        'type.unknown_255',
        'frame.truncated_header',
        'frame.lying_key_length',
        'frame.trailing_garbage',
        'pipeline.ping_ping',
        'pipeline.set_get',
      ]);
      for (const { request } of others)
        expect(() => decodeLensRequest(request)).toThrow(/magic|dialect|version|type|short|announces/);
    });
  });

  describe('answers', () => {
    for (const { name, response } of captures) {
      const { answers } = described[name] ?? expect.fail(name);
      if (!response || !answers) {
        it(`${name}: nothing`, () => expect([response, answers]).toEqual([null, null]));
        continue;
      }
      it(name, () => {
        expect(plain(decodeAll([response]))).toEqual(expected(answers));
        const encoded = answers.map(([status, data, message]) => lensResponse(status as 0, data, message));
        expect(toHex(Buffer.concat(encoded))).toBe(toHex(response));
      });

      it(`${name}: split at every byte`, () => {
        for (let cut = 1; cut < response.length; cut++) {
          const pieces = [response.subarray(0, cut), response.subarray(cut)];
          expect(plain(decodeAll(pieces))).toEqual(expected(answers));
        }
      });

      it(`${name}: one byte at a time`, () => {
        const bytes = Array.from(response, (byte) => Uint8Array.of(byte));
        expect(plain(decodeAll(bytes))).toEqual(expected(answers));
      });
    }

    it('all in one chunk', () => {
      const whole = Buffer.concat(captures.flatMap(({ response }) => (response ? [response] : [])));
      const all = captures.flatMap(({ name }) => described[name]?.answers ?? []);
      expect(plain(decodeAll([Uint8Array.from(whole)]))).toEqual(expected(all));
    });

    it('whose head a decoder alone cannot complete are refused', () => {
      const { response } = capture('get.small');
      for (let end = 0; end < (response?.length ?? 0); end++) {
        expect(() => decodeLensResponse(response as Uint8Array, 0, end)).toThrow(/shorter|announces/);
      }
    });
  });
});
