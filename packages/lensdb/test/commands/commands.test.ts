import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  CodecError,
  LensDBError,
  type LensDBClient,
  UnsafeIntegerError,
  UnsupportedError,
  type ValueCodec,
} from '../../src/index.ts';
import { ldbdRequest } from '../../src/protocol/ldbd/request.ts';
import { LensMessageType as T } from '../../src/protocol/lens/codes.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';
import { Lab } from '../lab.ts';
import { bytes, ldbd, lens, lensStore, text } from '../servers.ts';

function setup(store = new Map<string, Uint8Array>()): {
  lab: Lab;
  client: LensDBClient;
  store: Map<string, Uint8Array>;
} {
  const lab = new Lab();
  lab.serve(lens(lensStore(store)));
  return { lab, client: lab.client({ dialect: 'lens', maxRetries: 0 }), store };
}

describe('get and getText', () => {
  it('give bytes of the caller, text, or null', async () => {
    const { lab, client } = setup(
      new Map([
        ['a', bytes('\xff')],
        ['b', new Uint8Array(0)],
        ['c', bytes('\xef\xbb\xbfx')],
      ]),
    );
    expect(await lab.run(client.get('a'))).toEqual(Uint8Array.of(0xff));
    expect(await lab.run(client.get('b'))).toEqual(new Uint8Array(0));
    expect(await lab.run(client.getText('b'))).toBe('');
    expect(await lab.run(client.getText('none'))).toBe(null);
    // A byte order mark is data.
    expect(await lab.run(client.getText('c'))).toBe('\ufeffx');
    const error = await lab.failure(client.getText('a'));
    expect(error).toBeInstanceOf(LensDBError);
    expect(error).toMatchObject({
      code: 'INVALID_UTF8',
      message: 'a value is not valid UTF-8; read it as bytes with get()',
    });
  });

  it('survive the memory that they were received in', async () => {
    const { lab, client } = setup(
      new Map([
        ['a', bytes('first')],
        ['b', bytes('other')],
      ]),
    );
    const first = await lab.run(client.get('a'));
    await lab.run(client.get('b'));
    // The virtual network overwrites its buffer after each callback.
    expect(text(first)).toBe('first');
    expect(first?.byteLength).toBe(first?.buffer.byteLength);
  });
});

describe('keys', () => {
  it('of an empty store, of one key, with a line feed, and not UTF-8', async () => {
    const { lab, client, store } = setup();
    expect(await lab.run(client.keys())).toEqual([]);
    store.set('only', bytes(''));
    expect(await lab.run(client.keys())).toEqual(['only']);
    store.set('b\n', bytes(''));
    expect((await lab.run(client.keysBytes())).map(text)).toEqual(['only', 'b', '']);
    store.set('\xff', bytes(''));
    expect((await lab.run(client.keysBytes())).length).toBe(4);
    expect(await lab.failure(client.keys())).toMatchObject({ code: 'INVALID_UTF8', message: /keysBytes\(\)/ as never });
  });
});

describe('scan', () => {
  it('keeps what fits all that is given', async () => {
    const { lab, client } = setup(new Map(['user:1', 'user:2', 'order:1'].map((key) => [key, bytes('')])));
    expect(await lab.run(client.scan({ prefix: 'user:' }))).toEqual(['user:1', 'user:2']);
    expect(await lab.run(client.scan({ contains: ':1' }))).toEqual(['user:1', 'order:1']);
    expect(await lab.run(client.scan({ prefix: 'user', match: /1$/g }))).toEqual(['user:1']);
    const sticky = /user/y;
    expect(await lab.run(client.scan({ match: sticky }))).toEqual(['user:1', 'user:2']);
    expect(await lab.failure(client.scan({}))).toBeInstanceOf(ArgumentError);
    expect(await lab.failure(client.scan({ match: 'user' as never }))).toBeInstanceOf(ArgumentError);
    expect(await lab.failure(client.scan({ pattern: 'user' } as never))).toBeInstanceOf(ArgumentError);
  });
});

describe('time to live', () => {
  it('is sent in seconds, however it is said', async () => {
    const lab = new Lab();
    lab.serve(ldbd());
    const client = lab.client({ dialect: 'ldbd' });
    for (const ttl of [7, { ttl: 7 }, { ttlMs: 7000 }]) {
      await lab.run(client.setEx('a', 'v', ttl));
      expect(lab.writes.at(-1)?.bytes).toEqual(ldbdRequest(8, 'a', 'v', 7));
      await lab.run(client.setJson('a', 1, ttl));
      expect(lab.writes.at(-1)?.bytes).toEqual(ldbdRequest(8, 'a', '1', 7));
    }
    await lab.run(client.setObject('a', 1, { codec: { encode: () => bytes('v'), decode: Number }, ttlMs: 7000 }));
    expect(lab.writes.at(-1)?.bytes).toEqual(ldbdRequest(8, 'a', 'v', 7));
    await lab.run(client.setEx('a', 'v', 4_294_967_295));
    expect(lab.writes.at(-1)?.bytes).toEqual(ldbdRequest(8, 'a', 'v', 4_294_967_295));
    for (const write of [client.set('a', 'v'), client.setJson('a', 'v'), client.setJson('a', 'v', {})]) {
      await lab.run(write);
      expect(lab.writes.at(-1)?.bytes[5]).toBe(2);
    }
  });

  it.each<[unknown, RegExp]>([
    [0, /'ttl'.*got 0; 0 means 'already expired' to one LensDB server/],
    [-5, /from 1 to 4294967295, got -5/],
    [0.5, /whole number of seconds/],
    [2 ** 32, /from 1 to 4294967295/],
    [Number.NaN, /got NaN/],
    [{ ttl: 0 }, /0 means/],
    [{ ttlMs: 0 }, /0 means/],
    [{ ttlMs: 999 }, /'ttlMs' must be a multiple of 1000/],
    [{ ttlMs: -1000 }, /'ttlMs' must be a multiple of 1000, from 1000/],
    [{ ttl: 1, ttlMs: 1000 }, /exclude each other/],
    [{ ttl: '1' }, /'ttl' must be a number/],
    [{ tll: 1 }, /did you mean 'ttl'/],
    ['7', /options must be an object/],
  ])('%j is refused, and nothing is sent', async (ttl, message) => {
    const { lab, client } = setup();
    for (const call of [client.setEx('a', 'v', ttl as number), client.setJson('a', 'v', ttl as number)]) {
      const error = await lab.failure(call);
      expect(error).toBeInstanceOf(ArgumentError);
      expect((error as Error).message).toMatch(message);
    }
    expect(lab.writes).toEqual([]);
  });

  it('is what setEx is for', async () => {
    const { lab, client } = setup();
    for (const ttl of [{}, undefined]) {
      expect(await lab.failure(client.setEx('a', 'v', ttl as never))).toMatchObject({
        message: /set\(\) stores for good/ as never,
      });
    }
  });
});

describe('JSON', () => {
  it('is stored as text and rounds nothing', async () => {
    const { lab, client, store } = setup();
    await lab.run(client.setJson('a', { n: 1, s: 'é' }));
    expect(new TextDecoder().decode(store.get('a'))).toBe('{"n":1,"s":"é"}');
    expect(await lab.run(client.getJson('a'))).toEqual({ n: 1, s: 'é' });
    expect(await lab.run(client.getJson('none'))).toBe(null);
    store.set('big', bytes('[9007199254740993, 1]'));
    const error = await lab.failure(client.getJson('big'));
    expect(error).toBeInstanceOf(UnsafeIntegerError);
    expect(error).toBeInstanceOf(LensDBError);
    expect(error).toMatchObject({ value: 9007199254740993n, message: /integers: 'bigint'/ as never });
    expect(await lab.run(client.getJson('big', { integers: 'bigint' }))).toEqual([9007199254740993n, 1n]);
  });

  it('that is none, or cannot be, is an error of this client without the data', async () => {
    const { lab, client, store } = setup();
    store.set('a', bytes('{"secret": tru'));
    const error = await lab.failure(client.getJson('a'));
    expect(error).toBeInstanceOf(CodecError);
    expect(error).toBeInstanceOf(LensDBError);
    expect(String((error as Error).stack)).not.toContain('secret');
    for (const value of [undefined, () => 1, 1n, { toJSON: () => undefined }]) {
      const refusal = await lab.failure(client.setJson('a', value));
      expect(refusal).toBeInstanceOf(ArgumentError);
      expect(refusal).toBeInstanceOf(LensDBError);
      expect((refusal as Error).message).toMatch(/^setJson\(\): /);
    }
  });
});

describe('objects', () => {
  it('go through the codec that is given, be it asynchronous', async () => {
    const { lab, client, store } = setup();
    const codec: ValueCodec<Date> = {
      encode: async (date) => bytes(date.toISOString()),
      decode: (stored) => Promise.resolve(new Date(text(stored))),
    };
    await lab.run(client.setObject('a', new Date(0), { codec }));
    expect(text(store.get('a'))).toBe('1970-01-01T00:00:00.000Z');
    expect(await lab.run(client.getObject('a', { codec }))).toEqual(new Date(0));
    expect(await lab.run(client.getObject('none', { codec }))).toBe(null);
  });

  it('a codec that fails, or gives no bytes, is named', async () => {
    const { lab, client, store } = setup();
    store.set('a', bytes('x'));
    const cause = new Error('mine');
    const failing: ValueCodec = {
      name: 'mine',
      encode: () => {
        throw cause;
      },
      decode: () => {
        throw cause;
      },
    };
    const encoding = await lab.failure(client.setObject('b', 1, { codec: failing }));
    expect(encoding).toBeInstanceOf(ArgumentError);
    expect(encoding).toMatchObject({ message: /setObject\(\): the codec 'mine' cannot encode/ as never, cause });
    const decoding = await lab.failure(client.getObject('a', { codec: failing }));
    expect(decoding).toBeInstanceOf(CodecError);
    expect(decoding).toMatchObject({ message: /getObject\(\): the codec 'mine' cannot decode/ as never, cause });
    const wrong = { encode: () => 'text' as never, decode: () => 1 };
    expect(await lab.failure(client.setObject('b', 1, { codec: wrong }))).toMatchObject({
      message: /must give a Uint8Array; got string/ as never,
    });
    expect(await lab.failure(client.getObject('a', {} as never))).toMatchObject({ message: /give a 'codec'/ as never });
    expect(await lab.failure(client.getObject('a', { codec: {} } as never))).toBeInstanceOf(ArgumentError);
    expect(lab.writes.length).toBe(1);
  });
});

describe('serverStats', () => {
  it('are text in lens; ldbd has none, and is not asked', async () => {
    const { lab, client } = setup();
    expect(await lab.run(client.serverStats())).toBe('Statistics not implemented');
    const other = new Lab();
    other.serve(ldbd());
    const error = await other.failure(other.client({ dialect: 'ldbd' }).serverStats());
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({ outcome: 'not-sent', attempts: 1 });
    expect(other.client().info().capabilities).toEqual({ setEx: undefined, serverStats: undefined });
  });
});

describe('call options', () => {
  it('are checked in every command, by name', async () => {
    const { lab, client } = setup();
    const wrong = { timeout: 5 } as never;
    const calls: [string, Promise<unknown>][] = [
      ['get', client.get('a', wrong)],
      ['get', client.getText('a', wrong)],
      ['set', client.set('a', 'v', wrong)],
      ['setEx', client.setEx('a', 'v', wrong)],
      ['delete', client.delete('a', wrong)],
      ['exists', client.exists('a', wrong)],
      ['keys', client.keys(wrong)],
      ['keys', client.keysBytes(wrong)],
      ['scan', client.scan(wrong)],
      ['size', client.size(wrong)],
      ['clear', client.clear(wrong)],
      ['ping', client.ping(wrong)],
      ['ping', client.pingReply(wrong)],
      ['serverStats', client.serverStats(wrong)],
      ['getJson', client.getJson('a', wrong)],
      ['setJson', client.setJson('a', 1, wrong)],
      ['getObject', client.getObject('a', wrong)],
      ['setObject', client.setObject('a', 1, wrong)],
      ['mget', client.mget(['a'], wrong)],
      ['mset', client.mset([['a', 'v']], wrong)],
      ['mdelete', client.mdelete(['a'], wrong)],
    ];
    for (const [method, call] of calls) {
      const error = await lab.failure(call);
      expect(error).toBeInstanceOf(ArgumentError);
      expect((error as Error).message).toMatch(
        new RegExp(`^${method}\\(\\): unknown option 'timeout'; did you mean '`),
      );
    }
    expect(lab.writes).toEqual([]);
  });

  it('reach every command that a method is made of', async () => {
    const lab = new Lab();
    lab.serve(lens(({ type }) => (type === T.PING ? lensResponse(0, 'pong') : undefined)));
    const client = lab.client({ dialect: 'lens', maxRetries: 0 });
    await lab.run(client.connect());
    const options = { timeoutMs: 100 };
    const codec: ValueCodec = { encode: () => bytes('v'), decode: Number };
    for (const call of [
      client.get('a', options),
      client.getText('a', options),
      client.set('a', 'v', options),
      client.keys(options),
      client.scan({ prefix: 'a', ...options }),
      client.getJson('a', options),
      client.setJson('a', 1, options),
      client.getObject('a', { codec, ...options }),
      client.setObject('a', 1, { codec, ...options }),
      client.serverStats(options),
      client.clear(options),
    ]) {
      expect(await lab.failure(call)).toMatchObject({ code: 'TIMEOUT' });
    }
    expect(lab.now).toBeLessThan(200);
  });
});
