import { describe, expect, it } from 'vitest';
import { Agenda, type AgendaEntry } from '../../src/testing/agenda.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

interface Named extends AgendaEntry {
  readonly name: number;
}

const entry = (name: number): Named => ({ name, at: 0, order: 0, place: -1, run() {} });

function take(agenda: Agenda): Named | undefined {
  const next = agenda.peek();
  if (next) agenda.remove(next);
  return next as Named | undefined;
}

describe('Agenda', () => {
  it('gives entries by time, and by order of entry at the same time', () => {
    const agenda = new Agenda();
    const [late, early, tie] = [entry(1), entry(2), entry(3)];
    agenda.add(late, 5);
    agenda.add(early, 1);
    agenda.add(tie, 5);
    expect([take(agenda), take(agenda), take(agenda), take(agenda)]).toEqual([early, late, tie, undefined]);
  });

  it('moves an entry that is added again, and lets it be used again afterwards', () => {
    const agenda = new Agenda();
    const [one, two] = [entry(1), entry(2)];
    agenda.add(one, 1);
    agenda.add(two, 2);
    agenda.add(one, 3);
    expect(agenda.size).toBe(2);
    expect([take(agenda), take(agenda)]).toEqual([two, one]);
    agenda.add(one, 0);
    expect(take(agenda)).toBe(one);
  });

  it('agrees with a sorted list over random adds, moves and removals', () => {
    const random = new SeededRandom(11);
    for (let round = 0; round < 200; round += 1) {
      const agenda = new Agenda();
      const model = new Map<Named, { at: number; order: number }>();
      const entries = Array.from({ length: 12 }, (_, name) => entry(name));
      let order = 0;
      for (let step = 0; step < 40; step += 1) {
        const chosen = random.pick(entries);
        if (random.chance(0.3)) {
          agenda.remove(chosen);
          model.delete(chosen);
        } else {
          const at = random.integer(0, 6);
          agenda.add(chosen, at);
          model.set(chosen, { at, order: order++ });
        }
      }
      expect(agenda.size).toBe(model.size);
      const expected = [...model].sort(([, a], [, b]) => a.at - b.at || a.order - b.order).map(([one]) => one.name);
      expect(expected.map(() => take(agenda)?.name)).toEqual(expected);
    }
  });

  it('forgets everything on clear, and cleared entries can be added again', () => {
    const agenda = new Agenda();
    const one = entry(1);
    agenda.add(one, 1);
    agenda.clear();
    agenda.remove(one);
    expect(agenda.peek()).toBeUndefined();
    agenda.add(one, 2);
    expect(agenda.size).toBe(1);
  });
});
