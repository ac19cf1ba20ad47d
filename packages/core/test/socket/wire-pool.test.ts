import { describe, expect, it, vi } from 'vitest';
import { Failure } from '../../src/index.ts';
import { Connection, type Lease, type Pool, wirePool, type WirePoolOptions } from '../../src/socket/index.ts';
import { createLines, type LineOptions, type Lines, type LineWire } from '../support/lines.ts';

interface Pooled extends Lines {
  readonly pool: Pool<LineWire>;
  lease(): Promise<Lease<LineWire>>;
}

function pooled(settings: Partial<WirePoolOptions<LineWire>> = {}, options: LineOptions = {}): Pooled {
  const lines = createLines(options);
  const pool = wirePool<LineWire>({
    ports: lines.ports,
    timekeeper: lines.timekeeper,
    open: (hooks) => Connection.open<LineWire>({ ...lines.connection, ...hooks }),
    ...settings,
  });
  const lease = async (): Promise<Lease<LineWire>> => {
    const [leased] = await Promise.all([pool.lease({ dueAt: lines.ports.clock.now() + 1000 }), lines.run()]);
    if (leased instanceof Failure) throw leased.toError({ system: 'test', attempts: 1 });
    return leased;
  };
  return Object.assign(lines, { pool, lease });
}

const over = new Failure({ kind: 'closed', message: 'over', outcome: 'not-sent', retryable: false });

describe('wirePool', () => {
  it('leases wires of its own, one for each who holds one, and the same again afterwards', async () => {
    const { pool, lease, run } = pooled();
    const [first, second] = [await lease(), await lease()];
    const wires = [first.member, second.member] as const;
    expect(wires[0]).not.toBe(wires[1]);
    expect(await Promise.all([wires[0].call('a'), wires[1].call('b'), run()])).toEqual(['re a', 're b', undefined]);
    second.release();
    expect((await lease()).member).toBe(wires[1]);
    expect(pool.stats()).toMatchObject({ open: 2, leased: 2, opened: 2 });
  });

  it('hands on the options of a pool', async () => {
    const { pool, lease, run } = pooled({ max: 1 });
    await lease();
    const second = pool.lease({ dueAt: 100 });
    await run(200);
    expect(await second).toMatchObject({ kind: 'timeout', details: { phase: 'pool' } });
  });

  it('does not take back a wire with something unanswered', async () => {
    const lines = pooled();
    const leased = await lines.lease();
    const { member: wire } = leased;
    lines.answer = () => undefined;
    const call = wire.call('blocks', { dueAt: lines.ports.clock.now() + 20 });
    await lines.run(40);
    expect(await call).toMatchObject({ kind: 'timeout', outcome: 'unknown' });
    leased.release();
    expect(wire.connection.up).toBe(false);
    expect((await lines.lease()).member).not.toBe(wire);
  });

  it('learns of a wire that is lost while it is out, or idle', async () => {
    const { pool, lease, net, run } = pooled();
    const out = await lease();
    net.links[0]?.close('server');
    await run();
    expect([out.member.connection.up, pool.stats().open]).toEqual([false, 0]);
    out.release();
    (await lease()).release();
    net.links.at(-1)?.close('server');
    await run();
    expect(pool.stats()).toMatchObject({ open: 0, idle: 0, closed: 2 });
  });

  it('tells who waits why there is none, and closes everything at its end', async () => {
    const { pool, lease, net, run } = pooled();
    net.onDial = () => 'refuse';
    const [refused] = await Promise.all([pool.lease({ dueAt: 1000 }), run()]);
    expect(refused).toMatchObject({ code: 'CONNECT_FAILED', outcome: 'not-sent' });
    net.onDial = undefined;
    await lease();
    (await lease()).release();
    pool.destroy(over);
    await run();
    expect(net.openSockets).toBe(0);
  });

  it('keeps its opener from ending the process, and goes on when who is told of changes throws', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const onChange = (): never => {
      throw new Error('on purpose');
    };
    const { pool, lease, net, run } = pooled({ onChange });
    await lease();
    net.links[0]?.close('server');
    await run();
    await lease();
    expect(pool.stats()).toMatchObject({ open: 1, leased: 1 });
    expect(warn).toHaveBeenCalledWith("'onChange' has thrown; that was ignored", expect.anything());
    warn.mockRestore();
    const broken = pooled({ open: () => Promise.reject(new Error('on purpose')) });
    const [failure] = await Promise.all([broken.pool.lease({ dueAt: 1000 }), broken.run()]);
    expect(failure).toMatchObject({ code: 'CONNECT_FAILED', cause: { message: 'on purpose' } });
  });
});
