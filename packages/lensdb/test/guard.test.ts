import { describe, expect, it } from 'vitest';
import { ArgumentError, LensDBError } from '../src/index.ts';
import { Guard } from '../src/guard.ts';
import { getOperation, type Operation, setOperation } from '../src/operations.ts';
import { defaultLdbdLimits, defaultLensLimits } from '../src/protocol/checks.ts';
import type { Dialect } from '../src/protocol/dialect.ts';
import { Lab } from './lab.ts';
import { ldbd, lens } from './servers.ts';

const guard = new Guard({ lens: defaultLensLimits, ldbd: { ...defaultLdbdLimits, maxKeyBytes: 4 } });

function refusal(operation: Operation<unknown>, key: unknown, value: unknown, dialect?: Dialect): string | undefined {
  try {
    guard.check(operation, { key: key as string, value: value as string, ttl: 0 }, dialect);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toBeInstanceOf(LensDBError);
    expect(error).toMatchObject({ outcome: 'not-sent', retryable: false });
    return (error as Error).message;
  }
}

describe('the guard', () => {
  it('names method and argument', () => {
    expect(refusal(getOperation, 5, '', 'lens')).toBe('get(): the key must be a string or a Uint8Array; got number');
    expect(refusal(setOperation, 'a', null, 'lens')).toBe(
      'set(): the value must be a string or a Uint8Array; got null',
    );
    expect(refusal(getOperation, '', '')).toBe('get(): a key has at least 1 byte, this one is empty');
  });

  it('refuses text that UTF-8 cannot carry', () => {
    expect(refusal(setOperation, 'a\udc00', 'v')).toContain('the key is text with half a surrogate pair');
    expect(refusal(setOperation, 'a', 'v\ud800')).toContain('the value is text with half a surrogate pair');
    expect(refusal(setOperation, 'a', '😀', 'lens')).toBe(undefined);
  });

  it('applies the limits of the dialect; of an unknown one, what both have in common', () => {
    const key = 'longer';
    expect(refusal(getOperation, key, '', 'ldbd')).toContain('a key has at most 4 bytes');
    expect(refusal(getOperation, key, '', 'lens')).toBe(undefined);
    expect(refusal(getOperation, key, '')).toBe(undefined);
    expect(refusal(getOperation, 'x'.repeat(1025), '')).toContain('a key has at most 1024 bytes');
    expect(refusal(setOperation, 'a', 'x'.repeat(5000), 'lens')).toContain('maxRequestBytes');
    expect(refusal(setOperation, 'a', 'x'.repeat(5000), 'ldbd')).toBe(undefined);
    expect(refusal(setOperation, 'a', 'x'.repeat(5000))).toBe(undefined);
  });

  it('never shows key or value', () => {
    for (const dialect of ['lens', 'ldbd'] as const) {
      expect(refusal(setOperation, 'secret\n', 'hidden', dialect)).not.toMatch(/secret|hidden/);
    }
  });
});

describe('what only the dialect tells to be wrong', () => {
  it('is refused when a connection has told it, and nothing is sent', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const error = await lab.failure(lab.client().set('a', 'x'.repeat(5000)));
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toContain('maxRequestBytes');
    expect(lab.writes.length).toBe(1);
    const other = new Lab();
    other.serve(ldbd());
    await other.run(other.client().set('a', 'x'.repeat(5000)));
  });
});
