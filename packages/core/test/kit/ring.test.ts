import { describe, expect, it } from 'vitest';
import { Ring } from '../../src/kit/ring.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { agree } from '../support/agree.ts';
import { collectGarbage } from '../support/collect-garbage.ts';

describe('Ring', () => {
  it('behaves as an array does, at both ends and over many wraps', () => {
    const random = new SeededRandom(3);
    for (let round = 0; round < 200; round += 1) {
      const ring = new Ring<number>(random.integer(0, 20));
      const model: number[] = [];
      for (let step = 0; step < 200; step += 1) {
        const choice = random.integer(0, 9);
        if (choice <= 2) {
          ring.push(step);
          model.push(step);
        } else if (choice === 3) {
          ring.unshift(step);
          model.unshift(step);
        } else if (choice <= 5) agree(ring.shift(), model.shift(), 'shift');
        else if (choice === 6) agree(ring.pop(), model.pop(), 'pop');
        else if (choice === 7) {
          const item = model.length > 0 && random.chance(0.8) ? random.pick(model) : -1;
          const index = model.indexOf(item);
          agree(ring.remove(item), index >= 0, 'remove');
          if (index >= 0) model.splice(index, 1);
        } else if (choice === 8 && random.chance(0.2)) {
          ring.retain((item) => item % 3 !== 0);
          model.splice(0, model.length, ...model.filter((item) => item % 3 !== 0));
        } else if (random.chance(0.02)) {
          ring.clear();
          model.length = 0;
        }
        agree(ring.size, model.length, 'size');
        agree(ring.peek(), model[0], 'peek');
      }
      expect([...ring]).toEqual(model);
    }
  });

  it('grows beyond its first capacity', () => {
    const ring = new Ring<number>(4);
    for (let i = 0; i < 1000; i += 1) ring.push(i);
    expect([...ring]).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  it('takes the youngest out without looking at the older ones', () => {
    const ring = new Ring<number>();
    const count = 300_000;
    for (let i = 0; i < count; i += 1) ring.push(i);
    // From the old end this would be 45 000 million looks.
    for (let i = count - 1; i > 0; i -= 1) ring.remove(i);
    expect([...ring]).toEqual([0]);
  });

  it('keeps no reference to what was taken out', async () => {
    const ring = new Ring<object>(8);
    const fill = (): WeakRef<object>[] =>
      Array.from({ length: 5 }, () => {
        const item = {};
        ring.push(item);
        return new WeakRef(item);
      });
    const refs = fill();
    const left = async (): Promise<boolean[]> => {
      await collectGarbage();
      return refs.map((ref) => ref.deref() !== undefined);
    };
    (() => ring.shift())();
    expect(await left()).toEqual([false, true, true, true, true]);
    (() => ring.pop())();
    expect(await left()).toEqual([false, true, true, true, false]);
    (() => ring.remove([...ring][1] as object))();
    expect(await left()).toEqual([false, true, false, true, false]);
    (() => ring.retain((item) => item === ring.peek()))();
    ring.clear();
    expect(await left()).toEqual(refs.map(() => false));
  });
});
