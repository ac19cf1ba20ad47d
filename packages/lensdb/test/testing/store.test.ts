import { FakeClock } from '@wirewright/core/testing';
import { describe, expect, it } from 'vitest';
import { TestStore } from '../../src/testing/store.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const unlimited = { maxEntries: Infinity, maxTotalValueBytes: Infinity };

describe('room for values', () => {
  const ten = (): TestStore => new TestStore(new FakeClock(), 'lazy', () => ({ ...unlimited, maxTotalValueBytes: 10 }));

  it('is measured in bytes of values, exactly', () => {
    const store = ten();
    expect(store.write(bytes('long key'), bytes('1234567890'), undefined)).toBe(true);
    expect(store.write(bytes('k'), bytes('1'), undefined)).toBe(false);
    expect(store.write(bytes('k'), bytes(''), undefined)).toBe(true);
  });

  it('comes back with delete, clear, expiry and shorter values', () => {
    const clock = new FakeClock();
    const store = new TestStore(clock, 'lazy', () => ({ ...unlimited, maxTotalValueBytes: 10 }));
    for (const free of [
      () => store.delete('a'),
      () => store.clear(),
      () => {
        clock.advanceSync(1000);
        store.get('a');
      },
      () => store.write(bytes('a'), bytes('123'), undefined),
    ]) {
      store.clear();
      expect(store.write(bytes('a'), bytes('12345678'), 1)).toBe(true);
      expect(store.write(bytes('b'), bytes('1234567'), undefined)).toBe(false);
      free();
      expect(store.write(bytes('b'), bytes('1234567'), undefined)).toBe(true);
    }
  });

  it('is that of the old value for the new one of a key', () => {
    const store = ten();
    store.write(bytes('a'), bytes('12345678'), undefined);
    expect(store.write(bytes('a'), bytes('1234567890'), undefined)).toBe(true);
    expect(store.write(bytes('a'), bytes('12345678901'), undefined)).toBe(false);
    expect(store.size).toBe(1);
  });

  it('is there for a value that does not grow, though the store be over its limits', () => {
    const limits = { maxEntries: 2, maxTotalValueBytes: 10 };
    const store = new TestStore(new FakeClock(), 'lazy', () => limits);
    store.set('a', '12345678');
    store.set('b', '12345678');
    store.set('c', '');
    expect(store.write(bytes('a'), bytes('87654321'), undefined)).toBe(true);
    expect(store.write(bytes('a'), bytes('876543210'), undefined)).toBe(false);
    expect(store.write(bytes('d'), bytes(''), undefined)).toBe(false);
  });
});

describe('writes that wait', () => {
  it('are done in their order, those that fit first', () => {
    const limits = { maxEntries: 1, maxTotalValueBytes: 10 };
    const store = new TestStore(new FakeClock(), 'lazy', () => limits);
    const done: string[] = [];
    store.set('a', '1234');
    store.writeLater(bytes('big'), bytes('12345678901'), undefined, () => done.push('big'));
    store.writeLater(bytes('b'), bytes('1'), undefined, () => done.push('b'));
    store.writeLater(bytes('c'), bytes('1'), undefined, () => done.push('c'));
    store.delete('a');
    expect(done).toEqual(['b']);
    store.clear();
    expect(done).toEqual(['b', 'c']);
  });
});

describe('entries', () => {
  it('are copies, both ways', () => {
    const store = new TestStore(new FakeClock(), 'exact', () => unlimited);
    const value = bytes('value');
    store.set('k', value);
    value.fill(0);
    store.get('k')?.fill(0);
    expect(Buffer.from(store.get('k') ?? '').toString()).toBe('value');
  });

  it('expire for every command where expiry is exact, and make room', () => {
    const clock = new FakeClock();
    const store = new TestStore(clock, 'exact', () => ({ ...unlimited, maxEntries: 1 }));
    store.set('k', 'v', { ttlSeconds: 2 });
    clock.advanceSync(1999);
    expect([store.has('k'), store.size, store.write(bytes('l'), bytes(''), undefined)]).toEqual([true, 1, false]);
    clock.advanceSync(1);
    expect([store.has('k'), store.size, store.keys(), store.delete('k')]).toEqual([false, 0, [], false]);
    expect(store.write(bytes('l'), bytes(''), undefined)).toBe(true);
  });
});
