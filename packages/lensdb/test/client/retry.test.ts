import { describe, expect, it } from 'vitest';
import type { LensDBClient, LensDBOptions } from '../../src/index.ts';
import { LensMessageType as T, LensResponseStatus as S } from '../../src/protocol/lens/codes.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';
import { Lab } from '../lab.ts';
import { lens, lensStore } from '../servers.ts';

type Fault = 'close' | 'silent' | 'split' | 'full' | 'garbage' | 'server-error';

/** A `lens` server that fails the first `failures` requests of the type. */
function failing(
  lab: Lab,
  fault: Fault,
  failures: number,
  types: readonly number[] = [T.GET, T.SET, T.DELETE, T.CLEAR],
): void {
  const answer = lensStore();
  let left = failures;
  lab.serve(
    lens((request, peer) => {
      if (!types.includes(request.type) || left === 0) return answer(request);
      left -= 1;
      if (fault === 'close') peer.end();
      if (fault === 'split') return lensResponse(S.INVALID_MESSAGE, '', 'not enough bytes');
      if (fault === 'full') return lensResponse(S.STORAGE_FULL, '', 'Storage full');
      if (fault === 'garbage') peer.send(lensResponse(0, 'x').fill(0x58, 0, 4));
      if (fault === 'server-error') return lensResponse(S.INTERNAL_ERROR, '', 'disk');
      return undefined;
    }),
  );
}

async function clientOf(lab: Lab, options: LensDBOptions = {}): Promise<LensDBClient> {
  const client = lab.client({ dialect: 'lens', ...options });
  await lab.run(client.connect());
  return client;
}

describe('the documented schedule', () => {
  it('makes four tries, each on a fresh connection, with pauses of 1, 2 and 4 s and up to 1 s more', async () => {
    const lab = new Lab();
    const tries: { at: number; connection: number }[] = [];
    lab.serve(
      lens(({ type }, peer) => {
        if (type === T.PING) return lensResponse(0, 'pong');
        tries.push({ at: lab.now, connection: peer.number });
        peer.end();
        return undefined;
      }),
    );
    const client = await clientOf(lab, { maxConnections: 3 });
    await lab.run(Promise.all([client.ping(), client.ping(), client.ping()]));
    expect(lab.peers.length).toBe(3);
    const error = await lab.failure(client.get('a'));
    // What the later ones met was a fresh connection that closed before its first answer.
    expect(error).toMatchObject({ code: 'REFUSED', attempts: 4, outcome: 'unknown', retryable: true });
    expect((error as { details: unknown }).details).toEqual({ earlier: ['CONNECTION_LOST', 'REFUSED', 'REFUSED'] });
    const connections = tries.map(({ connection }) => connection);
    expect(connections[0]).toBeLessThanOrEqual(3);
    expect(connections.slice(1)).toEqual([4, 5, 6]);
    const pauses = tries.slice(1).map(({ at }, i) => at - (tries[i]?.at ?? 0));
    for (const [i, pause] of pauses.entries()) {
      const least = 1000 * 2 ** i;
      // Ways of a millisecond, and a tick of ten.
      expect(pause).toBeGreaterThanOrEqual(least);
      expect(pause).toBeLessThan(least + 1000 + 20);
    }
  });

  it('adds a uniform part below retryJitterMs, and no more than the cap before it', async () => {
    const bounds = async (random: number, options: LensDBOptions): Promise<number[]> => {
      const lab = new Lab();
      const at: number[] = [];
      lab.serve(lens((_request, peer) => (at.push(lab.now), peer.end(), undefined)));
      const { runtime } = lab.options<LensDBOptions>({});
      const client = lab.client({
        dialect: 'lens',
        ...options,
        ...(runtime && { runtime: { ...runtime, random: { next: () => random } } }),
      });
      await lab.failure(client.get('a'));
      return at.slice(1).map((time, i) => Math.floor((time - (at[i] as number)) / 100) * 100);
    };
    expect(await bounds(0, {})).toEqual([1000, 2000, 4000]);
    expect(await bounds(0.5, {})).toEqual([1500, 2500, 4500]);
    expect(await bounds(0.9999, {})).toEqual([2000, 3000, 5000]);
    expect(await bounds(0, { retryBaseMs: 100, retryFactor: 3, maxRetries: 4 })).toEqual([100, 300, 900, 2700]);
    expect(await bounds(0.5, { retryCapMs: 1500, retryJitterMs: 200 })).toEqual([1100, 1600, 1600]);
  });
});

describe('what is repeated', () => {
  const calls: Record<string, (client: LensDBClient) => Promise<unknown>> = {
    get: (client) => client.get('a'),
    set: (client) => client.set('a', '1'),
    delete: (client) => client.delete('a'),
    clear: (client) => client.clear(),
  };

  it.each<[keyof typeof calls, Fault, LensDBOptions, number]>([
    // An answer that never came: reads and writes, but not CLEAR.
    ['get', 'close', {}, 2],
    ['set', 'close', {}, 2],
    ['delete', 'close', {}, 2],
    ['clear', 'close', {}, 1],
    ['get', 'close', { retryWrites: false }, 2],
    ['set', 'close', { retryWrites: false }, 1],
    ['delete', 'close', { retryWrites: false }, 1],
    ['get', 'silent', { attemptTimeoutMs: 100 }, 2],
    ['set', 'silent', { attemptTimeoutMs: 100 }, 2],
    ['clear', 'silent', { attemptTimeoutMs: 100 }, 1],
    // Nothing was done, says the server: everything.
    ['get', 'split', {}, 2],
    ['set', 'split', { retryWrites: false }, 2],
    ['clear', 'split', {}, 2],
    ['set', 'full', { retryWrites: false }, 2],
    // An answer that cannot be trusted: reads.
    ['get', 'garbage', {}, 2],
    ['set', 'garbage', {}, 1],
    ['clear', 'garbage', {}, 1],
    // An error of the server: nothing.
    ['get', 'server-error', {}, 1],
    ['set', 'server-error', {}, 1],
    ['get', 'close', { maxRetries: 0 }, 1],
  ])('%s after %s with %j: %i tries', async (name, fault, options, tries) => {
    const lab = new Lab();
    failing(lab, fault, 1);
    const client = await clientOf(lab, options);
    const call = (calls[name] as (client: LensDBClient) => Promise<unknown>)(client);
    if (tries === 1) expect(await lab.failure(call)).toMatchObject({ attempts: 1 });
    else await lab.run(call);
    const sent = lab.writes.filter(({ bytes: { 5: type } }) => type !== T.PING);
    expect(sent.length).toBe(tries);
    // Never on the same connection.
    expect(new Set(sent.map(({ connection }) => connection)).size).toBe(tries);
  });

  it('on any connection where the first try found too many in line', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = await clientOf(lab, { maxConnections: 1, maxWaiters: 1 });
    const values = await lab.run(Promise.all(['a', 'b', 'c'].map((key) => client.get(key))));
    expect(values).toEqual([null, null, null]);
    expect(lab.peers.length).toBe(1);
  });

  it('on a fresh connection also where the first try had to ask something before', async () => {
    const lab = new Lab();
    const answer = lensStore();
    const tries: number[] = [];
    lab.serve(
      lens((request, peer) => {
        if (request.type !== T.SETEX || request.key.length === 0) return answer(request);
        if (tries.push(peer.number) > 1) return answer(request);
        peer.end();
        return undefined;
      }),
    );
    const client = await clientOf(lab, { maxConnections: 3 });
    await lab.run(Promise.all([client.ping(), client.ping(), client.ping()]));
    await lab.run(client.setEx('a', '1', 60));
    // Connections 1 to 3 are the pool's, two of them idle; 4 asked whether the server has SETEX.
    expect(tries[0]).toBeLessThan(4);
    expect(tries[1]).toBe(5);
  });

  it('a call that never reached the server, CLEAR too', async () => {
    const lab = new Lab();
    lab.net.onDial = (_address, number) => (number === 1 ? 'refuse' : 'accept');
    lab.serve(lens());
    const client = lab.client({ retryWrites: false });
    await lab.run(client.clear());
    expect(lab.now).toBeGreaterThan(1000);
  });
});

describe('the end of repeating', () => {
  it('is the deadline of the call, which an error tells', async () => {
    const lab = new Lab();
    failing(lab, 'close', 10);
    const client = await clientOf(lab);
    const error = await lab.failure(client.get('a', { timeoutMs: 2500 }));
    expect(error).toMatchObject({ attempts: 2, details: { gaveUp: 'deadline' } });
    expect(lab.now).toBeLessThan(2500);
  });

  it('is an abort, also during a pause', async () => {
    const lab = new Lab();
    failing(lab, 'close', 10);
    const client = await clientOf(lab);
    const controller = new AbortController();
    const call = client.set('a', '1', { signal: controller.signal });
    await lab.advance(500);
    controller.abort();
    expect(await lab.failure(call)).toMatchObject({ code: 'ABORTED', outcome: 'unknown', attempts: 1 });
  });

  it('is the end of the client', async () => {
    const lab = new Lab();
    failing(lab, 'close', 10);
    const client = await clientOf(lab);
    const call = client.set('a', '1');
    await lab.advance(500);
    client.destroy(new Error('enough'));
    expect(await lab.failure(call)).toMatchObject({ code: 'CLOSED', outcome: 'unknown', cause: { message: 'enough' } });
  });

  it('comes with the outcome of the whole call: what may have been done stays unknown', async () => {
    const lab = new Lab();
    const listener = lab.serve(lens((_request, peer) => (peer.end(), listener.close(), undefined)));
    const client = lab.client({ dialect: 'lens' });
    const error = await lab.failure(client.set('a', '1'));
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', outcome: 'unknown', attempts: 4 });
  });
});

describe('timeouts', () => {
  it('attemptTimeoutMs ends a try, timeoutMs the call; neither extends the other', async () => {
    const lab = new Lab();
    failing(lab, 'silent', 10);
    const client = await clientOf(lab, { maxRetries: 0 });
    const start = lab.now;
    expect(await lab.failure(client.get('a', { attemptTimeoutMs: 100 }))).toMatchObject({ code: 'TIMEOUT' });
    expect(lab.now - start).toBeLessThanOrEqual(112);
    expect(await lab.failure(client.get('a', { attemptTimeoutMs: 500, timeoutMs: 50 }))).toMatchObject({
      code: 'TIMEOUT',
    });
    expect(lab.now - start).toBeLessThanOrEqual(112 + 62);
    expect(await lab.failure(client.get('a'))).toMatchObject({ code: 'TIMEOUT' });
    expect(lab.now - start).toBeGreaterThan(30_000);
  });

  it('waiting for the pool is no part of a try', async () => {
    const lab = new Lab();
    const answer = lensStore();
    lab.serve(
      lens((request, peer) => {
        lab.ports.clock.setTimer(() => peer.send(answer(request) as Uint8Array), 80);
        return undefined;
      }),
    );
    const client = lab.client({
      dialect: 'lens',
      maxConnections: 1,
      attemptTimeoutMs: 100,
      timeoutMs: 1000,
      maxRetries: 0,
    });
    await lab.run(Promise.all([client.get('a'), client.get('b'), client.get('c')]));
    expect(lab.now).toBeGreaterThan(240);
  });
});
