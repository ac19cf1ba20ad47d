import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { createMockClient, mockCalls, resetMock, UnscriptedCallError } from '../../src/testing/mock-client.ts';

/** What clients look like: private state, namespaces, sync and async methods, generics, overloads, disposal. */
class Values {
  readonly #prefix = 'v:';

  get(key: string, options?: { timeoutMs?: number }): Promise<string | null> {
    return Promise.resolve(this.#prefix + key + String(options?.timeoutMs));
  }

  decode<V>(key: string): Promise<V | null> {
    return Promise.resolve(key as V);
  }
}

class Client {
  readonly #secret = 1;
  readonly kv: Values = new Values();
  readonly endpoint: string = 'real:1';

  ping(): Promise<number> {
    return Promise.resolve(this.#secret);
  }

  read(key: string): Promise<string>;
  read(key: string, as: 'bytes'): Promise<Uint8Array>;
  async read(key: string): Promise<string | Uint8Array> {
    return key;
  }

  stats(): { calls: number } {
    return { calls: 0 };
  }

  async *watch(_prefix: string): AsyncGenerator<string, void, undefined> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

const use = (client: Client): Promise<string | null> => client.kv.get('key');

describe('createMockClient', () => {
  it('takes the place of the client, answers as scripted, and records calls', async () => {
    const mock = createMockClient<Client>();
    mock.kv.get.resolves('value');
    expect(await use(mock)).toBe('value');
    expect(await mock.kv.get('other', { timeoutMs: 5 })).toBe('value');
    expect(mock.kv.get.calls).toEqual([['key'], ['other', { timeoutMs: 5 }]]);
    expect(mock.ping.calls).toEqual([]);
    expect(mockCalls(mock)).toEqual([
      { method: 'kv.get', args: ['key'] },
      { method: 'kv.get', args: ['other', { timeoutMs: 5 }] },
    ]);
  });

  it('rejects every call that was not scripted, by name', async () => {
    const mock = createMockClient<Client>();
    const error = await use(mock).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnscriptedCallError);
    expect(error).toMatchObject({ name: 'UnscriptedCallError', method: 'kv.get' });
    expect(String(error)).toContain('unscripted call of kv.get(): say first what it answers');
    expect(String(error)).not.toContain("'key'");
    expect(mock.kv.get.calls.length).toBe(1);
    await expect(mock.ping()).rejects.toThrow(/unscripted call of ping\(\)/);
  });

  it('uses up answers for one call before those for all', async () => {
    const mock = createMockClient<Client>();
    const broken = new Error('broken');
    mock.ping.resolves(9).resolvesOnce(1).rejectsOnce(broken).resolvesOnce(2);
    expect(await mock.ping()).toBe(1);
    await expect(mock.ping()).rejects.toBe(broken);
    expect([await mock.ping(), await mock.ping(), await mock.ping()]).toEqual([2, 9, 9]);
    mock.ping.rejects(broken);
    await expect(mock.ping()).rejects.toBe(broken);
  });

  it('passes calls on to an implementation', async () => {
    const mock = createMockClient<Client>();
    mock.kv.get.implements(async (key, options) => `${key} ${options?.timeoutMs}`);
    expect(await mock.kv.get('key', { timeoutMs: 7 })).toBe('key 7');
    mock.kv.get.implements(() => {
      throw new Error('at once');
    });
    expect(() => use(mock)).toThrow('at once');
  });

  it('answers without a promise where the method does', async () => {
    const mock = createMockClient<Client>();
    mock.stats.returns({ calls: 3 });
    expect(mock.stats()).toEqual({ calls: 3 });
    mock.watch.implements(async function* watch(prefix) {
      yield `${prefix}1`;
    });
    const seen: string[] = [];
    for await (const key of mock.watch('k')) seen.push(key);
    expect(seen).toEqual(['k1']);
  });

  it('forgets on reset: a method, a namespace, everything', async () => {
    const mock = createMockClient<Client>();
    mock.ping.resolves(1);
    mock.kv.get.resolves('value').resolvesOnce('once');
    await mock.ping();
    await use(mock);
    mock.kv.get.reset();
    expect(mock.kv.get.calls).toEqual([]);
    await expect(use(mock)).rejects.toThrow(/unscripted/);
    expect(await mock.ping()).toBe(1);
    resetMock(mock);
    expect([mock.ping.calls, mockCalls(mock)]).toEqual([[], []]);
    await expect(mock.ping()).rejects.toThrow(/unscripted/);
    for (const notMock of [{}, mock.kv]) {
      expect(() => resetMock(notMock)).toThrow(/not a mock/);
      expect(() => mockCalls(notMock)).toThrow(/not a mock/);
    }
  });

  it('has values of its own where they are given, or set', async () => {
    const mock = createMockClient<Client>({ endpoint: 'mock:1', ping: () => Promise.resolve(5) });
    expect([mock.endpoint, await mock.ping()]).toEqual(['mock:1', 5]);
    (mock as { endpoint: string }).endpoint = 'other:1';
    expect(mock.endpoint).toBe('other:1');
  });

  it('is no promise, no matcher, and can be printed', async () => {
    const mock = createMockClient<Client>();
    expect(await mock).toBe(mock);
    expect((mock as unknown as { then?: unknown }).then).toBeUndefined();
    expect((mock.kv.get as unknown as { then?: unknown }).then).toBeUndefined();
    expect(mock.kv).toBe(mock.kv);
    expect(mock).not.toEqual({});
    expect(JSON.stringify({ mock })).toBe('{}');
    expect(inspect(mock).length).toBeLessThan(200);
    expect(mockCalls(mock)).toEqual([]);
  });

  it('can be taken apart like the client', async () => {
    const mock = createMockClient<Client>();
    mock.ping.resolves(1);
    const { ping } = mock;
    const bound = mock.ping.bind(mock);
    expect([await ping(), await bound(), await mock.ping.call(mock), await mock.ping.apply(mock, [])]).toEqual([
      1, 1, 1, 1,
    ]);
    expect(mock.ping.name).toBe('ping');
    expect(mock.ping.calls.length).toBe(4);
  });

  it('is disposed of without a script', async () => {
    const mock = createMockClient<Client & Disposable>();
    for (let each = 0; each < 2; each += 1) {
      {
        await using client = mock;
        using again = mock;
        expect(client).toBe(again);
      }
      expect(mock[Symbol.asyncDispose].calls).toEqual([[]]);
      expect(mockCalls(mock).map(({ method }) => method)).toEqual(['[Symbol.dispose]', '[Symbol.asyncDispose]']);
      resetMock(mock);
    }
    mock[Symbol.asyncDispose].rejects(new Error('scripted'));
    await expect(mock[Symbol.asyncDispose]()).rejects.toThrow('scripted');
  });

  it('is typed as the client, at any depth', () => {
    const mock = createMockClient<Client>();
    expectTypeOf(mock).toExtend<Client>();
    expectTypeOf(mock.kv.get.resolves).parameter(0).toEqualTypeOf<string | null>();
    const got: readonly [string, ({ timeoutMs?: number } | undefined)?][] = [...mock.kv.get.calls];
    expect(got).toEqual([]);
    expectTypeOf(mock.ping.resolves).parameter(0).toEqualTypeOf<number>();
    expectTypeOf<typeof mock.ping.calls>().toEqualTypeOf<readonly [][]>();
    expectTypeOf(mock.stats.returns).parameter(0).toEqualTypeOf<{ calls: number }>();
    expectTypeOf(mock.kv.decode.resolves).parameter(0).toEqualTypeOf<unknown>();
    expectTypeOf(mock.kv.decode<number>).returns.toEqualTypeOf<Promise<number | null>>();
    // Overloads: whatever any of them takes or answers.
    expectTypeOf(mock.read.resolves).parameter(0).toEqualTypeOf<string | Uint8Array>();
    expectTypeOf<typeof mock.read.calls>().toEqualTypeOf<readonly ([string] | [string, 'bytes'])[]>();
    mock.read.implements(async (key: string, as?: 'bytes') => (as === 'bytes' ? new Uint8Array(1) : key));
    // @ts-expect-error a number is not what get answers
    mock.kv.get.resolves(5);
    // @ts-expect-error the client has no such method
    expect(mock.kv.missing).toBeTypeOf('function');
  });
});
