import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { Transit } from '../../src/testing/transit.ts';

describe('Transit', () => {
  it('agrees with a plain list over random traffic, and uses memory again', () => {
    const random = new SeededRandom(2);
    const spare: Uint8Array[] = [];
    const to = new Uint8Array(4096);
    for (let round = 0; round < 50; round += 1) {
      const transit = new Transit(spare);
      let model: { byte: number; time: number }[] = [];
      let time = 0;
      for (let step = 0; step < 100; step += 1) {
        if (random.chance(0.5)) {
          time += random.integer(0, 2);
          const chunk = Uint8Array.from({ length: random.integer(1, 200) }, () => random.integer(0, 255));
          const from = random.integer(0, chunk.length - 1);
          transit.send(chunk, from, chunk.length - from, time);
          for (const byte of chunk.subarray(from)) model.push({ byte, time });
        } else if (model.length > 0) {
          const count = random.integer(1, Math.min(model.length, to.length));
          transit.receive(count, to);
          expect([...to.subarray(0, count)]).toEqual(model.slice(0, count).map(({ byte }) => byte));
          model = model.slice(count);
        }
        const now = time - random.integer(0, 4);
        expect(transit.length).toBe(model.length);
        expect(transit.nextTime).toBe(model[0]?.time);
        expect(transit.arrived(now)).toBe(model.filter((each) => each.time <= now).length);
      }
      transit.clear();
      expect([transit.length, transit.nextTime, spare.length]).toEqual([0, undefined, 1]);
    }
  });
});
