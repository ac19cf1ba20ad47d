import { WireError } from '@wirewright/core/kit';
import { describe, expect, it } from 'vitest';
import { OtherDialectError } from '../../src/protocol/dialect.ts';
import { isMessageType, ldbdStatusNames, MessageType, ResponseStatus } from '../../src/protocol/ldbd/codes.ts';
import {
  decodeLdbdRequest,
  encodeLdbdRequest,
  ldbdRequest,
  ldbdRequestLength,
} from '../../src/protocol/ldbd/request.ts';
import {
  decodeLdbdResponse,
  encodeLdbdResponse,
  ldbdDataStart,
  ldbdResponse,
} from '../../src/protocol/ldbd/response.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';
import { fromHex, toHex } from '../fixtures/captures.ts';

describe('numbers', () => {
  it('have their documented names', () => {
    expect(MessageType).toEqual({
      GET: 1,
      SET: 2,
      DELETE: 3,
      EXISTS: 4,
      KEYS: 5,
      SIZE: 6,
      CLEAR: 7,
      SETEX: 8,
      PING: 9,
    });
    for (const [name, status] of Object.entries(ResponseStatus)) expect(ldbdStatusNames[status]).toBe(name);
    expect([0, 1, 9, 10].map(isMessageType)).toEqual([false, true, true, false]);
  });
});

describe('requests', () => {
  it('have the bytes of the documented examples', () => {
    expect(toHex(ldbdRequest(MessageType.PING))).toBe('4c444244010900000000000000000000');
    expect(toHex(ldbdRequest(MessageType.GET, 'user:1'))).toBe('4c444244010100060000000000000000757365723a31');
    expect(toHex(ldbdRequest(MessageType.SETEX, 's', 'v', 3600))).toBe('4c444244010800010000000100000e107376');
  });

  it('come back from the decoder', () => {
    for (const [key, value, flags] of [
      ['', '', 0],
      ['k', 'v'.repeat(70_000), 4_294_967_295],
      ['ключ', '😀', 1],
      ['k'.repeat(65_535), '', 0],
    ] as const) {
      const bytes = ldbdRequest(MessageType.SETEX, key, value, flags);
      const { type, flags: decoded, ...texts } = decodeLdbdRequest(bytes);
      expect([type, decoded, ldbdRequestLength(key, value)]).toEqual([MessageType.SETEX, flags, bytes.length]);
      expect(Buffer.from(texts.key).toString() === key).toBe(true);
      expect(Buffer.from(texts.value).toString() === value).toBe(true);
      expect(() => decodeLdbdRequest(bytes, 0, bytes.length - 1)).toThrow(WireError);
      expect(() => decodeLdbdRequest(Buffer.concat([bytes, bytes]))).toThrow(WireError);
    }
    expect(() => decodeLdbdRequest(fromHex('4c444244010a00000000000000000000'))).toThrow(/type 10/);
  });

  it('refuse what the header cannot hold', () => {
    expect(() => ldbdRequest(MessageType.GET, 'k'.repeat(65_536))).toThrow(RangeError);
    expect(() => ldbdRequest(MessageType.SETEX, 'k', 'v', 2 ** 32)).toThrow(RangeError);
    expect(() => encodeLdbdRequest(new Uint8Array(15), 0, MessageType.PING, '', '', 0)).toThrow(RangeError);
    expect(() => encodeLdbdRequest(new Uint8Array(17), 0, MessageType.SET, 'k', 'v', 0)).toThrow(RangeError);
  });
});

describe('answers', () => {
  it('have the bytes of the documented examples', () => {
    expect(toHex(ldbdResponse(ResponseStatus.SUCCESS, '', 'PONG'))).toBe('4c44424401000000504f4e47');
    expect(toHex(ldbdResponse(ResponseStatus.SUCCESS, '', 'hi'))).toBe('4c444244010000006869');
    expect(toHex(ldbdResponse(ResponseStatus.KEY_NOT_FOUND, 'Key not found'))).toBe(
      '4c4442440102000d4b6579206e6f7420666f756e64',
    );
  });

  it('are read from a whole one', () => {
    expect(decodeLdbdResponse(ldbdResponse(0, 'note', 'data'))).toEqual({
      status: 0,
      message: 'note',
      data: Uint8Array.from(Buffer.from('data')),
    });
    expect(decodeLdbdResponse(ldbdResponse(4, 'oops', 'ignored')).data).toHaveLength(0);
    expect(() => decodeLdbdResponse(ldbdResponse(0, 'note'), 0, 11)).toThrow(WireError);
  });

  it('tell where their data start once header and message are there', () => {
    const bytes = ldbdResponse(1, 'note', 'data');
    expect(Array.from({ length: bytes.length + 1 }, (_, end) => ldbdDataStart(bytes, 0, end))).toEqual([
      ...Array.from({ length: 12 }, () => 0),
      ...Array.from({ length: 5 }, () => 12),
    ]);
  });

  it('are refused at the first wrong byte', () => {
    for (const [at, byte] of [
      [0, 0x48],
      [1, 0x99],
      [3, 0x45],
      [4, 2],
      [5, 5],
    ] as const) {
      const bad = ldbdResponse(0, '', 'data');
      bad[at] = byte;
      expect(() => ldbdDataStart(bad, 0, at + 1), `${at}`).toThrow(WireError);
    }
    expect(() => ldbdDataStart(lensResponse(0), 0, 2)).toThrow(OtherDialectError);
  });

  it('are not written into memory that is too short', () => {
    expect(encodeLdbdResponse(new Uint8Array(12), 0, 0, 'a', 'bcd')).toBe(12);
    expect(() => encodeLdbdResponse(new Uint8Array(11), 0, 0, 'a', 'bcd')).toThrow(RangeError);
    expect(() => encodeLdbdResponse(new Uint8Array(7), 0, 0, '', '')).toThrow(RangeError);
    expect(() => ldbdResponse(4, 'x'.repeat(65_536))).toThrow(RangeError);
  });
});
