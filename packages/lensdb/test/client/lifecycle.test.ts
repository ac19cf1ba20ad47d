import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  ClosedError,
  LensDBClient,
  LensDBError,
  type StatusRecord,
  withClient,
} from '../../src/index.ts';
import { LensMessageType as T } from '../../src/protocol/lens/codes.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';
import { Lab, rejection } from '../lab.ts';
import { bytes, closesAtOnce, lens, lensStore, silent } from '../servers.ts';

/** A `lens` server that answers GET after so long, by the lab's clock. */
function slow(lab: Lab, ms: number): void {
  const answer = lensStore(new Map([['a', bytes('1')]]));
  lab.serve(
    lens((request, peer) => {
      if (request.type !== T.GET) return answer(request);
      lab.ports.clock.setTimer(() => peer.send(answer(request) as Uint8Array), ms);
      return undefined;
    }),
  );
}

function leftovers(lab: Lab): { sockets: number; timers: number } {
  return { sockets: lab.net.openSockets, timers: lab.ports.clock.pendingTimers };
}

const nothing = { sockets: 0, timers: 0 };

describe('connect', () => {
  it('is idempotent, and a client connects by itself', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client();
    expect(lab.net.dials).toBe(0);
    await lab.run(Promise.all([client.connect(), client.connect()]));
    await lab.run(client.connect());
    await lab.run(client.get('a'));
    expect(lab.net.dials).toBeLessThanOrEqual(2);
  });

  it('is not repeated, unlike calls, and ends by its deadline or signal', async () => {
    const lab = new Lab();
    lab.net.onDial = (_address, number) => (number === 1 ? 'refuse' : 'accept');
    lab.serve(lens());
    const client = lab.client();
    expect(await lab.failure(client.connect())).toMatchObject({ code: 'CONNECT_FAILED', attempts: 1, retryable: true });
    expect(lab.net.dials).toBe(1);
    await lab.run(client.connect());
    lab.net.onDial = () => 'black-hole';
    const start = lab.now;
    expect(await lab.failure(lab.client().connect({ timeoutMs: 100 }))).toMatchObject({
      code: 'TIMEOUT',
      outcome: 'not-sent',
    });
    expect(lab.now - start).toBeLessThan(115);
    expect(await lab.failure(lab.client().connect({ signal: AbortSignal.abort() }))).toMatchObject({ code: 'ABORTED' });
    expect(await lab.failure(lab.client().connect({ timeoutMs: -1 }))).toBeInstanceOf(ArgumentError);
  });

  it('LensDBClient.connect leaves nothing behind when it fails', async () => {
    const lab = new Lab();
    lab.serve(closesAtOnce);
    const error = await lab.failure(LensDBClient.connect(lab.options({ minConnections: 1 })));
    expect(error).toMatchObject({ code: 'REFUSED' });
    const { dials } = lab.net;
    await lab.advance(60_000);
    expect([leftovers(lab), lab.net.dials]).toEqual([nothing, dials]);
  });
});

describe('close', () => {
  it('lets running calls end, refuses new ones, and leaves nothing behind', async () => {
    const lab = new Lab();
    slow(lab, 1000);
    const client = lab.client({ maxConnections: 1 });
    const running = Promise.all([client.getText('a'), client.getText('a')]);
    await lab.advance(10);
    const closing = client.close();
    const error = await lab.failure(client.get('a'));
    expect(error).toBeInstanceOf(ClosedError);
    expect(error).toBeInstanceOf(LensDBError);
    expect(error).toMatchObject({ outcome: 'not-sent', retryable: false, attempts: 0 });
    expect(await lab.run(running)).toEqual(['1', '1']);
    await lab.run(closing);
    await lab.advance(20);
    expect(leftovers(lab)).toEqual(nothing);
  });

  it('refuses new calls also where a connection is idle', async () => {
    const lab = new Lab();
    slow(lab, 1000);
    const client = lab.client({ maxConnections: 2, dialect: 'lens' });
    await lab.run(Promise.all([client.exists('a'), client.exists('b')]));
    const running = client.getText('a');
    await lab.advance(10);
    const closing = client.close();
    expect(client.stats().pool.idle).toBe(1);
    expect(await lab.failure(client.exists('a'))).toBeInstanceOf(ClosedError);
    expect(await lab.run(running)).toBe('1');
    await lab.run(closing);
  });

  it('ends what has not ended by timeoutMs, and resolves', async () => {
    const lab = new Lab();
    slow(lab, 60_000);
    const client = lab.client();
    const pending = client.get('a');
    await lab.advance(10);
    const start = lab.now;
    const failure = rejection(pending);
    await lab.run(client.close({ timeoutMs: 500 }));
    expect(lab.now - start).toBeLessThanOrEqual(511);
    expect(await failure).toMatchObject({ code: 'CLOSED', outcome: 'unknown' });
    const patient = lab.client();
    const other = rejection(patient.get('a'));
    await lab.advance(10);
    const from = lab.now;
    await lab.run(patient.disconnect());
    expect(lab.now - from).toBeGreaterThanOrEqual(5000);
    expect(lab.now - from).toBeLessThanOrEqual(5011);
    await other;
  });

  it('can be called again, before and after the end, and by every name', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client();
    await lab.run(client.connect());
    await lab.run(Promise.all([client.close(), client.close(), client.disconnect(), client[Symbol.asyncDispose]()]));
    await lab.run(client.close());
    expect(await lab.failure(client.connect())).toBeInstanceOf(ClosedError);
    expect(await lab.failure(client.close({ timeoutMs: 0 }))).toBeInstanceOf(ArgumentError);
    const unused = lab.client();
    await lab.run(unused.close());
    expect(await lab.failure(unused.get('a'))).toBeInstanceOf(ClosedError);
  });

  it('ends a client that is connecting', async () => {
    const lab = new Lab();
    lab.serve(silent);
    const client = lab.client();
    const pending = rejection(client.get('a'));
    await lab.advance(10);
    await lab.run(client.close({ timeoutMs: 100 }));
    expect(await pending).toMatchObject({ code: 'CLOSED', outcome: 'not-sent' });
    await lab.advance(100);
    expect(leftovers(lab)).toEqual(nothing);
  });
});

describe('destroy', () => {
  it('ends everything now; the outcome says what was sent', async () => {
    const lab = new Lab();
    slow(lab, 1000);
    const client = lab.client({ maxConnections: 1 });
    const [sent, waiting] = [rejection(client.get('a')), rejection(client.get('b'))];
    await lab.advance(10);
    const reason = new Error('shutting down');
    client.destroy(reason);
    expect(await sent).toMatchObject({ code: 'CLOSED', outcome: 'unknown', cause: reason });
    expect(await waiting).toMatchObject({ code: 'CLOSED', outcome: 'not-sent', cause: reason });
    client.destroy(new Error('again'));
    await lab.advance(1100);
    expect(leftovers(lab)).toEqual(nothing);
    await lab.run(client.close());
  });
});

describe('withClient', () => {
  it('gives a client that is connected, and closes it', async () => {
    const lab = new Lab();
    lab.serve(lens());
    let seen: LensDBClient | undefined;
    const result = await lab.run(
      withClient(lab.options({}), async (client) => {
        seen = client;
        await client.set('a', '1');
        return client.getText('a');
      }),
    );
    expect(result).toBe('1');
    expect(await lab.failure((seen as LensDBClient).get('a'))).toBeInstanceOf(ClosedError);
  });
});

describe('ref and unref', () => {
  it('decide whether open connections keep the process alive, those to come too', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client({ maxConnections: 2 });
    await lab.run(client.connect());
    expect(lab.net.refedSockets).toBe(1);
    expect(client.unref()).toBe(client);
    expect(lab.net.refedSockets).toBe(0);
    await lab.run(Promise.all([client.get('a'), client.get('b')]));
    await lab.advance(20);
    expect([lab.net.openSockets, lab.net.refedSockets, lab.ports.clock.refedTimers]).toEqual([2, 0, 0]);
    client.ref();
    expect(lab.net.refedSockets).toBe(2);
  });

  it('a call that waits keeps it alive all the same', async () => {
    const lab = new Lab();
    slow(lab, 1000);
    const client = lab.client().unref();
    void client.get('a').catch(() => {});
    await lab.advance(50);
    expect(lab.ports.clock.refedTimers).toBeGreaterThan(0);
    client.destroy();
  });
});

describe('status', () => {
  it('tells the state now, then every change, and ends with the client', async () => {
    const lab = new Lab();
    const first = lab.serve(lens());
    const client = lab.client({ maxRetries: 0, maxIdleMs: 1000 });
    const seen: StatusRecord[] = [];
    const reading = (async () => {
      for await (const record of client.status()) seen.push(record);
    })();
    await lab.run(client.get('a'));
    await lab.advance(1100);
    await lab.run(client.get('a'));
    first.close();
    lab.peers[1]?.end();
    await lab.advance(10);
    await lab.failure(client.get('a'));
    lab.serve(lens());
    await lab.run(client.get('a'));
    await lab.run(client.close());
    await reading;
    const states = seen.map(({ state, epoch, cause }) => [
      state,
      epoch,
      (cause as { code?: string } | undefined)?.code,
    ]);
    expect(states).toEqual([
      ['idle', undefined, undefined],
      ['connecting', undefined, undefined],
      ['up', 1, undefined],
      ['idle', undefined, undefined],
      ['connecting', undefined, undefined],
      ['up', 2, undefined],
      ['down', undefined, 'CONNECTION_LOST'],
      ['down', undefined, 'CONNECT_FAILED'],
      ['up', 3, undefined],
      ['closing', undefined, undefined],
      ['closed', undefined, undefined],
    ]);
    expect(seen[2]?.endpoint).toBe('127.0.0.1:8080');
    expect(seen[6]?.cause).toBeInstanceOf(LensDBError);
  });

  it('stays up while one of several connections is lost', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client({ maxConnections: 2 });
    await lab.run(Promise.all([client.get('a'), client.get('b')]));
    lab.peers[0]?.end();
    await lab.advance(10);
    expect([client.stats().pool.open, client.toJSON().state]).toEqual([1, 'up']);
  });

  it('stays closing when a connection is opened meanwhile', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client();
    const states: string[] = [];
    const reading = (async () => {
      for await (const { state } of client.status()) states.push(state);
    })();
    await lab.advance(0);
    const call = client.get('a');
    await lab.advance(0);
    await lab.run(client.close());
    expect(await call).toBe(null);
    await reading;
    expect(states).toEqual(['idle', 'connecting', 'closing', 'closed']);
  });

  it('is degraded while more connections are wanted than can be had', async () => {
    const lab = new Lab();
    lab.net.onDial = (_address, number) => (number === 1 ? 'accept' : 'refuse');
    slow(lab, 1000);
    const client = lab.client({ maxConnections: 2, dialect: 'lens' });
    void Promise.allSettled([client.get('a'), client.get('b')]);
    await lab.advance(50);
    expect(client.toJSON().state).toBe('degraded');
    client.destroy();
    expect(client.toJSON().state).toBe('closed');
  });
});

describe('what a client tells of itself', () => {
  it('counts calls by command, under the documented names', async () => {
    const lab = new Lab();
    lab.serve(lens(({ type }) => (type === T.EXISTS ? lensResponse(5, '', 'x') : lensResponse(0, ''))));
    const client = lab.client({ maxRetries: 0, dialect: 'lens' });
    expect(client.getMetrics()).toMatchObject({ avgLatencyMs: 0, totalOperations: 0 });
    await lab.run(client.get('a'));
    await lab.run(client.get('a'));
    await lab.failure(client.exists('a'));
    await lab.failure(client.get(''));
    const { operations, avgLatencyMs, totalOperations } = client.getMetrics();
    expect(operations).toMatchObject({
      get_success: 2,
      get_error: 0,
      exists_error: 1,
      setex_success: 0,
      stats_error: 0,
    });
    expect(Object.keys(operations).length).toBe(20);
    // The first call dials: 4 ms; the others 2 ms each.
    expect([totalOperations, avgLatencyMs]).toEqual([3, 8 / 3]);
    const stats = client.stats();
    expect(stats).toMatchObject({ success: 2, error: 1, latency: { count: 3, maxMs: 4 } });
    expect(stats.pool).toMatchObject({ open: 1, idle: 1, opened: 1 });
  });

  it('shows neither keys nor values in logs', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client();
    await lab.run(client.set('secret-key', 'secret-value'));
    for (const text of [JSON.stringify(client), inspect(client, { depth: 9, showHidden: true })]) {
      expect(text).toContain('127.0.0.1:8080');
      expect(text).not.toContain('secret');
    }
    expect(inspect(client)).toMatch(/^LensDBClient \{/);
  });

  it("throws with the line of the user's program in the stack", async () => {
    const lab = new Lab();
    lab.serve(closesAtOnce);
    const client = lab.client({ maxRetries: 1 });
    async function myProgram(): Promise<unknown> {
      return await client.getJson('a');
    }
    const error = await lab.failure(myProgram());
    expect((error as Error).stack).toMatch(/myProgram/);
  });
});
