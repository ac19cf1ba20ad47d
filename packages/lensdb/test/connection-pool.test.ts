import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ArgumentError, ClosedError, LensDBConnection, OverloadedError } from '../src/index.ts';
import { Lab, rejection } from './lab.ts';
import { lens, lensStore, silent } from './servers.ts';

describe('getConnection', () => {
  it('leases one connection; its commands run on it one after the other', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const pool = lab.pool({ maxConnections: 2 });
    const connection = await lab.run(pool.getConnection());
    expect(connection).toBeInstanceOf(LensDBConnection);
    lab.writes.length = 0;
    await lab.run(Promise.all([connection.set('a', '1'), connection.getText('a'), connection.mget(['a', 'b'])]));
    expect(new Set(lab.writes.map(({ connection: number }) => number))).toEqual(new Set([1]));
    expect(pool.stats()).toMatchObject({ pool: { leased: 1, open: 1 } });
    pool.returnConnection(connection);
    expect(pool.stats()).toMatchObject({ pool: { leased: 0, idle: 1 } });
  });

  it("replaces a connection that was idle in somebody's hands for too long", async () => {
    const lab = new Lab();
    lab.serve(lens());
    const pool = lab.pool({ dialect: 'lens' });
    const connection = await lab.run(pool.getConnection());
    await lab.run(connection.set('a', '1'));
    await lab.advance(59_000);
    await lab.run(connection.set('a', '2'));
    expect(lab.peers.map(({ ended }) => ended)).toEqual([false]);
    await lab.advance(60_001);
    expect(await lab.run(connection.getText('a'))).toBe('2');
    expect(lab.peers.map(({ ended }) => ended)).toEqual([true, false]);
    expect(pool.stats()).toMatchObject({ pool: { open: 1, leased: 1 } });
  });

  it('does not keep connect() waiting while all are out', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const pool = lab.pool({ maxConnections: 1 });
    await lab.run(pool.connect());
    await lab.run(pool.getConnection());
    const before = lab.now;
    await lab.run(pool.connect());
    expect(lab.now - before).toBeLessThan(1000);
  });

  it('waits while all are out, first come, first served', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const pool = lab.pool({ maxConnections: 1, maxWaiters: 1 });
    const first = await lab.run(pool.getConnection());
    const second = pool.getConnection();
    expect(await lab.failure(pool.getConnection())).toBeInstanceOf(OverloadedError);
    pool.returnConnection(first);
    expect(await lab.run(second)).not.toBe(first);
    const late = await lab.failure(pool.getConnection({ timeoutMs: 50 }));
    expect(late).toMatchObject({ code: 'TIMEOUT', outcome: 'not-sent', details: { phase: 'pool' } });
    expect(await lab.failure(pool.getConnection({ timeoutMS: 5 } as never))).toBeInstanceOf(ArgumentError);
  });

  it('is given back by dispose, at once or when what runs on it has ended', async () => {
    const lab = new Lab();
    const answer = lensStore();
    lab.serve(
      lens((request, peer) => {
        lab.ports.clock.setTimer(() => peer.send(answer(request) as Uint8Array), 50);
        return undefined;
      }),
    );
    const pool = lab.pool({ dialect: 'lens', maxConnections: 1 });
    const connection = await lab.run(pool.getConnection());
    const [running, waiting] = [connection.exists('a'), rejection(connection.exists('b'))];
    await lab.advance(10);
    await connection[Symbol.asyncDispose]();
    expect(pool.stats().pool.leased).toBe(1);
    expect(await lab.run(running)).toBe(false);
    expect(await waiting).toBeInstanceOf(ClosedError);
    expect(pool.stats().pool).toMatchObject({ leased: 0, idle: 1 });
    const error = await lab.failure(connection.get('a'));
    expect(error).toMatchObject({ code: 'CLOSED', message: /given back to its pool/ as never, outcome: 'not-sent' });
    pool.returnConnection(connection);
    expect(() => pool.returnConnection({} as never)).toThrow(ArgumentError);
    const stranger = await lab.run(lab.pool({ dialect: 'lens' }).getConnection());
    expect(() => pool.returnConnection(stranger)).toThrow(/that this pool has given/);
  });

  it('repeats nothing, and opens another connection for the next command after a loss', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const pool = lab.pool({ maxConnections: 1 });
    const connection = await lab.run(pool.getConnection());
    await lab.run(connection.set('a', '1'));
    const pending = connection.get('a');
    lab.peers[0]?.link.reset('client');
    expect(await lab.failure(pending)).toMatchObject({ code: 'CONNECTION_LOST', attempts: 1 });
    expect(await lab.run(connection.getText('a'))).toBe('1');
    expect([lab.peers.length, pool.stats().pool.leased]).toEqual([2, 1]);
    pool.returnConnection(connection);
    expect(pool.stats().pool).toMatchObject({ leased: 0, open: 1 });
  });

  it('keeps its turn when another connection cannot be opened', async () => {
    const lab = new Lab();
    const listener = lab.serve(lens());
    const pool = lab.pool({ maxConnections: 1 });
    const connection = await lab.run(pool.getConnection());
    listener.close();
    lab.peers[0]?.end();
    await lab.advance(10);
    expect(await lab.failure(connection.get('a'))).toMatchObject({ code: 'CONNECT_FAILED' });
    lab.serve(lens());
    expect(await lab.run(connection.get('a'))).toBe(null);
  });
});

describe('the end of a pool', () => {
  it('closes what is leased, too', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const pool = lab.pool();
    const connection = await lab.run(pool.getConnection());
    await lab.run(pool.close());
    expect(await lab.failure(connection.get('a'))).toBeInstanceOf(ClosedError);
    expect(await lab.failure(pool.getConnection())).toBeInstanceOf(ClosedError);
    pool.returnConnection(connection);
    await lab.run(pool[Symbol.asyncDispose]());
    expect([lab.net.openSockets, pool.toJSON().state]).toEqual([0, 'closed']);
  });

  it('destroy ends what waits', async () => {
    const lab = new Lab();
    lab.serve(silent);
    const pool = lab.pool({ dialect: 'lens' });
    const connection = await lab.run(pool.getConnection());
    const pending = rejection(connection.get('a'));
    await lab.advance(5);
    pool.destroy(new Error('why'));
    expect(await lab.run(pending)).toMatchObject({ code: 'CLOSED', outcome: 'unknown', cause: { message: 'why' } });
  });
});

describe('what a pool tells of itself', () => {
  it('is what a client tells', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const pool = lab.pool();
    await lab.run(pool.connect());
    expect(pool.info().dialect).toBe('lens');
    expect(inspect(pool)).toMatch(/^ConnectionPool \{/);
    const connection = await lab.run(pool.getConnection());
    expect(inspect(connection)).toBe("LensDBConnection { system: 'lensdb' }");
    const { value } = (await pool.status().next()) as { value: { state: string } };
    expect(value.state).toBe('up');
    expect([pool.unref(), lab.net.refedSockets, pool.ref(), lab.net.refedSockets]).toEqual([pool, 0, pool, 1]);
  });
});
