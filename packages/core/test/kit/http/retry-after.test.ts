import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../../src/kit/index.ts';
import { headersOf } from './stand-in.ts';

const date = 'Sun, 06 Nov 1994 08:49:37 GMT';

describe('retryAfterMs', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 3 ', 3000],
    ['Sun, 06 Nov 1994 08:49:40 GMT', 3000],
    ['Sunday, 06-Nov-94 08:49:40 GMT', 3000],
    ['Sun Nov  6 08:49:40 1994', 3000],
    // Past already.
    ['Sun, 06 Nov 1994 08:49:30 GMT', 0],
  ])('%s', (value, ms) => {
    expect(retryAfterMs(headersOf({ 'retry-after': value, date }))).toBe(ms);
  });

  it.each([
    '',
    '-5',
    '1.5',
    '3 s',
    '3, 4',
    'soon',
    'Sun, soon GMT',
    'Nov 6 1994',
    '2',
    'Sun, 66 Nov 1994 08:49:40 GMT',
  ])('makes no sense of %j without seconds', (value) => {
    if (value === '2') return expect(retryAfterMs(headersOf({ 'retry-after': value }))).toBe(2000);
    return expect(retryAfterMs(headersOf({ 'retry-after': value, date }))).toBe(undefined);
  });

  it('is absent, or cannot be told without the date of the answer', () => {
    expect(retryAfterMs(headersOf({ date }))).toBe(undefined);
    const value = 'Sun, 06 Nov 1994 08:49:40 GMT';
    expect(retryAfterMs(headersOf({ 'retry-after': value }))).toBe(undefined);
    expect(retryAfterMs(headersOf({ 'retry-after': value, date: 'today' }))).toBe(undefined);
  });

  it('does not depend on the time zone', () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'Asia/Tokyo';
    try {
      expect(retryAfterMs(headersOf({ 'retry-after': 'Sun Nov  6 08:49:40 1994', date }))).toBe(3000);
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });
});
