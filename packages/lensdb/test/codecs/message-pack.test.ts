import { ArgumentError, CodecError } from '@wirewright/core';
import { describe, expect, it } from 'vitest';
import { messagePackCodec as codec } from '../../src/codecs/message-pack.ts';

async function roundTrip(value: unknown): Promise<unknown> {
  return codec.decode(await codec.encode(value));
}

describe('MessagePack', () => {
  it.each<[unknown]>([
    [null],
    [true],
    [0],
    [-1],
    [1.5],
    [2 ** 32],
    [Number.MAX_SAFE_INTEGER],
    [Infinity],
    ['text ✓'],
    [''],
    [Uint8Array.of(1, 2, 255)],
    [new Date(1_700_000_000_123)],
    [[1, [2, ['three']]]],
    [{ a: { b: [null, { c: 'd' }] } }],
    [2n ** 63n],
    [-(2n ** 63n)],
    [Array.from({ length: 1000 }, (_, i) => ({ i, name: `n${i}` }))],
  ])('brings back value %#', async (value) => {
    expect(await roundTrip(value)).toEqual(value);
  });

  it('stores undefined as null, and a small bigint as a number', async () => {
    expect(await roundTrip({ a: undefined, b: 5n })).toEqual({ a: null, b: 5 });
    expect(await roundTrip(undefined)).toBe(null);
  });

  it('has the bytes of the specification', async () => {
    const { encode } = codec;
    expect(await encode({ a: [1, 'x'] })).toEqual(Uint8Array.of(0x81, 0xa1, 0x61, 0x92, 1, 0xa1, 0x78));
    expect((await encode('a')).constructor).toBe(Uint8Array);
    const [one, other] = [await encode('one'), await encode('other')];
    expect(one.buffer).not.toBe(other.buffer);
  });

  it('gives bytes as plain arrays of their own', async () => {
    const stored = await codec.encode({ bytes: Uint8Array.of(1, 2, 3) });
    const value = (await codec.decode(stored)) as { bytes: Uint8Array };
    expect(value.bytes.constructor).toBe(Uint8Array);
    expect(value.bytes.buffer).not.toBe(stored.buffer);
  });

  it.each<[string, unknown, RegExp]>([
    [
      'a Float32Array, which would be written with foreign memory',
      new Float32Array(3),
      /a Float32Array; make it an array \(Array.from\)/,
    ],
    ['another typed array inside', { deep: [new BigInt64Array(1)] }, /a BigInt64Array/],
    ['an ArrayBuffer', new ArrayBuffer(4), /an? ArrayBuffer/],
    ['a DataView, which would be written empty', new DataView(new ArrayBuffer(4)), /a DataView/],
    ['a Map, whose keys would become text', new Map([[1, 2]]), /a Map; make it a plain object/],
    ['a Set, which would become an array', new Set([1]), /a Set/],
    [
      'an instance of a class',
      new (class Point {
        x = 1;
      })(),
      /a Point; make it a plain object/,
    ],
    ['an Error', new Error('e'), /a Error/],
    ['a RegExp', /x/, /a RegExp/],
    ['a function, which would become null', { f: () => 1 }, /a function/],
    ['a symbol', Symbol('s'), /a symbol/],
    ['a bigint of more than 64 bits', [2n ** 64n], /a bigint of more than 64 bits/],
    ['a bigint below', -(2n ** 63n) - 1n, /a bigint of more than 64 bits/],
    ['an invalid date', new Date(Number.NaN), /an invalid date/],
    ['half a surrogate pair', ['\ud800'], /surrogate/],
    ['a member that would be renamed', JSON.parse('{"__proto__":1}'), /'__proto__'/],
  ])('refuses %s', async (_what, value, message) => {
    const error = await Promise.resolve(codec.encode(value)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toMatch(message);
  });

  it('refuses circles and great depth', async () => {
    const circle: unknown[] = [];
    circle.push(circle);
    await expect(codec.encode(circle)).rejects.toThrow(/circular or nested too deeply/);
  });

  it.each<[string, number[]]>([
    ['nothing', []],
    ['a part of a value', [0x92, 1]],
    ['more than one value', [1, 2]],
    ['0xC1', [0xc1]],
    ['0xC1 inside', [0x91, 0xc1]],
    ['an array that announces more than there is', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['an unknown extension', [0xd4, 0x05, 0x01]],
    ['endless nesting', new Array<number>(100_000).fill(0x91)],
  ])('does not decode %s', async (_what, stored) => {
    await expect(codec.decode(Uint8Array.from(stored))).rejects.toBeInstanceOf(CodecError);
  });
});
