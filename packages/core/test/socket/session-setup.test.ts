import { describe, expect, it } from 'vitest';
import { CredentialSource, Failure, type FailureKind } from '../../src/index.ts';
import { createLines, type LineOptions, type Lines, type LineWire } from '../support/lines.ts';

const refusal = (kind: FailureKind, retryable = false): Failure =>
  new Failure({ kind, code: 'NO', message: 'no', outcome: 'rejected', retryable });

function recorded(options: LineOptions): Lines & { readonly downs: string[]; readonly pauses: number[] } {
  const downs: string[] = [];
  const pauses: number[] = [];
  const lines = createLines({
    ...options,
    session: {
      onDown: (epoch, { code }) => void downs.push(`${epoch}: ${code}`),
      backoff: (number) => (pauses.push(number), 100),
      ...options.session,
    },
  });
  return Object.assign(lines, { downs, pauses });
}

describe('onUp', () => {
  it('runs before any call is let through, on each connection, with its number', async () => {
    const epochs: number[] = [];
    const lines = createLines({
      session: {
        onUp: async (wire, epoch) => {
          epochs.push(epoch);
          expect(await wire.call(`first ${epoch}`)).toBe(`re first ${epoch}`);
          await wire.call(`second ${epoch}`);
          return undefined;
        },
      },
    });
    const call = lines.submit('a');
    await lines.run();
    expect(await call).toBe('re a');
    lines.session.start();
    lines.net.links[0]?.reset('client');
    await lines.run(1);
    const next = lines.submit('b');
    await lines.run(200);
    expect(await next).toBe('re b');
    expect(lines.received.map(({ line }) => line)).toEqual(['first 1', 'second 1', 'a', 'first 2', 'second 2', 'b']);
    expect(epochs).toEqual([1, 2]);
  });

  it('that brings a failure ends the connection with it; calls wait for the next one', async () => {
    const lines = recorded({
      session: { onUp: async (_, epoch) => (epoch < 3 ? refusal('server', true) : undefined) },
    });
    const call = lines.submit('a');
    await lines.run();
    expect(lines.session.state).toMatchObject({ is: 'down', cause: { code: 'NO' } });
    await lines.run(500);
    expect(await call).toBe('re a');
    expect(lines.downs).toEqual(['1: NO', '2: NO']);
    expect(lines.net.openSockets).toBe(1);
  });

  it('that fails each time backs off further, though the peer has spoken', async () => {
    const lines = recorded({
      session: {
        onUp: async (wire) => {
          await wire.call('first');
          return refusal('server', true);
        },
      },
    });
    lines.session.start();
    await lines.run(450);
    expect(lines.pauses).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('on purpose');
      },
    ],
    ['rejects', () => Promise.reject(new Error('on purpose'))],
  ])('that %s ends the connection; the process and the session go on', async (_, fail) => {
    const lines = recorded({
      session: { onUp: (_wire, epoch) => (epoch === 1 ? fail() : Promise.resolve(undefined)) },
    });
    const call = lines.submit('a');
    await lines.run();
    expect(lines.session.state).toMatchObject({
      is: 'down',
      cause: {
        kind: 'connection',
        code: 'SETUP_FAILED',
        retryable: true,
        endpoint: 'lines.test:1',
        cause: { message: 'on purpose' },
      },
    });
    await lines.run(200);
    expect(await call).toBe('re a');
    expect(lines.downs).toEqual(['1: SETUP_FAILED']);
  });

  it('that never returns is not waited for without end', async () => {
    const lines = recorded({
      session: {
        setUpTimeoutMs: 400,
        onUp: (_wire, epoch) => (epoch === 1 ? new Promise<undefined>(() => {}) : Promise.resolve(undefined)),
      },
    });
    const call = lines.submit('a', { timeoutMs: 2000 });
    await lines.run(399);
    expect([lines.session.state.is, lines.session.epoch]).toEqual(['connecting', 1]);
    await lines.run(3);
    expect(lines.session.state).toMatchObject({
      is: 'down',
      cause: { code: 'SETUP_FAILED', message: expect.stringContaining('400 ms (setUpTimeoutMs)') as string },
    });
    await lines.run(200);
    expect(await call).toBe('re a');
    expect(lines.ports.clock.refedTimers).toBe(0);
  });

  it('has 30 s where nothing else is said, which keep no process alive, and no timer when it is done', async () => {
    let finish: (failure: undefined) => void = () => {};
    const lines = recorded({ session: { onUp: () => new Promise((resolve) => (finish = resolve)) } });
    lines.session.start();
    await lines.run(29_990);
    expect([lines.session.state.is, lines.session.epoch]).toEqual(['connecting', 1]);
    expect([lines.ports.clock.pendingTimers, lines.ports.clock.refedTimers]).toEqual([1, 0]);
    finish(undefined);
    await lines.run(0);
    expect([lines.session.state.is, lines.ports.clock.pendingTimers]).toEqual(['up', 0]);
    const slow = recorded({ session: { onUp: () => new Promise(() => {}) } });
    slow.session.start();
    await slow.run(30_005);
    expect(slow.downs).toEqual(['1: SETUP_FAILED']);
  });

  it('that returns when its connection is gone, or too late, changes nothing', async () => {
    const finishes: ((failure: Failure | undefined) => void)[] = [];
    const lines = recorded({
      session: { setUpTimeoutMs: 400, onUp: () => new Promise((resolve) => finishes.push(resolve)) },
    });
    lines.session.start();
    await lines.run();
    lines.net.links[0]?.reset('client');
    await lines.run(20);
    expect(lines.ports.clock.pendingTimers).toBe(1);
    finishes[0]?.(undefined);
    await lines.run(200);
    expect([lines.session.state.is, lines.session.epoch]).toEqual(['connecting', 2]);
    finishes[0]?.(refusal('server'));
    await lines.run(400);
    finishes[1]?.(undefined);
    await lines.run(200);
    expect([lines.session.state.is, lines.session.epoch]).toEqual(['connecting', 3]);
    finishes[2]?.(undefined);
    await lines.run();
    expect([lines.session.state.is, lines.session.epoch]).toEqual(['up', 3]);
    expect(lines.downs).toEqual(['1: REFUSED', '2: SETUP_FAILED']);
  });

  it('is over when the connection is lost: what it sent ends, and nothing of it is left', async () => {
    const asked: unknown[] = [];
    const lines = recorded({
      session: {
        onUp: async (wire: LineWire) => {
          asked.push(await wire.call('first'));
          return undefined;
        },
      },
    });
    lines.answer = () => undefined;
    lines.session.start();
    await lines.run();
    lines.net.links[0]?.close('server');
    await lines.run(10);
    expect(asked).toMatchObject([{ kind: 'connection', outcome: 'unknown' }]);
    expect(lines.downs).toEqual(['1: REFUSED']);
  });
});

describe('a refused login', () => {
  it.each<FailureKind>(['authentication', 'permission', 'unsupported'])(
    'of kind %s ends those that wait, and the next call tries anew',
    async (kind) => {
      let accepts = false;
      const lines = recorded({ wire: { handshake: async () => (accepts ? undefined : refusal(kind)) } });
      lines.session.start();
      const calls = ['a', 'b'].map((line) => lines.submit(line, { timeoutMs: 10_000 }));
      await lines.run();
      expect(await Promise.all(calls)).toMatchObject([
        { kind, code: 'NO', outcome: 'not-sent', retryable: false, endpoint: 'lines.test:1' },
        { kind, code: 'NO', outcome: 'not-sent' },
      ]);
      expect(lines.session.state).toMatchObject({ is: 'idle', cause: { kind, outcome: 'not-sent' } });
      await lines.run(10_000);
      expect([lines.net.dials, lines.ports.clock.pendingTimers]).toEqual([1, 0]);
      expect(await Promise.all([lines.submit('c'), lines.run()])).toMatchObject([{ kind }, undefined]);
      accepts = true;
      expect(await Promise.all([lines.submit('d'), lines.run()])).toEqual(['re d', undefined]);
      expect(lines.net.dials).toBe(3);
    },
  );

  it('is told to whoever waits for pushes, once, and nothing is dialled for them before they ask again', async () => {
    let accepts = true;
    const gaveUp: string[] = [];
    const lines = recorded({
      wire: { handshake: async () => (accepts ? undefined : refusal('authentication')) },
      session: { onGaveUp: ({ code }) => gaveUp.push(code) },
    });
    lines.session.start();
    await lines.run();
    accepts = false;
    lines.net.links[0]?.reset('client');
    await lines.run(10_000);
    expect([gaveUp, lines.session.state.is, lines.net.dials]).toEqual([['NO'], 'idle', 2]);
    accepts = true;
    lines.session.start();
    await lines.run();
    lines.net.links.at(-1)?.reset('client');
    await lines.run(200);
    expect([gaveUp, lines.session.state.is, lines.session.epoch]).toEqual([['NO'], 'up', 4]);
  });

  it('does not end a call that is made when it is told of', async () => {
    let accepts = false;
    let second: Promise<unknown> | undefined;
    const gaveUp: string[] = [];
    const lines: Lines = recorded({
      wire: { handshake: async () => (accepts ? undefined : refusal('authentication')) },
      session: {
        onGaveUp: ({ code }) => gaveUp.push(code),
        onState: ({ is, ...state }) => {
          if (is !== 'idle' || !('cause' in state) || second) return;
          accepts = true;
          second = lines.submit('b');
        },
      },
    });
    lines.session.start();
    expect(await Promise.all([lines.submit('a'), lines.run()])).toMatchObject([{ kind: 'authentication' }, undefined]);
    // A connection is tried after all, and kept.
    expect([await second, gaveUp]).toEqual(['re b', []]);
    lines.net.links.at(-1)?.reset('client');
    await lines.run(200);
    expect([lines.session.state.is, lines.session.epoch]).toEqual(['up', 3]);
  });

  it('is not what a session has that nobody needs any more', async () => {
    const gaveUp: string[] = [];
    const lines = recorded({ session: { onGaveUp: ({ code }) => gaveUp.push(code) } });
    expect(await Promise.all([lines.submit('a'), lines.run()])).toEqual(['re a', undefined]);
    lines.net.links[0]?.reset('client');
    await lines.run();
    expect([lines.session.state.is, gaveUp]).toEqual(['idle', []]);
  });

  it('of onUp is one, too', async () => {
    const lines = recorded({ session: { onUp: async () => refusal('authentication') } });
    expect(await Promise.all([lines.submit('a'), lines.run()])).toMatchObject([{ code: 'NO' }, undefined]);
    expect(lines.session.state.is).toBe('idle');
    expect(lines.downs).toEqual(['1: NO']);
  });

  it.each([
    ['that is retryable', refusal('authentication', true)],
    ['of another kind', refusal('server')],
  ])('%s is tried again after a pause', async (_, failure) => {
    let tries = 0;
    const lines = recorded({ wire: { handshake: async () => ((tries += 1) < 3 ? failure : undefined) } });
    const call = lines.submit('a');
    await lines.run(300);
    expect(await call).toBe('re a');
    expect(tries).toBe(3);
  });

  it('of credentials that were remembered costs one more connection and no call; of new ones, the calls', async () => {
    const fetched: string[] = [];
    const presented: string[] = [];
    const ports = createLines().ports;
    const source = new CredentialSource(
      async () => {
        fetched.push(`token ${fetched.length + 1}`);
        return { credentials: { token: fetched.at(-1) as string }, expiresInMs: 1_000_000 };
      },
      { clock: ports.clock },
    );
    let good = 'token 1';
    const handshake = (): Promise<Failure | undefined> =>
      source.use(async ({ token }) => {
        presented.push(token);
        return token === good ? undefined : refusal('authentication');
      });
    const lines = recorded({ wire: { handshake } });
    expect(await Promise.all([lines.submit('a'), lines.run()])).toEqual(['re a', undefined]);
    // The server forgets its tokens, and the connection is lost.
    good = 'token 2';
    lines.net.links[0]?.reset('client');
    await lines.run(1);
    expect(await Promise.all([lines.submit('b'), lines.run(300)])).toEqual(['re b', undefined]);
    expect(presented).toEqual(['token 1', 'token 1', 'token 2']);
    good = 'none';
    lines.net.links.at(-1)?.reset('client');
    await lines.run(1);
    expect(await Promise.all([lines.submit('c'), lines.run(300)])).toMatchObject([
      { kind: 'authentication' },
      undefined,
    ]);
    expect(presented.slice(3)).toEqual(['token 2', 'token 3']);
    await lines.run(10_000);
    expect(presented.length).toBe(5);
    source.destroy();
  });
});

describe('a session and a clock that jumps', () => {
  it('redials at once, and takes no healthy connection for dead', async () => {
    const lines = recorded({
      session: { liveness: { idleMs: 1000, timeoutMs: 500, ping: (wire) => void wire.call('ping') } },
    });
    lines.session.start();
    await lines.run(700);
    // Asleep before a ping was due, and while one is under way.
    lines.ports.clock.jump(3_600_000);
    await lines.run(1);
    lines.ports.clock.jump(3_600_000);
    await lines.run(5000);
    expect([lines.session.state.is, lines.session.epoch]).toEqual(['up', 1]);
    lines.net.links[0]?.reset('client');
    await lines.run(1);
    lines.ports.clock.jump(3_600_000);
    await lines.run(5);
    expect([lines.session.state.is, lines.session.epoch]).toEqual(['up', 2]);
  });
});
