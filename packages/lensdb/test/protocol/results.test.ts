import { WireError } from '@wirewright/core/kit';
import { describe, expect, it } from 'vitest';
import { decodeStrictText, toBytes } from '../../src/protocol/bytes.ts';
import { parseExists, parseSize, splitKeys } from '../../src/protocol/results.ts';

describe('KEYS', () => {
  const texts = (data: string): string[] => splitKeys(toBytes(data)).map((key) => Buffer.from(key).toString('latin1'));

  it('splits on LF and keeps empty pieces', () => {
    expect(texts('')).toEqual([]);
    expect(texts('a')).toEqual(['a']);
    expect(texts('a\nb')).toEqual(['a', 'b']);
    expect(texts('a\n\nb')).toEqual(['a', '', 'b']);
    expect(texts('\n')).toEqual(['', '']);
  });

  it('copies bytes that are no UTF-8', () => {
    const data = Uint8Array.of(0xff, 0xfe, 0x0a, 0x61);
    const keys = splitKeys(data);
    data.fill(0);
    expect(keys).toEqual([Uint8Array.of(0xff, 0xfe), Uint8Array.of(0x61)]);
    expect(keys.map(decodeStrictText)).toEqual([undefined, 'a']);
    expect(decodeStrictText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
  });
});

describe('SIZE', () => {
  it('is a whole number', () => {
    expect(['0', '7', '20001', '9007199254740991', '007'].map((text) => parseSize(toBytes(text)))).toEqual([
      0, 7, 20001, 9007199254740991, 7,
    ]);
  });

  it('is nothing else', () => {
    for (const text of [
      '',
      '-1',
      '1.5',
      ' 1',
      '1\n',
      'x',
      '9007199254740992',
      '12345678901234567',
      '1e3',
      '9'.repeat(400),
    ]) {
      expect(() => parseSize(toBytes(text)), text).toThrow(WireError);
    }
  });
});

describe('EXISTS', () => {
  it('is true or false and nothing else', () => {
    expect([parseExists(toBytes('true')), parseExists(toBytes('false'))]).toEqual([true, false]);
    for (const text of ['', 'tru', 'truex', 'TRUE', '1', 'false ', 'x'.repeat(100_000)]) {
      expect(() => parseExists(toBytes(text)), text.slice(0, 9)).toThrow(WireError);
    }
  });
});
