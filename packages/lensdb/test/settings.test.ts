import { describe, expect, it } from 'vitest';
import { ArgumentError, ConnectionPool, LensDBClient, type LensDBOptions } from '../src/index.ts';
import { readClientOptions, readPoolOptions } from '../src/settings.ts';

function refusal(options: unknown): string {
  try {
    void new LensDBClient(options as LensDBOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ system: 'lensdb' });
    return (error as Error).message;
  }
  throw new Error('the options were accepted');
}

describe('defaults', () => {
  it('are the documented ones', () => {
    const { policy, runtime, ...settings } = readClientOptions({});
    expect(settings).toEqual({
      targets: [{ host: '127.0.0.1', port: 8080 }],
      dialect: 'auto',
      maxConnections: 10,
      minConnections: 0,
      maxIdleMs: 60_000,
      maxLifetimeMs: Infinity,
      maxWaiters: 1000,
      connectTimeoutMs: 10_000,
      probeTimeoutMs: 2000,
      attemptTimeoutMs: 30_000,
      timeoutMs: 130_000,
      lens: { maxRequestBytes: 4096, injectionGuard: true, allowNewlineInKeys: false },
      ldbd: { maxKeyBytes: 1024, maxValueBytes: 1_048_576, allowNewlineInKeys: false },
      maxFrameBytes: 67_108_864,
      ldbdReads: 'fence',
      retryWrites: true,
    });
    expect(policy.maxAttempts).toBe(4);
    expect([1, 2, 3, 9].map((attempt) => policy.backoff(attempt, { next: () => 0 }))).toEqual([
      1000, 2000, 4000, 30_000,
    ]);
    expect(runtime.net).toBeDefined();
  });

  it('of the deadline leave room for every try and the longest pauses', () => {
    expect(readClientOptions({ maxRetries: 1, attemptTimeoutMs: 5000 }).timeoutMs).toBe(2 * 5000 + 2000);
    expect(readClientOptions({ maxRetries: 1, attemptTimeoutMs: 5000, timeoutMs: 1 }).timeoutMs).toBe(1);
    expect(readClientOptions({ retryBaseMs: 0, retryFactor: 1e200 }).timeoutMs).toBe(4 * 30_000 + 3 * 1000);
    expect(readClientOptions({ attemptTimeoutMs: Infinity }).timeoutMs).toBe(Infinity);
  });

  it('of a pool repeat nothing', () => {
    expect(readPoolOptions({})).toMatchObject({ timeoutMs: 30_000, policy: { maxAttempts: 1 } });
  });
});

describe('what is refused', () => {
  const rows: [string, unknown, RegExp][] = [
    [
      'an unknown option',
      { maxConnection: 5 },
      /LensDBClient: unknown option 'maxConnection'; did you mean 'maxConnections'\?/,
    ],
    ['a number as options', 5, /options must be an object/],
    ['port', { port: 0 }, /'port'/],
    ['host with a port', { host: 'a:1' }, /'host' holds a port/],
    ['two places', { host: 'a', path: '/s' }, /exclude each other/],
    ['addresses', { addresses: [] }, /'addresses'/],
    ['socket', { socket: 5 }, /'socket'/],
    ['dialect', { dialect: 'LENS' }, /'dialect' must be one of 'auto', 'lens', 'ldbd'/],
    ['maxConnections', { maxConnections: 0 }, /'maxConnections'/],
    ['minConnections', { minConnections: -1 }, /'minConnections'/],
    ['more minConnections than maxConnections', { minConnections: 3, maxConnections: 2 }, /must not be greater/],
    ['maxIdleMs', { maxIdleMs: 0 }, /'maxIdleMs'/],
    ['maxLifetimeMs', { maxLifetimeMs: 0 }, /'maxLifetimeMs'/],
    ['maxWaiters', { maxWaiters: 0 }, /'maxWaiters' must be an integer of at least 1/],
    ['connectTimeoutMs', { connectTimeoutMs: Infinity }, /'connectTimeoutMs'/],
    ['probeTimeoutMs', { probeTimeoutMs: -1 }, /'probeTimeoutMs'/],
    ['attemptTimeoutMs', { attemptTimeoutMs: 0 }, /'attemptTimeoutMs'/],
    ['timeoutMs', { timeoutMs: 0 }, /'timeoutMs'/],
    ['maxRequestBytes', { maxRequestBytes: 0 }, /'maxRequestBytes'/],
    ['maxFrameBytes', { maxFrameBytes: '1' }, /'maxFrameBytes'/],
    ['injectionGuard', { injectionGuard: 1 }, /'injectionGuard'/],
    ['allowNewlineInKeys', { allowNewlineInKeys: 'yes' }, /'allowNewlineInKeys'/],
    ['maxKeyBytes', { maxKeyBytes: 65_536 }, /'maxKeyBytes'.*16 bits/],
    ['maxValueBytes', { maxValueBytes: 2 ** 32 }, /'maxValueBytes'.*32 bits/],
    ['ldbdReads', { ldbdReads: 'settle' }, /'ldbdReads'/],
    ['maxRetries', { maxRetries: -1 }, /'maxRetries'/],
    ['maxRetries', { maxRetries: Number.MAX_SAFE_INTEGER }, /'maxRetries'/],
    ['retryBaseMs', { retryBaseMs: -1 }, /'retryBaseMs'/],
    ['retryFactor', { retryFactor: 0.5 }, /'retryFactor'/],
    ['retryJitterMs', { retryJitterMs: -1 }, /'retryJitterMs'/],
    ['retryCapMs', { retryCapMs: Number.NaN }, /'retryCapMs'/],
    ['retryWrites', { retryWrites: null }, /'retryWrites'/],
    ['runtime', { runtime: { clock: {} } }, /'runtime' must be an object with clock, random, turns and net/],
  ];

  it.each(rows)('%s', (_name, options, message) => {
    expect(refusal(options)).toMatch(message);
  });

  it('the options of retries by a pool', () => {
    expect(() => new ConnectionPool({ maxRetries: 1 } as never)).toThrow(/ConnectionPool: unknown option 'maxRetries'/);
  });
});

describe('URLs', () => {
  it('say what options say', () => {
    expect(
      readClientOptions('lensdb://a,b:9?dialect=ldbd&maxConnections=3&retryWrites=false&timeoutMs=Infinity'),
    ).toMatchObject({
      targets: [
        { host: 'a', port: 8080 },
        { host: 'b', port: 9 },
      ],
      dialect: 'ldbd',
      maxConnections: 3,
      retryWrites: false,
      timeoutMs: Infinity,
    });
    expect(readClientOptions('lensdb+unix:///run/lensdb.sock?maxIdleMs=5').targets).toEqual([
      { path: '/run/lensdb.sock' },
    ]);
    expect(readPoolOptions('lensdb://a').targets).toEqual([{ host: 'a', port: 8080 }]);
  });

  it.each([
    ['lens://a', /unknown scheme 'lens'; did you mean 'lensdb'\?/],
    ['lensdb://user:pass@a', /credentials are not accepted/],
    ['lensdb://a?maxConnection=1', /unknown parameter 'maxConnection'; did you mean 'maxConnections'\?/],
    ['lensdb://a?runtime=1', /unknown parameter/],
    ['lensdb://a?maxConnections=0', /'maxConnections' must be/],
    ['lensdb://a/db', /a path after the address/],
  ])('%s is refused', (url, message) => {
    expect(refusal(url)).toMatch(message);
  });
});
