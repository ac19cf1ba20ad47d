import { describe, expect, it } from 'vitest';
import { RetryBudget } from '../../src/retry/budget.ts';

describe('RetryBudget', () => {
  it('lets a burst through, then stops all but a lone call', () => {
    const budget = new RetryBudget({ capacity: 2, perSecond: 0 });
    budget.enter();
    budget.enter();
    expect([budget.draw(0), budget.draw(0), budget.draw(0)]).toEqual([true, true, false]);
    budget.leave();
    expect(budget.repeating).toBe(1);
    expect(budget.draw(0)).toBe(true);
    budget.enter();
    expect(budget.draw(0)).toBe(false);
  });

  it('is refilled by successes, up to its capacity', () => {
    const budget = new RetryBudget({ capacity: 2, perSuccess: 0.5, perSecond: 0 });
    budget.enter();
    budget.enter();
    budget.draw(0);
    budget.draw(0);
    budget.earn();
    expect(budget.draw(0)).toBe(false);
    budget.earn();
    expect(budget.draw(0)).toBe(true);
    for (let i = 0; i < 100; i += 1) budget.earn();
    expect(budget.tokens).toBe(2);
  });

  it('is refilled by time, up to its capacity, and stands a clock that jumps back', () => {
    const budget = new RetryBudget({ capacity: 3, perSecond: 2 });
    budget.enter();
    budget.enter();
    for (let i = 0; i < 3; i += 1) expect(budget.draw(1000)).toBe(true);
    expect(budget.draw(1499)).toBe(false);
    expect(budget.draw(1500)).toBe(true);
    expect(budget.draw(0)).toBe(false);
    expect(budget.draw(400)).toBe(false);
    expect(budget.draw(500)).toBe(true);
    expect(budget.draw(1e9)).toBe(true);
    expect(budget.tokens).toBe(2);
  });

  it('starts at 500, earns a fifth per success and ten per second', () => {
    const budget = new RetryBudget();
    expect(budget.tokens).toBe(500);
    budget.enter();
    budget.enter();
    for (let i = 0; i < 500; i += 1) expect(budget.draw(0)).toBe(true);
    expect(budget.draw(0)).toBe(false);
    for (let i = 0; i < 6; i += 1) budget.earn();
    expect(budget.tokens).toBeCloseTo(1.2);
    expect(budget.draw(0)).toBe(true);
    expect(budget.draw(100)).toBe(true);
    expect(budget.draw(100)).toBe(false);
  });

  it('refuses nonsense', () => {
    expect(() => new RetryBudget({ capacity: -1 })).toThrow("RetryBudget: 'capacity'");
    expect(() => new RetryBudget({ perSuccess: Number.NaN })).toThrow("'perSuccess'");
    expect(() => new RetryBudget({ perSeconds: 1 } as never)).toThrow("did you mean 'perSecond'?");
  });
});
