import { describe, expect, it } from 'vitest';
import { type Pending, Timekeeper } from '../src/deadline.ts';
import { FakeClock } from '../src/testing/fake-clock.ts';
import { waitFor } from '../src/waiting.ts';

const neverHeld = (): never => {
  throw new Error('was held');
};

describe('waitFor', () => {
  it('gives what the call is settled with', async () => {
    const timekeeper = new Timekeeper(new FakeClock());
    const result = await waitFor<string>(timekeeper, { dueAt: Infinity }, 'line', (pending) => pending.settle('value'));
    expect(result).toBe('value');
    expect(timekeeper.size).toBe(0);
  });

  it('holds nothing whose signal is aborted already', async () => {
    const timekeeper = new Timekeeper(new FakeClock());
    const signal = AbortSignal.abort('why');
    expect(await waitFor(timekeeper, { dueAt: Infinity, signal }, 'line', neverHeld)).toMatchObject({
      kind: 'aborted',
      outcome: 'not-sent',
      cause: 'why',
      details: { phase: 'line' },
    });
  });

  it('holds nothing once the client was destroyed', async () => {
    const timekeeper = new Timekeeper(new FakeClock());
    timekeeper.abandonAll('why');
    expect(await waitFor(timekeeper, { dueAt: Infinity }, 'line', neverHeld)).toMatchObject({
      kind: 'closed',
      outcome: 'not-sent',
      cause: 'why',
      details: { phase: 'line' },
    });
  });

  it('watches nothing that could not be held', async () => {
    const timekeeper = new Timekeeper(new FakeClock());
    await expect(waitFor(timekeeper, { dueAt: Infinity }, 'line', neverHeld)).rejects.toThrow('was held');
    expect(timekeeper.size).toBe(0);
  });

  it('ends by the deadline even if nobody holds the call', async () => {
    const clock = new FakeClock();
    let held: Pending | undefined;
    const result = waitFor(new Timekeeper(clock), { dueAt: 5 }, 'line', (pending) => {
      held = pending;
    });
    await clock.advance(20);
    expect(await result).toMatchObject({ kind: 'timeout', outcome: 'not-sent' });
    expect(held?.settled).toBe(true);
  });
});
