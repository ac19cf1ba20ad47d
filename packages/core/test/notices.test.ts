import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  dropped,
  gap,
  isNotice,
  mergeNotices,
  type Notice,
  reconnected,
  recreated,
  relocated,
} from '../src/notices.ts';

const all: Notice[] = [gap(1n, 5n), reconnected(2), recreated(), relocated(), dropped(3)];

describe('notices', () => {
  it('say what they are', () => {
    expect(all).toEqual([
      { notice: 'gap', from: 1n, to: 5n },
      { notice: 'reconnected', epoch: 2 },
      { notice: 'recreated' },
      { notice: 'relocated' },
      { notice: 'dropped', count: 3 },
    ]);
    expect(inspect(dropped(3))).toBe("{ notice: 'dropped', count: 3 }");
  });

  it('are told from items that look like them', () => {
    expect(all.every(isNotice)).toBe(true);
    for (const item of [
      { notice: 'dropped', count: 3 },
      JSON.parse('{"notice":"gap"}'),
      null,
      undefined,
      'gap',
      5,
      [],
    ]) {
      expect(isNotice(item)).toBe(false);
    }
  });

  it('are recognised across two copies of core', () => {
    expect(isNotice({ notice: 'recreated', [Symbol.for('wirewright.notice')]: true })).toBe(true);
  });

  it('narrow in TypeScript', () => {
    const entry = dropped(2) as { id: string } | Notice;
    const text = isNotice(entry) ? (entry.notice === 'dropped' ? entry.count : entry.notice) : entry.id;
    expect(text).toBe(2);
  });

  it('merge with their own kind', () => {
    expect(mergeNotices(gap(1n, 5n), gap(4n, 9n))).toEqual(gap(1n, 9n));
    expect(mergeNotices(gap(4n, 9n), gap(1n, 5n))).toEqual(gap(1n, 9n));
    expect(mergeNotices(gap(1n, null), gap(4n, 9n))).toEqual(gap(1n, null));
    expect(mergeNotices(gap(null, 5n), gap(4n, 9n))).toEqual(gap(null, 9n));
    expect(mergeNotices(dropped(1), dropped(2))).toEqual(dropped(3));
    expect(mergeNotices(reconnected(1), reconnected(2))).toEqual(reconnected(2));
    expect(mergeNotices(recreated(), recreated())).toEqual(recreated());
    expect(mergeNotices(recreated(), relocated())).toBeUndefined();
  });
});
