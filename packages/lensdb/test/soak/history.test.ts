import { describe, expect, it } from 'vitest';
import { History, isDeletion } from '../../soak/history.ts';
import { mayHold, RetiredKeys } from '../../soak/retired.ts';

/** A key whose last acknowledged version is this one. */
function at(version: number): History {
  const history = new History(1);
  for (let n = 0; n < version; n += 1) {
    history.begin();
    history.acknowledged(1);
  }
  return history;
}

describe('the history of a key', () => {
  it('allows what was acknowledged last, and nothing else', () => {
    const history = at(3);
    const before = history.before();
    expect([2, 3, 4, undefined].map((version) => history.allows(before, version))).toEqual([false, true, false, false]);
    expect(history.loose).toBeUndefined();
  });

  it('begins with nothing, and with nothing again after every eighth version', () => {
    const fresh = at(0);
    expect([fresh.present, fresh.allows(fresh.before(), undefined), fresh.allows(fresh.before(), 0)]).toEqual([
      false,
      true,
      false,
    ]);
    const deleted = at(8);
    expect([isDeletion(8), deleted.present]).toEqual([true, false]);
    expect(deleted.allows(deleted.before(), undefined)).toBe(true);
    expect(deleted.allows(deleted.before(), 7)).toBe(false);
  });

  it('allows the old and the new to a reader that read while it was written', () => {
    const history = at(3);
    const before = history.before();
    history.begin();
    expect([2, 3, 4].map((version) => history.allows(before, version))).toEqual([false, true, true]);
    history.acknowledged(1);
    expect(history.allows(before, 3)).toBe(true);
    expect(history.allows(history.before(), 3)).toBe(false);
  });

  it('is loose with the old and the new after a write of unknown outcome', () => {
    const history = at(3);
    history.begin();
    history.unknown();
    expect([history.settled, history.loose]).toEqual([3, 4]);
    expect([2, 3, 4, 5].map((version) => history.allows(history.before(), version))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('is loose after a write that took several tries, because one may come late', () => {
    const history = at(3);
    history.begin();
    history.acknowledged(2);
    expect([history.settled, history.loose]).toEqual([4, 4]);
    expect(history.allows(history.before(), 3)).toBe(false);
  });

  it('is what it was after a write that was not sent', () => {
    const history = at(3);
    expect(history.begin()).toBe(4);
    history.refused();
    expect(history.allows(history.before(), 4)).toBe(false);
    expect(history.begin()).toBe(4);
  });

  it('allows a deletion of unknown outcome', () => {
    const history = at(7);
    history.begin();
    history.unknown();
    expect([7, undefined].map((version) => history.allows(history.before(), version))).toEqual([true, true]);
  });
});

describe('retired keys', () => {
  it('keep what each may hold, however many they are', () => {
    const retired = new RetiredKeys();
    for (let n = 0; n < 70_000; n += 1) {
      const history = at(n % 10);
      history.begin();
      if (n % 2 === 0) history.unknown();
      else history.acknowledged(1);
      retired.add(history);
    }
    expect(retired.count).toBe(70_000);
    expect(retired.at(69_996)).toEqual({ key: 1, settled: 6, loose: 7 });
    expect(retired.at(69_995)).toEqual({ key: 1, settled: 6, loose: 6 });
    expect([5, 6, 7, undefined].map((version) => mayHold(retired.at(69_996), version))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect([7, 8, undefined].map((version) => mayHold(retired.at(7), version))).toEqual([false, false, true]);
  });
});
