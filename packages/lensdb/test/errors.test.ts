import { inspect } from 'node:util';
import { Failure, type FailureInit } from '@wirewright/core';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  ClientError,
  ConnectionError,
  LensDBError,
  LensDBInvalidKeyError,
  LensDBInvalidRequestError,
  LensDBStorageFullError,
  OverloadedError,
  ServerError,
  TimeoutError,
} from '../src/index.ts';

describe('LensDBError', () => {
  it('recognises every error of this client, and none of another', () => {
    const ours = [
      new ArgumentError('a', { system: 'lensdb' }),
      new TimeoutError('t', { system: 'lensdb' }),
      new LensDBInvalidKeyError('k', { system: 'lensdb' }),
      new LensDBError('x', { system: 'lensdb' }),
    ];
    for (const error of ours) {
      expect(error).toBeInstanceOf(LensDBError);
      expect(error).toBeInstanceOf(ClientError);
    }
    for (const other of [new TimeoutError('t', { system: 'lance' }), new Error('e'), undefined]) {
      expect(other instanceof LensDBError).toBe(false);
    }
  });

  it("does not claim what a user's subclass means", () => {
    class Mine extends LensDBError {}
    expect(new LensDBError('x', { system: 'lensdb' }) instanceof Mine).toBe(false);
    expect(new Mine('x', { system: 'lensdb' }) instanceof LensDBError).toBe(true);
  });
});

describe('the classes of server errors', () => {
  it('are of their kinds', () => {
    const context = { system: 'lensdb', attempts: 2 };
    const of = (type: FailureInit['type']): ClientError =>
      new Failure({ kind: 'server', message: 'm', outcome: 'rejected', retryable: false, type }).toError(context);
    const full = of(LensDBStorageFullError);
    expect(full).toBeInstanceOf(OverloadedError);
    expect(full).toBeInstanceOf(ServerError);
    expect(full.kinds).toEqual(['client', 'server', 'lensdb.storage-full', 'lensdb', 'overloaded']);
    expect(full.name).toBe('LensDBStorageFullError');
    const key = of(LensDBInvalidKeyError);
    expect(key).toBeInstanceOf(ServerError);
    expect([
      key instanceof OverloadedError,
      key instanceof LensDBInvalidRequestError,
      key instanceof ConnectionError,
    ]).toEqual([false, false, false]);
    expect(key.attempts).toBe(2);
  });
});

describe('what a server says', () => {
  it('is readable and in no log', async () => {
    const { readAnswer } = await import('../src/server-answer.ts');
    const { getOperation } = await import('../src/operations.ts');
    const answer = { status: 5, data: new Uint8Array(0), message: 'no such thing as secret-key' };
    const failure = readAnswer(getOperation, 'lens', answer, 'host:1') as Failure;
    const error = failure.toError({ system: 'lensdb', attempts: 1, details: { earlier: ['TIMEOUT'] } });
    expect(error.details['serverMessage']).toBe('no such thing as secret-key');
    expect(error.details).toEqual({ status: 5, statusName: 'INTERNAL_ERROR', dialect: 'lens', earlier: ['TIMEOUT'] });
    for (const text of [error.message, JSON.stringify(error), inspect(error), inspect(error, { depth: 9 })]) {
      expect(text).not.toContain('secret');
    }
  });
});
