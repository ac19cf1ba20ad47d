import { describe, expect, it } from 'vitest';
import { CredentialSource, Failure } from '../src/index.ts';
import type { CredentialsOption, CredentialSourceOptions, ExpiringCredentials } from '../src/index.ts';
import { createFakePorts, type FakeClock } from '../src/testing/index.ts';

interface Login {
  readonly user: string;
  readonly secret: string;
}

const root: Login = { user: 'root', secret: 'hunter2' };
const numbered = (number: number): Login => ({ user: `user ${number}`, secret: 'hunter2' });

interface Fetches {
  readonly source: CredentialSource<Login>;
  readonly clock: FakeClock;
  /** How often the function ran. */
  count(): number;
}

/** A function that numbers what it brings; `bring` may do otherwise. */
function fetching(
  bring: (number: number) => unknown = numbered,
  options: Omit<CredentialSourceOptions, 'clock'> = {},
): Fetches {
  const { clock } = createFakePorts();
  let count = 0;
  const fetch = async (): Promise<Login> => (await bring((count += 1))) as Login;
  return { source: new CredentialSource<Login>(fetch, { clock, ...options }), clock, count: () => count };
}

const expiring = (number: number, expiresInMs = 100_000): ExpiringCredentials<Login> => ({
  credentials: numbered(number),
  expiresInMs,
});

const refusal = new Failure({
  kind: 'authentication',
  code: 'WRONGPASS',
  message: 'refused',
  outcome: 'rejected',
  retryable: false,
});

describe('CredentialSource', () => {
  it('gives a value as it is, for good', async () => {
    const source = new CredentialSource<Login>(root, createFakePorts());
    expect(await source.get()).toBe(root);
    source.invalidate();
    expect(await source.get()).toBe(root);
    source.destroy();
    expect(await source.get()).toBe(root);
  });

  it('asks a function again each time where nothing says how long its answer is good', async () => {
    const { source, count } = fetching();
    expect(await source.get()).toEqual(numbered(1));
    expect(await source.get()).toEqual(numbered(2));
    expect(count()).toBe(2);
  });

  it('asks once for all who wait, and once more for who comes afterwards', async () => {
    let release: (login: Login) => void = () => {};
    const { source, count } = fetching(() => new Promise<Login>((resolve) => (release = resolve)));
    const gets = [source.get(), source.get(), source.get()];
    await null;
    release(root);
    expect(await Promise.all(gets)).toEqual([root, root, root]);
    expect(count()).toBe(1);
    void source.get();
    expect(count()).toBe(2);
    source.destroy();
  });

  it('remembers for as long as they are good, and no longer', async () => {
    const { source, clock, count } = fetching(expiring, { refreshEarlyMs: 0 });
    await source.get();
    clock.jump(99_999);
    expect(await source.get()).toEqual(numbered(1));
    expect(count()).toBe(1);
    clock.jump(1);
    expect(await source.get()).toEqual(numbered(2));
    expect(clock.pendingTimers).toBe(1);
  });

  it('fetches early, in the background, what was used, and lets what nobody used grow old', async () => {
    const { source, clock, count } = fetching(expiring, { refreshEarlyMs: 30_000 });
    await source.get();
    await source.get();
    await clock.advance(69_999);
    expect(count()).toBe(1);
    await clock.advance(1);
    expect(count()).toBe(2);
    expect(await source.get()).toEqual(numbered(2));
    await clock.advance(70_000);
    expect(count()).toBe(3);
    await clock.advance(1_000_000);
    expect(count()).toBe(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('fetches 60 s before the end where nothing else is said', async () => {
    const { source, clock, count } = fetching((number) => expiring(number, 1_000_000));
    await source.get();
    await source.get();
    await clock.advance(939_999);
    expect(count()).toBe(1);
    await clock.advance(1);
    expect(count()).toBe(2);
  });

  it('uses a short life for half of it, whatever the margin', async () => {
    const { source, clock, count } = fetching((number) => expiring(number, 1000), { refreshEarlyMs: Infinity });
    await source.get();
    await source.get();
    await clock.advance(499);
    expect(count()).toBe(1);
    await clock.advance(1);
    expect(count()).toBe(2);
  });

  it('fetches for the next one when somebody asks shortly before the end', async () => {
    const { source, clock, count } = fetching(expiring, { refreshEarlyMs: 30_000 });
    await source.get();
    // Nobody used them until now.
    await clock.advance(80_000);
    expect(count()).toBe(1);
    expect(await source.get()).toEqual(numbered(1));
    expect(count()).toBe(2);
    await clock.advance(0);
    expect(await source.get()).toEqual(numbered(2));
  });

  it('keeps what is good when a fetch in the background fails, and asks again', async () => {
    const { source, clock, count } = fetching(
      (number) => (number === 2 ? Promise.reject(new Error('not today')) : expiring(number)),
      { refreshEarlyMs: 30_000 },
    );
    await source.get();
    await source.get();
    await clock.advance(75_000);
    expect(count()).toBe(2);
    expect(await source.get()).toEqual(numbered(1));
    await clock.advance(0);
    expect(await source.get()).toEqual(numbered(3));
  });

  it('keeps no process alive', async () => {
    const { source, clock } = fetching(expiring);
    await source.get();
    expect([clock.pendingTimers, clock.refedTimers]).toEqual([1, 0]);
    void source.get();
    source.invalidate();
    void source.get();
    expect(clock.refedTimers).toBe(0);
    source.destroy();
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not remember what is past its time already', async () => {
    const { source, clock, count } = fetching((number) => expiring(number, number === 1 ? 0 : -1));
    expect(await source.get()).toEqual(numbered(1));
    expect(await source.get()).toEqual(numbered(2));
    expect(clock.pendingTimers).toBe(0);
    expect(count()).toBe(2);
  });

  it('takes credentials that never expire', async () => {
    const { source, clock, count } = fetching((number) => expiring(number, Infinity));
    await source.get();
    await clock.advance(2 ** 40);
    expect(await source.get()).toEqual(numbered(1));
    expect(count()).toBe(1);
    source.destroy();
  });
});

describe('a credentials function', () => {
  it.each<[string, (number: number) => unknown]>([
    ['rejects', () => Promise.reject(new Error('vault is sealed'))],
    [
      'throws at once',
      () => {
        throw new Error('vault is sealed');
      },
    ],
  ])('that %s is a failure that may be tried again', async (_, fail) => {
    const { source } = fetching((number) => (number === 1 ? fail(number) : root));
    const failure = await source.get();
    expect(failure).toMatchObject({
      kind: 'authentication',
      code: 'CREDENTIALS_UNAVAILABLE',
      outcome: 'not-sent',
      retryable: true,
      cause: { message: 'vault is sealed' },
    });
    expect(await source.get()).toBe(root);
  });

  it('that is not async and throws is one, too', async () => {
    const fetch = ((): never => {
      throw new Error('vault is sealed');
    }) as CredentialsOption<Login>;
    const { clock } = createFakePorts();
    const source = new CredentialSource<Login>(fetch, { clock });
    expect(await source.get()).toMatchObject({ code: 'CREDENTIALS_UNAVAILABLE' });
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a text', 'hunter2', 'string'],
    ['a text that expires', { credentials: 'hunter2', expiresInMs: 1000 }, 'string'],
    ['credentials that expire at some time', { credentials: root, expiresInMs: NaN }, 'expiresInMs'],
    ['credentials that expire at a text', { credentials: root, expiresInMs: '3600' }, 'expiresInMs'],
  ])('that brings %s has failed, and its secret is not told', async (_, brought, told) => {
    const { source, clock } = fetching(() => brought);
    const failure = (await source.get()) as Failure;
    expect(failure).toMatchObject({ code: 'CREDENTIALS_UNAVAILABLE' });
    expect((failure.cause as Error).message).toContain(told);
    expect((failure.cause as Error).message).not.toContain('hunter2');
    expect(clock.pendingTimers).toBe(0);
  });

  it('that never returns is given up, and called anew', async () => {
    const { source, clock, count } = fetching((number) => (number === 1 ? new Promise(() => {}) : root), {
      fetchTimeoutMs: 500,
    });
    const gets = [source.get(), source.get()];
    await clock.advance(499);
    expect(count()).toBe(1);
    await clock.advance(1);
    const cause = { message: 'the credentials function brought nothing for 500 ms' };
    expect(await Promise.all(gets)).toMatchObject([{ code: 'CREDENTIALS_UNAVAILABLE', cause }, { cause }]);
    expect(await source.get()).toBe(root);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has 30 s where nothing else is said', async () => {
    const { source, clock } = fetching(() => new Promise(() => {}));
    let failure: unknown;
    void source.get().then((result) => (failure = result));
    await clock.advance(29_999);
    expect(failure).toBe(undefined);
    await clock.advance(1);
    expect(failure).toBeInstanceOf(Failure);
  });

  it('that returns after it was given up changes nothing', async () => {
    const releases: ((login: ExpiringCredentials<Login>) => void)[] = [];
    const { source, clock } = fetching(() => new Promise((resolve) => releases.push(resolve)), { fetchTimeoutMs: 500 });
    const late = source.get();
    await clock.advance(500);
    await late;
    const next = source.get();
    await clock.advance(0);
    releases[0]?.(expiring(1));
    await clock.advance(499);
    releases[1]?.(expiring(2));
    expect(await next).toEqual(numbered(2));
    expect(await source.get()).toEqual(numbered(2));
    source.destroy();
  });

  it('that returns after it was given up does not take the next call for its own', async () => {
    const releases: ((login: Login) => void)[] = [];
    const { source, clock } = fetching(() => new Promise((resolve) => releases.push(resolve)), { fetchTimeoutMs: 500 });
    void source.get();
    await clock.advance(500);
    const next = source.get();
    await clock.advance(0);
    releases[0]?.(root);
    await clock.advance(0);
    source.destroy();
    expect(await next).toMatchObject({ kind: 'closed' });
  });

  it('is not called after the end, and whom it keeps waiting is told', async () => {
    const { source, clock, count } = fetching(() => new Promise(() => {}));
    const waiting = source.get();
    await null;
    const failure = new Failure({ kind: 'closed', message: 'over', outcome: 'not-sent', retryable: false });
    source.destroy(failure);
    expect(await waiting).toBe(failure);
    expect(await source.get()).toBe(failure);
    expect([count(), clock.pendingTimers]).toEqual([1, 0]);
  });

  it('that returns at the end, or later, leaves nothing behind', async () => {
    for (let steps = 0; steps < 10; steps += 1) {
      let release: (login: unknown) => void = () => {};
      const { source, clock } = fetching(() => new Promise((resolve) => (release = resolve)));
      void source.get();
      await clock.advance(0);
      if (steps > 0) release(expiring(1));
      for (let i = 1; i < steps; i += 1) await null;
      source.destroy();
      release(expiring(1));
      await clock.advance(0);
      expect(clock.pendingTimers).toBe(0);
      expect(await source.get()).toMatchObject({ kind: 'closed' });
    }
  });
});

describe('credentials that the server refuses', () => {
  it('are fetched anew by who comes next, and no timer is left of them', async () => {
    const { source, clock } = fetching(expiring);
    await source.get();
    source.invalidate();
    expect(clock.pendingTimers).toBe(0);
    expect(await source.get()).toEqual(numbered(2));
  });

  it('do not take newer ones with them', async () => {
    const { source } = fetching(expiring);
    const old = (await source.get()) as Login;
    source.invalidate(old);
    const fresh = (await source.get()) as Login;
    source.invalidate(old);
    expect(await source.get()).toBe(fresh);
    source.invalidate(fresh);
    expect(await source.get()).toEqual(numbered(3));
  });

  it('are tried once more on another connection when they came from memory, and not a third time', async () => {
    const { source, count } = fetching(expiring);
    const presented: string[] = [];
    let accepts = true;
    const login = async ({ user }: Login): Promise<Failure | undefined> => {
      presented.push(user);
      return accepts ? undefined : refusal;
    };
    expect(await source.use(login)).toBe(undefined);
    accepts = false;
    expect(await source.use(login)).toMatchObject({ code: 'WRONGPASS', outcome: 'rejected', retryable: true });
    expect(await source.use(login)).toMatchObject({ code: 'WRONGPASS', retryable: false });
    expect(await source.use(login)).toMatchObject({ code: 'WRONGPASS', retryable: false });
    expect(presented).toEqual(['user 1', 'user 1', 'user 2', 'user 3']);
    expect(count()).toBe(3);
  });

  it('are final where they are a value', async () => {
    const source = new CredentialSource<Login>(root, createFakePorts());
    expect(await source.use(async () => refusal)).toBe(refusal);
  });

  it('are told from what else goes wrong in a login', async () => {
    const { source, count } = fetching(expiring);
    const lost = new Failure({ kind: 'connection', message: 'lost', outcome: 'unknown', retryable: true });
    await source.get();
    expect(await source.use(async () => lost)).toBe(lost);
    await source.get();
    expect(count()).toBe(1);
    const { source: empty } = fetching(() => Promise.reject(new Error('no')));
    expect(await empty.use(async () => undefined)).toMatchObject({ code: 'CREDENTIALS_UNAVAILABLE' });
  });
});

describe('the options of CredentialSource', () => {
  it.each([
    ['refreshEarlyMs', -1],
    ['refreshEarlyMs', NaN],
    ['fetchTimeoutMs', 0],
    ['fetchTimeoutMs', '30'],
  ])('refuse %s: %s', (name, value) => {
    expect(() => fetching(numbered, { [name]: value })).toThrow(`CredentialSource: '${name}' must be`);
  });

  it.each([undefined, null, 'hunter2', 5])('refuse credentials that are no object: %s', (option) => {
    const create = (): unknown => new CredentialSource(option as unknown as Login, createFakePorts());
    expect(create).toThrow("CredentialSource: 'credentials' must be an object, or a function that brings one; got");
    expect(create).not.toThrow('hunter2');
  });
});
