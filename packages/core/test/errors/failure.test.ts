import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  AbortedError,
  AuthenticationError,
  ClosedError,
  ConnectionError,
  Failure,
  type FailureKind,
  OverloadedError,
  PermissionError,
  ProtocolError,
  ServerError,
  TimeoutError,
  UnsupportedError,
} from '../../src/index.ts';

const context = { system: 'lance', attempts: 2 };

const classes = {
  connection: ConnectionError,
  timeout: TimeoutError,
  aborted: AbortedError,
  closed: ClosedError,
  protocol: ProtocolError,
  authentication: AuthenticationError,
  permission: PermissionError,
  overloaded: OverloadedError,
  server: ServerError,
  unsupported: UnsupportedError,
} satisfies Record<FailureKind, unknown>;

describe('Failure', () => {
  it.each(Object.keys(classes) as FailureKind[])('of kind %s becomes the error of that kind', (kind) => {
    const failure = new Failure({ kind, message: 'm', outcome: 'unknown', retryable: false });
    const error = failure.toError(context);
    expect(error.constructor).toBe(classes[kind]);
    expect(error).toMatchObject({ message: 'm', code: kind.toUpperCase(), outcome: 'unknown', ...context });
    expect(error.kinds).toEqual(['client', kind, 'lance']);
  });

  it('hands everything on', () => {
    const cause = new Error('why');
    const failure = new Failure({
      kind: 'connection',
      message: 'refused',
      code: 'REFUSED',
      outcome: 'not-sent',
      retryable: true,
      cause,
      endpoint: 'db:7000',
      details: { phase: 'connect' },
    });
    expect(failure.toError({ ...context, details: { earlier: ['TIMEOUT'] } })).toMatchObject({
      code: 'REFUSED',
      outcome: 'not-sent',
      retryable: true,
      endpoint: 'db:7000',
      cause,
      details: { phase: 'connect', earlier: ['TIMEOUT'] },
    });
  });

  it("becomes a client's own class where it says so, with that class's code", () => {
    class LanceOffsetError extends ServerError {
      static override readonly kind: string = 'lance.offset';
      static override readonly defaults = { ...ServerError.defaults, code: 'OFFSET' };
    }
    const init = {
      kind: 'server',
      message: 'm',
      outcome: 'rejected',
      retryable: false,
      type: LanceOffsetError,
    } as const;
    expect(new Failure(init).toError(context)).toBeInstanceOf(LanceOffsetError);
    expect(new Failure(init).toError(context).code).toBe('OFFSET');
    expect(new Failure({ ...init, code: 'OTHER' }).toError(context).code).toBe('OTHER');
    expect(new Failure(init).as('unknown').toError(context)).toBeInstanceOf(LanceOffsetError);
  });

  it('is the same in another outcome, and itself in its own', () => {
    const cause = new Error('why');
    const failure = new Failure({
      kind: 'connection',
      message: 'm',
      code: 'X',
      outcome: 'unknown',
      retryable: true,
      cause,
      endpoint: 'e',
      details: { a: 1 },
    });
    expect(failure.as('unknown')).toBe(failure);
    const other = failure.as('not-sent');
    expect(other).not.toBe(failure);
    expect({ ...other, outcome: 'unknown' }).toEqual({ ...failure });
    expect(other.outcome).toBe('not-sent');
    expect(failure.outcome).toBe('unknown');
  });

  it('hides in the error what was hidden in its details, and what the method adds', () => {
    const hidden = (name: string, visible: object): Record<string, unknown> =>
      Object.defineProperty({ ...visible }, name, { value: 'hunter2', enumerable: false });
    const init = { kind: 'server', message: 'm', outcome: 'rejected', retryable: false } as const;
    const failure = new Failure({ ...init, details: hidden('key', { phase: 'request' }) });
    const error = failure.toError({ ...context, details: hidden('value', { earlier: [] }) });
    expect([error.details['key'], error.details['value']]).toEqual(['hunter2', 'hunter2']);
    expect(error.details).toMatchObject({ phase: 'request', earlier: [] });
    expect(JSON.stringify(error) + inspect(error, { depth: Infinity })).not.toContain('hunter2');
    expect(failure.toError(context).details['key']).toBe('hunter2');
    expect(new Failure(init).toError({ ...context, details: { a: 1 } }).details).toEqual({ a: 1 });
  });

  it('makes an error whose stack names the method that threw it', () => {
    async function get(): Promise<never> {
      const failure = await Promise.resolve(
        new Failure({ kind: 'timeout', message: 'm', outcome: 'unknown', retryable: true }),
      );
      throw failure.toError(context);
    }
    return expect(get()).rejects.toSatisfy((error: Error) => error.stack?.includes('at get') === true);
  });
});
