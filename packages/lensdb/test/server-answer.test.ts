import { Failure } from '@wirewright/core';
import { describe, expect, it } from 'vitest';
import { operations } from '../src/operations.ts';
import type { Dialect } from '../src/protocol/dialect.ts';
import { poisons, readAnswer } from '../src/server-answer.ts';
import { bytes } from './servers.ts';

function answered(dialect: Dialect, name: string, status: number, data = '', message = ''): unknown {
  const operation = operations.find((each) => each.name === name);
  if (!operation) throw new Error(`no operation ${name}`);
  return readAnswer(operation, dialect, { status, data: bytes(data), message }, 'host:1');
}

/** Section 6, row by row: what is missing in a row is as usual (`server`, not retryable). */
const rows: [Dialect, string, number, string, Partial<Failure> & { type?: unknown }][] = [
  ['lens', 'exists', 1, 'Key not found', { code: 'SERVER' }],
  ['ldbd', 'exists', 2, 'Key not found', { code: 'SERVER' }],
  ['lens', 'set', 2, '', { code: 'INVALID_KEY' }],
  ['lens', 'set', 5, 'InvalidKey ""', { code: 'INVALID_KEY' }],
  ['lens', 'set', 3, '', { code: 'STORAGE_FULL', retryable: true }],
  ['lens', 'get', 4, 'Invalid message format', { code: 'INVALID_REQUEST' }],
  ['lens', 'get', 4, 'not enough bytes', { code: 'SPLIT_REQUEST', retryable: true }],
  ['ldbd', 'get', 3, 'not enough bytes', { code: 'INVALID_REQUEST' }],
  ['lens', 'get', 5, 'disk', { code: 'SERVER' }],
  ['ldbd', 'get', 1, '', { code: 'SERVER' }],
  ['ldbd', 'get', 4, '', { code: 'SERVER' }],
  ['lens', 'stats', 6, '', { code: 'UNSUPPORTED', kind: 'unsupported' }],
];

describe('error statuses', () => {
  it.each(rows)('%s %s: status %i %j', (dialect, name, status, message, expected) => {
    const failure = answered(dialect, name, status, '', message);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({
      kind: 'server',
      outcome: 'rejected',
      retryable: false,
      endpoint: 'host:1',
      details: { status, dialect },
      ...expected,
    });
    expect((failure as Failure).details?.['statusName']).toMatch(/^[A-Z_]+$/);
  });

  it('key not found is an answer to GET and DELETE', () => {
    expect([answered('lens', 'get', 1), answered('ldbd', 'get', 2)]).toEqual([null, null]);
    expect([answered('lens', 'delete', 1), answered('ldbd', 'delete', 2)]).toEqual([false, false]);
  });
});

describe('successes', () => {
  it('give what the command is for', () => {
    for (const dialect of ['lens', 'ldbd'] as const) {
      expect(answered(dialect, 'get', 0, '')).toEqual(new Uint8Array(0));
      expect(answered(dialect, 'set', 0, 'OK')).toBe(undefined);
      expect(answered(dialect, 'delete', 0)).toBe(true);
      expect(answered(dialect, 'exists', 0, 'false')).toBe(false);
      expect(answered(dialect, 'size', 0, '12')).toBe(12);
      expect(answered(dialect, 'keys', 0, 'a\nb')).toEqual([bytes('a'), bytes('b')]);
      expect(answered(dialect, 'keys', 0, '')).toEqual([]);
    }
  });

  it('that are none are protocol failures', () => {
    expect(answered('lens', 'size', 0, '-1')).toMatchObject({ kind: 'protocol', outcome: 'unknown', retryable: true });
    expect(answered('ldbd', 'exists', 0, 'maybe')).toMatchObject({ kind: 'protocol' });
  });
});

describe('poisons', () => {
  it('only a lens server that could not read the frame', () => {
    const answer = { data: new Uint8Array(0), message: '' };
    const statuses = [0, 1, 2, 3, 4, 5, 6];
    expect(statuses.filter((status) => poisons('lens', { ...answer, status }))).toEqual([4]);
    expect(statuses.filter((status) => poisons('ldbd', { ...answer, status }))).toEqual([]);
  });
});

describe('operations', () => {
  it('have the numbers of sections 2.3 and 3.3, and the safety of section 7', () => {
    const table = operations.map(({ name, lens, ldbd, safety }) => [name, lens, ldbd, safety]);
    expect(table).toEqual([
      ['get', 1, 1, 'read'],
      ['set', 2, 2, 'write'],
      ['setex', 9, 8, 'write'],
      ['delete', 3, 3, 'write'],
      ['exists', 4, 4, 'read'],
      ['keys', 5, 5, 'read'],
      ['size', 6, 6, 'read'],
      ['clear', 7, 7, 'clear'],
      ['ping', 0, 9, 'read'],
      ['stats', 8, undefined, 'read'],
    ]);
  });
});
