import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import {
  AbortedError,
  ArgumentError,
  AuthenticationError,
  BatchError,
  ClientError,
  ClosedError,
  ConnectionError,
  type ErrorInit,
  OverloadedError,
  PermissionError,
  ProtocolError,
  ServerError,
  TimeoutError,
  UnsafeIntegerError,
  UnsupportedError,
} from '../../src/index.ts';

const simple: Record<string, new (message: string, init?: ErrorInit) => ClientError> = {
  ConnectionError,
  TimeoutError,
  AbortedError,
  ClosedError,
  ProtocolError,
  AuthenticationError,
  PermissionError,
  OverloadedError,
  ArgumentError,
  ServerError,
  UnsupportedError,
  BatchError,
};

const defaults: [string, string, string, boolean, string][] = [
  ['ConnectionError', 'connection', 'CONNECTION', true, 'unknown'],
  ['TimeoutError', 'timeout', 'TIMEOUT', false, 'unknown'],
  ['AbortedError', 'aborted', 'ABORTED', false, 'unknown'],
  ['ClosedError', 'closed', 'CLOSED', false, 'not-sent'],
  ['ProtocolError', 'protocol', 'PROTOCOL', false, 'unknown'],
  ['AuthenticationError', 'authentication', 'AUTHENTICATION', false, 'rejected'],
  ['PermissionError', 'permission', 'PERMISSION', false, 'rejected'],
  ['OverloadedError', 'overloaded', 'OVERLOADED', true, 'not-sent'],
  ['ArgumentError', 'argument', 'ARGUMENT', false, 'not-sent'],
  ['ServerError', 'server', 'SERVER', false, 'rejected'],
  ['UnsupportedError', 'unsupported', 'UNSUPPORTED', false, 'not-sent'],
  ['BatchError', 'batch', 'BATCH', false, 'unknown'],
];

/** A system's base, and a class of its own, as a client writes them. */
class LanceError extends ClientError {
  static override readonly kind: string = 'lance';
}

class LanceOffsetError extends ServerError {
  static override readonly kind: string = 'lance.offset';
}

const lost = (): ConnectionError =>
  new ConnectionError('lost', { system: 'lance', endpoint: 'db:7000', attempts: 2, cause: new Error('ECONNRESET') });

describe('ClientError', () => {
  it.each(defaults)('%s: kind %s, code %s, retryable %s, outcome %s when nothing is said', (...row) => {
    const [name, kind, code, retryable, outcome] = row;
    const error = new (simple[name] as (typeof simple)[string])('what went wrong');
    expect(error).toMatchObject({ name, code, retryable, outcome, attempts: 0, message: 'what went wrong' });
    expect(error.kinds).toEqual(['client', kind]);
    expect([error.system, error.endpoint, error.cause]).toEqual([undefined, undefined, undefined]);
    expect(error).toBeInstanceOf(Error);
  });

  it('is what it was told', () => {
    const cause = new Error('why');
    const details = { phase: 'connect' };
    const init: Required<ErrorInit> = {
      code: 'OTHER',
      retryable: true,
      outcome: 'rejected',
      system: 'synap',
      endpoint: 'host:1',
      attempts: 3,
      cause,
      details,
      kinds: ['overloaded'],
    };
    const error = new ServerError('m', init);
    expect(error).toMatchObject({ code: 'OTHER', retryable: true, outcome: 'rejected', system: 'synap', attempts: 3 });
    expect([error.endpoint, error.cause, error.details]).toEqual(['host:1', cause, details]);
    expect(error.kinds).toEqual(['client', 'server', 'synap', 'overloaded']);
  });

  it('keeps its kinds frozen, once each, and out of sight', () => {
    const error = new ConnectionError('m', { system: 'lance', kinds: ['lance', 'client'] });
    expect(error.kinds).toEqual(['client', 'connection', 'lance']);
    expect(Object.isFrozen(error.kinds)).toBe(true);
    expect(Object.keys(error)).not.toContain('name');
    expect((error as unknown as Record<symbol, unknown>)[Symbol.for('wirewright.kinds')]).toBe(error.kinds);
    expect(inspect(error)).not.toContain('wirewright.kinds');
  });

  it('has no cause where none was given', () => {
    expect('cause' in new ServerError('m')).toBe(false);
  });

  it('starts its stack where it was made', () => {
    function publicMethod(): ClientError {
      return lost();
    }
    expect(publicMethod().stack?.split('\n')[2]).toContain('publicMethod');
  });
});

describe('instanceof', () => {
  it('holds along both axes: what happened, and whose it is', () => {
    const error = lost();
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toBeInstanceOf(LanceError);
    expect(error).not.toBeInstanceOf(TimeoutError);
    expect(new ConnectionError('m', { system: 'synap' })).not.toBeInstanceOf(LanceError);
    expect(new LanceError('m')).not.toBeInstanceOf(ConnectionError);
  });

  it("holds for a client's own classes, and those that an error is beside its own", () => {
    const error = new LanceOffsetError('m', { system: 'lance', kinds: ['overloaded'] });
    for (const type of [LanceOffsetError, ServerError, LanceError, OverloadedError, ClientError]) {
      expect(error).toBeInstanceOf(type);
    }
    expect(error.kinds).toEqual(['client', 'server', 'lance.offset', 'lance', 'overloaded']);
    expect(new ServerError('m', { system: 'lance' })).not.toBeInstanceOf(LanceOffsetError);
  });

  it("is the ordinary one for users' subclasses", () => {
    class MyConnectionError extends ConnectionError {}
    class MyVeryOwnError extends MyConnectionError {}
    const mine = new MyVeryOwnError('m', { system: 'lance' });
    expect(mine.name).toBe('MyVeryOwnError');
    for (const type of [MyVeryOwnError, MyConnectionError, ConnectionError, LanceError])
      expect(mine).toBeInstanceOf(type);
    expect(lost()).not.toBeInstanceOf(MyConnectionError);
    expect(new MyConnectionError('m')).not.toBeInstanceOf(MyVeryOwnError);
  });

  it('holds for what is not an error of ours', () => {
    for (const value of [
      null,
      undefined,
      0,
      'connection',
      Symbol('connection'),
      () => {},
      {},
      new Error('connection'),
    ]) {
      expect(value instanceof ConnectionError).toBe(false);
      expect(value instanceof ClientError).toBe(false);
    }
    const pretender = { [Symbol.for('wirewright.kinds')]: 'connection' };
    expect(pretender instanceof ConnectionError).toBe(false);
    const bare = Object.create(ConnectionError.prototype) as ConnectionError;
    expect(bare instanceof ConnectionError).toBe(true);
    expect(bare.kinds).toEqual([]);
  });

  it('narrows types', () => {
    const error: unknown = lost();
    if (!(error instanceof ConnectionError)) throw new Error('it is one');
    const { outcome }: { outcome: 'not-sent' | 'unknown' | 'rejected' } = error;
    expect(outcome).toBe('unknown');
  });

  it('holds across two copies of core in one process', async () => {
    vi.resetModules();
    const other = await import('../../src/index.ts');
    expect(other.ConnectionError).not.toBe(ConnectionError);
    const theirs = new other.ConnectionError('m', { system: 'lance' });
    const ours = lost();
    for (const [error, types] of [
      [theirs, [ConnectionError, ClientError, LanceError]],
      [ours, [other.ConnectionError, other.ClientError]],
    ] as const) {
      for (const type of types) expect(error).toBeInstanceOf(type);
    }
    expect(theirs).not.toBeInstanceOf(TimeoutError);
    expect(ours).not.toBeInstanceOf(other.TimeoutError);
    class MyError extends other.ConnectionError {}
    expect(ours).not.toBeInstanceOf(MyError);
    expect(new MyError('m')).toBeInstanceOf(ConnectionError);
  });
});

describe('what logs see', () => {
  const secret = 'hunter2';

  function leaky(): ClientError {
    const details = Object.defineProperty({ phase: 'request' }, 'key', { value: secret, enumerable: false });
    return new ServerError('refused', { system: 'lance', details, attempts: 1 });
  }

  it('is not what is not enumerable; the caller still reads it', () => {
    const error = leaky();
    expect(error.details['key']).toBe(secret);
    expect(JSON.stringify(error)).not.toContain(secret);
    expect(inspect(error, { depth: Infinity })).not.toContain(secret);
    expect(inspect({ error }, { depth: Infinity })).not.toContain(secret);
  });

  it('is everything else, without the stack', () => {
    expect(lost().toJSON()).toEqual({
      name: 'ConnectionError',
      message: 'lost',
      code: 'CONNECTION',
      retryable: true,
      outcome: 'unknown',
      system: 'lance',
      endpoint: 'db:7000',
      attempts: 2,
      details: {},
      cause: { name: 'Error', code: undefined },
    });
  });

  it('names a cause that is an error, and its code, but not what it says', () => {
    const cause = Object.assign(new SyntaxError(`unexpected token in ${secret}`), { code: 'E_PARSE', secret });
    const json = JSON.stringify(new ServerError('m', { cause }));
    expect(JSON.parse(json)).toMatchObject({ cause: { name: 'SyntaxError', code: 'E_PARSE' } });
    expect(json).not.toContain(secret);
    expect(new ServerError('m', { cause: secret }).toJSON()['cause']).toBeUndefined();
    const odd = Object.assign(new Error('m'), { code: { secret } });
    expect(JSON.stringify(new ServerError('m', { cause: odd }))).not.toContain(secret);
  });

  it('survives details that JSON does not know', () => {
    const details = { offset: 2n ** 60n, nested: [{ epoch: 1n }] };
    expect(new ServerError('m', { details }).toJSON()['details']).toEqual({
      offset: '1152921504606846976',
      nested: [{ epoch: '1' }],
    });
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(JSON.parse(JSON.stringify(new ServerError('m', { details: circular })))).toMatchObject({ details: {} });
  });

  it('is no unsafe integer: the caller reads it from the error', () => {
    const error = new UnsafeIntegerError(9_007_199_254_740_993n, { hint: 'use incrBig()' });
    expect(error.value).toBe(9_007_199_254_740_993n);
    expect(error).toMatchObject({ name: 'UnsafeIntegerError', code: 'UNSAFE_INTEGER', retryable: false });
    expect(error.message).toContain('use incrBig()');
    expect(new UnsafeIntegerError(1n).message).toContain("'value'");
    expect(JSON.stringify(error) + inspect(error)).not.toContain('9007199254740993');
  });

  it('is no value of a batch: the caller reads them from the error', () => {
    const outcomes = [{ status: 'fulfilled', value: secret }, { status: 'not-started' }] as const;
    const error = new BatchError<string>('1 of 2 failed', { details: { outcomes, failed: 1 } });
    expect(error.details.outcomes).toBe(outcomes);
    expect(error.toJSON()['details']).toEqual({ failed: 1 });
    expect(JSON.stringify(error) + inspect(error, { depth: Infinity })).not.toContain(secret);
    expect(new BatchError('m').details.outcomes).toEqual([]);
  });

  it('does not call an answer that could not be held a refusal', () => {
    expect(new UnsafeIntegerError(1n).outcome).toBe('unknown');
  });
});
