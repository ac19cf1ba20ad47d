import { SeededRandom } from '@wirewright/core/testing';
import { describe, expect, it } from 'vitest';
import type { BytesLike } from '../../src/protocol/bytes.ts';
import {
  checkLdbdRequest,
  checkLensRequest,
  checkTtl,
  defaultLdbdLimits,
  defaultLensLimits,
  type RequestProblem,
} from '../../src/protocol/checks.ts';
import { MessageType } from '../../src/protocol/ldbd/codes.ts';
import { LensMessageType as T } from '../../src/protocol/lens/codes.ts';
import { lensRequest } from '../../src/protocol/lens/request.ts';
import { capture } from '../fixtures/captures.ts';

const wide = { ...defaultLensLimits, maxRequestBytes: 2 ** 31 };

function lens(
  type: T,
  key: BytesLike,
  value: BytesLike = '',
  ttl = 0,
  limits = defaultLensLimits,
): RequestProblem | undefined {
  return checkLensRequest(limits, type, key, value, ttl);
}

function ldbd(
  type: MessageType,
  key: BytesLike,
  value: BytesLike = '',
  ttl = 0,
  limits = defaultLdbdLimits,
): RequestProblem | undefined {
  return checkLdbdRequest(limits, type, key, value, ttl);
}

describe('keys', () => {
  it('have 1 to 1024 bytes, counted in UTF-8', () => {
    for (const type of [T.GET, T.SET, T.DELETE, T.EXISTS, T.SETEX]) {
      expect(lens(type, '', 'v', 1)?.what).toBe('empty-key');
      expect(lens(type, new Uint8Array(0), 'v', 1)?.what).toBe('empty-key');
      expect(lens(type, 'k', 'v', 1)).toBeUndefined();
      expect(lens(type, 'k'.repeat(1024), 'v', 1)).toBeUndefined();
      expect(lens(type, 'é'.repeat(512), 'v', 1)).toBeUndefined();
      expect(lens(type, 'é'.repeat(512) + 'k', 'v', 1)?.what).toBe('key-too-long');
      expect(lens(type, new Uint8Array(1025), 'v', 1)?.message).toMatch(/1024 bytes, this one has 1025/);
    }
    for (const type of [T.PING, T.KEYS, T.SIZE, T.CLEAR, T.STATS]) expect(lens(type, '')).toBeUndefined();
  });

  it('may be longer in ldbd, up to what the header holds', () => {
    for (const type of [MessageType.GET, MessageType.SET, MessageType.DELETE, MessageType.EXISTS, MessageType.SETEX]) {
      expect(ldbd(type, '', 'v', 1)?.what).toBe('empty-key');
      expect(ldbd(type, 'k'.repeat(1025), 'v', 1)).toMatchObject({ what: 'key-too-long', option: 'maxKeyBytes' });
      const longer = { ...defaultLdbdLimits, maxKeyBytes: 1_000_000 };
      expect(ldbd(type, 'k'.repeat(65_535), 'v', 1, longer)).toBeUndefined();
      expect(ldbd(type, 'k'.repeat(65_536), 'v', 1, longer)).toMatchObject({ what: 'key-too-long' });
      expect(ldbd(type, 'k'.repeat(65_536), 'v', 1, longer)).not.toHaveProperty('option');
    }
    for (const type of [MessageType.PING, MessageType.KEYS, MessageType.SIZE, MessageType.CLEAR])
      expect(ldbd(type, '')).toBeUndefined();
  });

  it('with LF are not written, but can be read and deleted', () => {
    for (const key of ['a\nb', Uint8Array.of(0x61, 0x0a)]) {
      expect(lens(T.SET, key)).toMatchObject({ what: 'newline-in-key', option: 'allowNewlineInKeys' });
      expect(lens(T.SETEX, key, '', 1)?.what).toBe('newline-in-key');
      expect(ldbd(MessageType.SET, key)?.what).toBe('newline-in-key');
      for (const type of [T.GET, T.DELETE, T.EXISTS]) expect(lens(type, key)).toBeUndefined();
      expect(lens(T.SET, key, '', 0, { ...defaultLensLimits, allowNewlineInKeys: true })).toBeUndefined();
      expect(ldbd(MessageType.SET, key, '', 0, { ...defaultLdbdLimits, allowNewlineInKeys: true })).toBeUndefined();
    }
  });

  it('are never named', () => {
    const key = `secret\n${'s'.repeat(2000)}`;
    for (const problem of [
      lens(T.SET, key),
      lens(T.SET, 'secret\n'),
      lens(T.SET, 'secret', 'secret'.repeat(1000)),
      ldbd(MessageType.SET, key),
    ]) {
      expect(problem?.message).toMatch(/./);
      expect(problem?.message).not.toMatch(/secret/);
    }
  });
});

describe('sizes', () => {
  it('a lens frame has 4096 bytes at most, or what the option says', () => {
    expect(lens(T.SET, 'k4096', 'b'.repeat(4073))).toBeUndefined();
    expect(lens(T.SET, 'k4097', 'b'.repeat(4074))).toMatchObject({
      what: 'request-too-long',
      option: 'maxRequestBytes',
    });
    expect(lens(T.SET, 'k4097', 'b'.repeat(4074))?.message).toMatch(/4097 bytes .*serverBufferSize/);
    expect(lens(T.SET, 'k', 'é'.repeat(2039))?.what).toBe('request-too-long');
    expect(lens(T.SET, 'k', 'b'.repeat(5000), 0, { ...defaultLensLimits, maxRequestBytes: 5019 })).toBeUndefined();
    expect(lens(T.GET, 'k'.repeat(100), '', 0, { ...defaultLensLimits, maxRequestBytes: 117 })?.what).toBe(
      'request-too-long',
    );
    // The value of a command that takes none is not sent.
    expect(lens(T.GET, 'k', 'b'.repeat(5000))).toBeUndefined();
  });

  it('a value has 1 MiB at most', () => {
    expect(lens(T.SET, 'k', new Uint8Array(1_048_576), 0, wide)).toBeUndefined();
    expect(lens(T.SET, 'k', new Uint8Array(1_048_577), 0, wide)?.what).toBe('value-too-long');
    expect(ldbd(MessageType.SET, 'k', new Uint8Array(1_048_576))).toBeUndefined();
    expect(ldbd(MessageType.SET, 'k', new Uint8Array(1_048_577))).toMatchObject({
      what: 'value-too-long',
      option: 'maxValueBytes',
    });
    expect(ldbd(MessageType.SET, 'k', 'vv', 0, { ...defaultLdbdLimits, maxValueBytes: 1 })?.what).toBe(
      'value-too-long',
    );
    expect(ldbd(MessageType.GET, 'k', 'vv', 0, { ...defaultLdbdLimits, maxValueBytes: 1 })).toBeUndefined();
  });
});

describe('times to live', () => {
  it('are whole seconds from 1 to 2^32 - 1', () => {
    for (const ttl of [1, 60, 4_294_967_295]) expect(checkTtl(ttl)).toBeUndefined();
    for (const ttl of [0, -1, 0.5, 4_294_967_296, Number.NaN, Infinity, '1' as unknown as number]) {
      expect(checkTtl(ttl)).toMatchObject({ what: 'ttl-out-of-range', option: 'ttl' });
      expect(lens(T.SETEX, 'k', 'v', ttl)?.what).toBe('ttl-out-of-range');
      expect(ldbd(MessageType.SETEX, 'k', 'v', ttl)?.what).toBe('ttl-out-of-range');
      expect(lens(T.SET, 'k', 'v', ttl)).toBeUndefined();
    }
    expect(checkTtl(0)?.message).toMatch(/leave 'ttl' out/);
  });
});

describe('the injection guard', () => {
  const start = 'LENS\u0001';
  const guard = (key: BytesLike, value: BytesLike, ttl?: number): boolean =>
    lens(ttl === undefined ? T.SET : T.SETEX, key, value, ttl ?? 0, wide)?.what === 'embedded-frame';

  it('refuses the frame that wiped the store of a real server', () => {
    const { request } = capture('frame.injection');
    expect(lens(T.SET, 'k', request.subarray(19), 0, wide)).toMatchObject({
      what: 'embedded-frame',
      option: 'injectionGuard',
    });
    expect(lens(T.SET, 'k', request.subarray(19), 0, { ...wide, injectionGuard: false })).toBeUndefined();
  });

  it('concerns frames over 1200 bytes only', () => {
    const value = (length: number): string => start + 'x'.repeat(length - 5);
    expect(guard('k', value(1200 - 19))).toBe(false);
    expect(guard('k', value(1201 - 19))).toBe(true);
  });

  it('finds the start of a frame across every border', () => {
    const fill = 'x'.repeat(1300);
    expect(guard(start, fill)).toBe(true);
    for (let cut = 0; cut <= 5; cut++) {
      expect(guard(`k${start.slice(0, cut)}`, start.slice(cut) + fill), `${cut}`).toBe(true);
      expect(guard(Buffer.from(`k${start.slice(0, cut)}`), start.slice(cut) + fill), `${cut}`).toBe(true);
    }
    expect(guard('kLENS', `\u0002${fill}`)).toBe(false);
    // Flags that read 'LENS', 'xLEN' …, and lengths before them: the header counts from its fifth byte on.
    expect(guard('\u0001', fill, 0x4c454e53)).toBe(true);
    expect(guard('S\u0001', fill, 0x784c454e)).toBe(true);
    expect(guard('S', `\u0001${fill}`, 0x784c454e)).toBe(true);
    expect(guard('\u0001', 'x'.repeat(0x4c45), 0x4e530101)).toBe(true);
    expect(guard('\u0002', fill, 0x4c454e53)).toBe(false);
  });

  it('agrees with a search of the encoded frame in 5 000 random requests', () => {
    const pieces = [
      'L',
      'LE',
      'LEN',
      'LENS',
      'ENS\u0001',
      'NS\u0001',
      'S\u0001',
      '\u0001',
      start,
      'é',
      '😀',
      'x',
      '\ud800',
    ];
    const flags = [1, 0x4c454e53, 0x784c454e, 0x78784c45, 0x4e530101, 0x454e5301];
    let found = 0;
    for (let seed = 0; seed < 5000; seed++) {
      const random = new SeededRandom(seed);
      const text = (): BytesLike => {
        const joined = Array.from({ length: random.integer(1, 4) }, () => random.pick(pieces)).join('');
        return random.chance(0.5) ? joined : Uint8Array.from(Buffer.from(joined));
      };
      const key = text();
      const filled = Buffer.concat([Buffer.from(text()), Buffer.alloc(random.pick([1200, 0x4c45 - 8]), 'x')]);
      const value = random.chance(0.5) ? Uint8Array.from(filled) : filled.toString('utf8');
      const ttl = random.pick(flags);
      const frame = Buffer.from(lensRequest(T.SETEX, key, value, ttl));
      const right = frame.indexOf(start, 4, 'latin1') >= 0;
      if (right) found++;
      if (guard(key, value, ttl) !== right) expect.unreachable(`seed ${seed}: expected ${right}`);
    }
    expect(found).toBeGreaterThan(500);
    expect(found).toBeLessThan(4500);
  });
});
