import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CodecError } from '../../src/codec/codec-error.ts';
import { createJsonCodec, jsonCodec, parseJson, stringifyJson } from '../../src/codec/json.ts';
import { toSafeInteger } from '../../src/codec/safe-integer.ts';
import type { ClientError } from '../../src/errors/client-error.ts';
import { ArgumentError, UnsafeIntegerError } from '../../src/errors/kinds.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

const big = { integers: 'bigint' } as const;

function thrown(run: () => unknown): ClientError {
  try {
    run();
  } catch (error) {
    return error as ClientError;
  }
  throw new Error('nothing was thrown');
}

/** JSON text, valid unless it was damaged, with what makes parsers stumble. */
function randomJson(random: SeededRandom, depth = 0): string {
  const space = random.chance(0.2) ? random.pick([' ', '\n', '\t', '\r\n', '  ']) : '';
  const value = (): string => {
    switch (random.integer(depth > 4 ? 3 : 0, 9)) {
      case 0:
      case 1:
        return `[${space}${Array.from({ length: random.integer(0, 4) }, () => randomJson(random, depth + 1)).join(',')}]`;
      case 2:
        return `{${space}${Array.from({ length: random.integer(0, 4) }, () => `${randomString(random)}${space}:${randomJson(random, depth + 1)}`).join(',')}}`;
      case 3:
      case 4:
        return randomString(random);
      case 5:
        return random.pick(['true', 'false', 'null']);
      default:
        return randomNumber(random);
    }
  };
  return space + value() + space;
}

function randomString(random: SeededRandom): string {
  const pieces = [
    'a',
    '__proto__',
    '\\"',
    '\\\\',
    '\\u0041',
    '\\n',
    '9007199254740993',
    '漢',
    '😀',
    '{',
    '[',
    ':',
    ',',
    '-1',
    '\\ud800',
    'constructor',
  ];
  return `"${Array.from({ length: random.integer(0, 4) }, () => random.pick(pieces)).join('')}"`;
}

function randomNumber(random: SeededRandom): string {
  const digits = (length: number): string => Array.from({ length }, () => random.integer(0, 9)).join('');
  const integer = random.chance(0.3) ? '0' : `${random.integer(1, 9)}${digits(random.integer(0, 20))}`;
  return [
    random.chance(0.3) ? '-' : '',
    integer,
    random.chance(0.3) ? `.${digits(random.integer(1, 20))}` : '',
    random.chance(0.2) ? `${random.pick(['e', 'E'])}${random.pick(['', '+', '-'])}${random.integer(0, 30)}` : '',
  ].join('');
}

function damaged(random: SeededRandom, text: string): string {
  const at = random.integer(0, text.length);
  const extra = random.pick([
    '"',
    '\\',
    ',',
    ':',
    '[',
    ']',
    '{',
    '}',
    '-',
    '.',
    'e',
    '0',
    'x',
    '\u0000',
    '\n',
    '/',
    "'",
    ' ',
    'true',
  ]);
  return random.chance(0.5)
    ? text.slice(0, at) + text.slice(at + random.integer(1, 3))
    : text.slice(0, at) + extra + text.slice(at);
}

/** Bigints of the careful parser as the numbers that JSON.parse makes of them. */
function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? Number(item) : item)));
}

/** Whether a number would round one of the text's integers. Slow, simple, and unlike the code that is tested. */
function holdsUnsafeInteger(text: string): boolean {
  const numbers = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').match(/-?\d[\d.eE+-]*/g) ?? [];
  return numbers.some((number) => /^-?\d+$/.test(number) && !Number.isSafeInteger(Number(number)));
}

describe('parseJson', () => {
  it('agrees with JSON.parse on random text, valid or not, but for integers that it would round', () => {
    const random = new SeededRandom(20_240_531);
    const tally = { valid: 0, invalid: 0, unsafe: 0 };
    for (let round = 0; round < 20_000; round += 1) {
      const valid = randomJson(random);
      const text = random.chance(0.3) ? damaged(random, valid) : valid;
      let expected: unknown;
      try {
        expected = JSON.parse(text);
      } catch {
        tally.invalid += 1;
        expect(thrown(() => parseJson(text))).toBeInstanceOf(CodecError);
        expect(thrown(() => parseJson(text, big))).toBeInstanceOf(CodecError);
        continue;
      }
      tally.valid += 1;
      // As text: -0 is an integer, but there is no such bigint.
      expect(JSON.stringify(rounded(parseJson(text, big))), text).toBe(JSON.stringify(expected));
      if (!holdsUnsafeInteger(text)) expect(parseJson(text)).toEqual(expected);
      else {
        tally.unsafe += 1;
        expect(
          thrown(() => parseJson(text)),
          text,
        ).toBeInstanceOf(UnsafeIntegerError);
      }
    }
    expect(tally.valid).toBeGreaterThan(10_000);
    expect(tally.invalid).toBeGreaterThan(3000);
    expect(tally.unsafe).toBeGreaterThan(1000);
  });

  it.each([
    '9007199254740991',
    '-9007199254740991',
    '"9007199254740993"',
    '9007199254740993.5',
    '1e400',
    '90071992547409931e-1',
    '{"9007199254740993":1}',
    '0.12345678901234567890',
    '["\\"9007199254740993",1]',
    '["\\\\",9007199254740991]',
    '-0',
    '{"a":1,"a":{"b":2}}',
    '1E9007199254740993',
  ])('reads %s as JSON.parse does', (text) => expect(parseJson(text)).toEqual(JSON.parse(text)));

  it.each([
    ['9007199254740992', 9007199254740992n],
    ['-9007199254740992', -9007199254740992n],
    ['[1,{"a":18446744073709551615}]', 18446744073709551615n],
    ['["\\\\",9007199254740993]', 9007199254740993n],
    ['["9007199254740993",9007199254740995]', 9007199254740995n],
  ])('does not round %s', (text, value) => {
    const error = thrown(() => parseJson(text)) as UnsafeIntegerError;
    expect(error).toBeInstanceOf(UnsafeIntegerError);
    expect(error.value).toBe(value);
    expect(error.message).toContain("{ integers: 'bigint' }");
    expect(error.message + JSON.stringify(error)).not.toContain(String(value));
  });

  it("makes every integer a bigint with integers: 'bigint', and nothing else", () => {
    expect(parseJson('[0,-0,1,-5,18446744073709551615,1.0,1e3,"1",{"1":2},true,null]', big)).toEqual([
      0n,
      0n,
      1n,
      -5n,
      18446744073709551615n,
      1,
      1000,
      '1',
      { 1: 2n },
      true,
      null,
    ]);
    expect(parseJson('7', big)).toBe(7n);
    expect(parseJson('7')).toBe(7);
    expect(parseJson(' "x" ', big)).toBe('x');
  });

  it('keeps __proto__ an own key and the order and last value of repeated keys', () => {
    for (const options of [{}, big]) {
      const value = parseJson('{"__proto__":{"admin":true},"b":"1","a":"2","b":"3"}', options) as Record<
        string,
        unknown
      >;
      expect(Object.keys(value)).toEqual(['__proto__', 'b', 'a']);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect((value as { admin?: unknown }).admin).toBeUndefined();
      expect(value['b']).toBe('3');
    }
  });

  it('reads what is nested a hundred thousand deep, and what is long', () => {
    for (const options of [{}, big]) {
      let value = parseJson(`${'['.repeat(100_000)}1234567890123456${']'.repeat(100_000)}`, options);
      let depth = 0;
      while (Array.isArray(value)) [value, depth] = [value[0], depth + 1];
      expect(depth).toBe(100_000);
      expect(value).toEqual(options === big ? 1234567890123456n : 1234567890123456);
      const objects = '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000);
      expect(Object.keys(parseJson(objects, options) as object)).toEqual(['a']);
      const long = `["${'\\n'.repeat(2_000_000)}",1234567890123456]`;
      expect((parseJson(long, options) as string[])[0]).toHaveLength(2_000_000);
    }
  });

  it('refuses an unclosed one as JSON.parse does', () => {
    expect(thrown(() => parseJson('['.repeat(100_000), big))).toBeInstanceOf(CodecError);
  });

  it('refuses an unknown option', () => {
    expect(thrown(() => parseJson('1', { integers: 'string' as never }))).toBeInstanceOf(ArgumentError);
  });

  it('is not held up by an endless integer', () => {
    const text = `[${'9'.repeat(1_000_000)}]`;
    for (const options of [{}, big]) {
      expect(thrown(() => parseJson(text, options)).message).toBe(
        'the JSON text holds an integer of 1000000 digits; at most 10000 are read',
      );
    }
  });

  it('shows nothing of the text in its errors', () => {
    const error = thrown(() => parseJson('{"user":"hunter2",}'));
    expect(error).toBeInstanceOf(CodecError);
    expect(error).toMatchObject({ code: 'CODEC', retryable: false });
    expect(error.message).toBe('the text is not valid JSON (19 characters)');
    expect(error.message + inspect(error, { depth: 9, showHidden: true }).replace(/\n\s+at .*/g, '')).not.toContain(
      'hunter2',
    );
  });
});

describe('stringifyJson', () => {
  it('writes what JSON.stringify writes', () => {
    for (const value of [null, 0, 'x', [undefined], { a: undefined }, new Date(0)])
      expect(stringifyJson(value)).toBe(JSON.stringify(value));
  });

  it('refuses what has no JSON form, without showing it', () => {
    const circular: Record<string, unknown> = {};
    circular['hunter2'] = circular;
    for (const value of [
      undefined,
      () => 1,
      Symbol('hunter2'),
      1n,
      { a: 1n },
      circular,
      {
        toJSON() {
          throw new Error('hunter2');
        },
      },
    ]) {
      const error = thrown(() => stringifyJson(value));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error.message).toContain('cannot be written as JSON');
      expect(inspect(error, { depth: 9 }).replace(/\n\s+at .*/g, '')).not.toContain('hunter2');
    }
  });
});

describe('jsonCodec', () => {
  it('writes and reads UTF-8', () => {
    const value = { a: [1, 'ä漢😀', null, true] };
    expect(jsonCodec.name).toBe('json');
    expect(jsonCodec.encode(value)).toEqual(new TextEncoder().encode(JSON.stringify(value)));
    expect(jsonCodec.decode(jsonCodec.encode(value))).toEqual(value);
  });

  it('has bigints on request', () => {
    const bytes = new TextEncoder().encode('{"id":18446744073709551615}');
    expect(createJsonCodec<{ id: bigint }>({ integers: 'bigint' }).decode(bytes).id).toBe(18446744073709551615n);
    expect(() => jsonCodec.decode(bytes)).toThrow(UnsafeIntegerError);
  });

  it('refuses other bytes and other options', () => {
    expect(thrown(() => jsonCodec.decode(Uint8Array.of(0x22, 0xff, 0x22)))).toBeInstanceOf(CodecError);
    expect(thrown(() => jsonCodec.decode(new Uint8Array()))).toBeInstanceOf(CodecError);
    expect(() => createJsonCodec({ integers: 'string' as never })).toThrow(
      "'integers' must be one of 'number', 'bigint'",
    );
    expect(() => jsonCodec.encode(undefined)).toThrow(ArgumentError);
  });
});

describe('toSafeInteger', () => {
  it('gives a number where one can hold it', () => {
    expect([toSafeInteger(5n), toSafeInteger(-9007199254740991n), toSafeInteger(7)]).toEqual([5, -9007199254740991, 7]);
  });

  it('throws where none can', () => {
    const error = thrown(() => toSafeInteger(9007199254740993n, 'use incrBig()')) as UnsafeIntegerError;
    expect(error).toBeInstanceOf(UnsafeIntegerError);
    expect(error.value).toBe(9007199254740993n);
    expect(error.message).toContain('use incrBig()');
    expect(thrown(() => toSafeInteger(2 ** 60))).toBeInstanceOf(UnsafeIntegerError);
    for (const value of [1.5, Number.NaN, Infinity])
      expect(thrown(() => toSafeInteger(value))).toBeInstanceOf(CodecError);
  });
});
