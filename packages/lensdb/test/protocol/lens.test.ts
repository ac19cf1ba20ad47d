import { WireError } from '@wirewright/core/kit';
import { describe, expect, it } from 'vitest';
import { OtherDialectError } from '../../src/protocol/dialect.ts';
import {
  isLensMessageType,
  LensMessageType,
  LensResponseStatus,
  lensStatusNames,
} from '../../src/protocol/lens/codes.ts';
import { encodeLensRequest, lensRequest, lensRequestLength } from '../../src/protocol/lens/request.ts';
import {
  decodeLensResponse,
  encodeLensResponse,
  lensResponse,
  lensResponseMeter,
} from '../../src/protocol/lens/response.ts';
import { fromHex, toHex } from '../fixtures/captures.ts';

describe('numbers', () => {
  it('have their names', () => {
    for (const [name, status] of Object.entries(LensResponseStatus)) expect(lensStatusNames[status]).toBe(name);
    expect(lensStatusNames).toHaveLength(7);
    expect([-1, 0, 9, 10].map(isLensMessageType)).toEqual([false, true, true, false]);
  });
});

describe('requests', () => {
  it('have the bytes of the documented examples', () => {
    expect(toHex(lensRequest(LensMessageType.PING))).toBe('4c454e530100000000000000000000000000');
    expect(toHex(lensRequest(LensMessageType.GET, 'nope'))).toBe('4c454e5301010000000400000000000000006e6f7065');
    expect(toHex(lensRequest(LensMessageType.SETEX, 's', 'v', 60))).toBe('4c454e53010900000001000000010000003c7376');
  });

  it('count the bytes of UTF-8, not characters', () => {
    for (const text of [
      '',
      'a',
      'é',
      '€',
      '😀',
      'a😀é€',
      '\ud800',
      '\udc00x',
      '\ud83d',
      'x'.repeat(100),
      'ü'.repeat(100),
    ]) {
      const bytes = new TextEncoder().encode(text);
      expect(lensRequestLength(text, ''), JSON.stringify(text)).toBe(18 + bytes.length);
      expect(toHex(lensRequest(LensMessageType.SET, text, text))).toBe(
        toHex(lensRequest(LensMessageType.SET, bytes, bytes)),
      );
    }
  });

  it('are not written into memory that is too short', () => {
    for (const [key, value] of [
      ['key', 'value'],
      ['kéy', 'v'],
      [Uint8Array.of(1, 2), Uint8Array.of(3)],
      ['', ''],
      ['x'.repeat(100), 'é'],
    ] as const) {
      const length = lensRequestLength(key, value);
      expect(encodeLensRequest(new Uint8Array(length), 0, LensMessageType.SET, key, value, 0)).toBe(length);
      expect(() => encodeLensRequest(new Uint8Array(length - 1), 0, LensMessageType.SET, key, value, 0)).toThrow(
        RangeError,
      );
      expect(() => encodeLensRequest(new Uint8Array(length), 1, LensMessageType.SET, key, value, 0)).toThrow(
        RangeError,
      );
    }
  });

  it('refuse flags that do not fit', () => {
    for (const flags of [-1, 0.5, 2 ** 32, Number.NaN]) {
      expect(() => lensRequest(LensMessageType.SETEX, 'k', 'v', flags)).toThrow(RangeError);
    }
  });
});

describe('answers', () => {
  const wholeMessage = 'nothing of what the peer sent stands in the message';

  it('are bounded before memory is taken', () => {
    const meter = lensResponseMeter(1000);
    const announcing = (data: string, message: string): Uint8Array => fromHex(`4c454e530100${data}${message}`);
    expect(meter.measure(announcing('000003da', '00000000'), 0, 14)).toBe(1000);
    expect(() => meter.measure(announcing('000003db', '00000000'), 0, 14)).toThrow(
      /1001 bytes.*'maxFrameBytes' \(1000\)/,
    );
    expect(() => meter.measure(announcing('ffffffff', 'ffffffff'), 0, 14)).toThrow(/8589934604 bytes/);
    expect(() => lensResponseMeter().measure(announcing('04000000', '00000000'), 0, 14)).toThrow(WireError);
    expect(lensResponseMeter().measure(announcing('03fffff2', '00000000'), 0, 14)).toBe(64 * 1024 * 1024);
  });

  it('are refused at the first wrong byte', () => {
    const good = lensResponse(0, 'data');
    for (let at = 0; at < 6; at++) {
      const bad = good.slice();
      bad[at] = 0x99;
      expect(() => lensResponseMeter().measure(bad, 0, at + 1), `${at}`).toThrow(WireError);
      expect(lensResponseMeter().measure(bad, 0, at), `${at}`).toBe(0);
      expect(() => decodeLensResponse(bad), wholeMessage).toThrow(/^((?!data).)*$/);
    }
  });

  it('of the other dialect are recognised', () => {
    const meter = lensResponseMeter();
    try {
      meter.measure(fromHex('4c44'), 0, 2);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(OtherDialectError);
      expect((error as OtherDialectError).dialect).toBe('ldbd');
    }
  });

  it('tell an empty value from a missing key', () => {
    expect(decodeLensResponse(lensResponse(0))).toEqual({ status: 0, data: new Uint8Array(0), message: '' });
    expect(decodeLensResponse(lensResponse(1, '', 'Key not found')).status).toBe(LensResponseStatus.KEY_NOT_FOUND);
  });

  it('hand out plain arrays, also from a Buffer', () => {
    const { data } = decodeLensResponse(Buffer.from(lensResponse(0, 'x'.repeat(100))));
    expect(Object.getPrototypeOf(data)).toBe(Uint8Array.prototype);
    expect(data.buffer.byteLength).toBe(100);
  });

  it('replace what is no UTF-8 in messages', () => {
    expect(decodeLensResponse(lensResponse(5, '', Uint8Array.of(0x61, 0xff))).message).toBe('a\ufffd');
  });

  it('are not written into memory that is too short', () => {
    expect(encodeLensResponse(new Uint8Array(17), 0, 0, 'abc', '')).toBe(17);
    expect(() => encodeLensResponse(new Uint8Array(16), 0, 0, 'abc', '')).toThrow(RangeError);
    expect(() => encodeLensResponse(new Uint8Array(13), 0, 0, '', '')).toThrow(RangeError);
  });
});
