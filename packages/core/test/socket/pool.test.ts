import { describe, expect, it } from 'vitest';
import { ArgumentError, type Failure, Pending, tickMs } from '../../src/index.ts';
import type { Lease, PoolOptions } from '../../src/socket/index.ts';
import { createPool, Member, refused } from '../support/pool-lab.ts';

describe('Pool: leasing', () => {
  it('dials for the first, and gives it the member', async () => {
    const { pool, acquire, dials, settle } = createPool();
    expect(pool.tryMember()).toBeUndefined();
    const waiter = acquire();
    await settle();
    expect([waiter.result, dials.length]).toEqual([undefined, 1]);
    expect(pool.stats()).toMatchObject({ open: 0, dialing: 1, waiting: 1 });
    await dials[0]?.end();
    expect(waiter.result).toBe(dials[0]?.member);
    expect(pool.stats()).toEqual({
      open: 1,
      idle: 0,
      leased: 1,
      dialing: 0,
      waiting: 0,
      opened: 1,
      closed: 0,
      failedDials: 0,
      leases: 1,
    });
  });

  it('leases what is idle at once, last in first out', async () => {
    const { pool, acquire, fill, dials } = createPool();
    const [first, second, third] = await fill(3);
    expect(pool.tryMember()).toBe(third);
    expect(acquire().result).toBe(second);
    pool.giveBack(third as Member);
    expect(pool.tryMember()).toBe(third);
    expect(pool.tryMember()).toBe(first);
    expect(pool.tryMember()).toBeUndefined();
    expect(dials).toHaveLength(3);
    expect(pool.stats()).toMatchObject({ open: 3, leased: 3, idle: 0, leases: 7 });
  });

  it('opens no more than max, and serves those that wait first come, first served', async () => {
    const { pool, acquire, dials, settle } = createPool({ max: 2 });
    const waiters = Array.from({ length: 5 }, () => acquire());
    await settle();
    expect(dials).toHaveLength(2);
    for (const dial of dials) await dial.end();
    expect(waiters.map(({ result }) => result !== undefined)).toEqual([true, true, false, false, false]);
    pool.giveBack(waiters[1]?.result as Member);
    expect(waiters[2]?.result).toBe(waiters[1]?.result);
    // Nobody overtakes those that wait.
    expect(pool.tryMember()).toBeUndefined();
    pool.giveBack(waiters[0]?.result as Member);
    pool.giveBack(waiters[2]?.result as Member);
    expect(waiters.every(({ result }) => result instanceof Member)).toBe(true);
    expect(dials).toHaveLength(2);
  });

  it('dials no more than are waited for', async () => {
    const { acquire, dials, settle } = createPool({ max: 10 });
    acquire();
    acquire();
    await settle();
    expect(dials).toHaveLength(2);
    acquire();
    await settle();
    expect(dials).toHaveLength(3);
  });

  it('lets 10 wait at the door when nothing is said of max', async () => {
    const { pool, dials } = createPool({ max: undefined as unknown as number });
    for (let i = 0; i < 12; i += 1) void pool.lease({ dueAt: Infinity });
    expect(dials).toHaveLength(10);
  });

  it('refuses more than may wait, as overloaded', async () => {
    const { acquire } = createPool({ max: 1, maxWaiters: 2 });
    const waiters = [acquire(), acquire({ fresh: true }), acquire(), acquire({ fresh: true })];
    expect(waiters.map(({ result }) => (result as Failure | undefined)?.code)).toEqual([
      undefined,
      undefined,
      'OVERLOADED',
      'OVERLOADED',
    ]);
    expect(waiters[2]?.result).toMatchObject({
      message: expect.stringContaining('2 calls wait') as string,
      outcome: 'not-sent',
      retryable: true,
      details: { phase: 'pool' },
    });
  });

  it('refuses the 1001st when nothing is said', () => {
    const { acquire, pool } = createPool();
    for (let i = 0; i < 1000; i += 1) acquire();
    expect(acquire().result).toMatchObject({ code: 'OVERLOADED' });
    expect(pool.stats().waiting).toBe(1000);
  });

  it('takes a member back once, and not from a lease that has ended while somebody else has it', async () => {
    const { pool, fill } = createPool();
    const [member] = await fill(1);
    pool.giveBack(member as Member);
    expect(pool.stats()).toMatchObject({ open: 1, idle: 1 });
    const first = pool.tryAcquire();
    first?.release();
    const second = pool.tryAcquire();
    expect([first?.member, second?.member]).toEqual([member, member]);
    first?.release();
    expect([pool.stats().idle, pool.tryAcquire()]).toEqual([0, undefined]);
    second?.[Symbol.dispose]();
    expect(pool.stats()).toMatchObject({ open: 1, idle: 1 });
  });

  it('does with what is idle for one who wants a new member, while nothing is dialled', async () => {
    const { pool, acquire, fill, dials, settle } = createPool({ max: 4 });
    const [first, second] = await fill(2);
    pool.tryMember();
    pool.tryMember();
    acquire();
    await settle();
    await dials[2]?.end(refused());
    pool.giveBack(first as Member);
    pool.giveBack(second as Member);
    const fresh = acquire({ fresh: true });
    expect([fresh.result, dials.length, pool.stats().open]).toEqual([expect.any(Member), 3, 2]);
  });

  it('lets who is told of a failed dial ask for a new member', async () => {
    const { pool, dials, settle } = createPool({ max: 2 });
    const results: unknown[] = [];
    const again = new Pending<Lease<Member>>((result) => results.push(result), Infinity);
    pool.acquire(new Pending<Lease<Member>>(() => pool.acquire(again, true), Infinity));
    await settle();
    await dials[0]?.end(refused());
    expect([results, dials.length]).toEqual([[], 2]);
    await dials[1]?.end();
    expect(results).toMatchObject([{ member: dials[1]?.member }]);
  });

  it('closes all members at its end, though one throws', async () => {
    const { pool, fill } = createPool();
    const [first, second] = await fill(2);
    (first as Member).close = () => {
      throw new Error('on purpose');
    };
    expect(() => pool.destroy(refused())).toThrow('on purpose');
    expect([second?.closedWith?.code, pool.stats().open]).toEqual(['CONNECT_FAILED', 0]);
  });

  it('promises a lease, too', async () => {
    const { pool, fill, dials } = createPool();
    const [member] = await fill(1);
    expect(await pool.lease({ dueAt: Infinity })).toMatchObject({ member });
    const next = pool.lease({ dueAt: Infinity });
    await dials[1]?.end();
    expect(await next).toMatchObject({ member: dials[1]?.member });
    const aborted = await pool.lease({ dueAt: Infinity, signal: AbortSignal.abort('no') });
    expect(aborted).toMatchObject({ kind: 'aborted', cause: 'no', outcome: 'not-sent', details: { phase: 'pool' } });
    expect(pool.stats()).toMatchObject({ leased: 2, waiting: 0 });
  });

  it('takes no call that is over already', async () => {
    const { pool, dials, fill } = createPool();
    const [member] = await fill(1);
    const over = new Pending<Lease<Member>>(() => {}, Infinity);
    over.settle(refused());
    pool.acquire(over);
    pool.acquire(over, true);
    expect([pool.stats().waiting, dials.length]).toEqual([0, 1]);
    expect(pool.tryMember()).toBe(member);
  });
});

describe('Pool: those that give up', () => {
  it('leave the line, and their member to others', async () => {
    const { pool, ports, acquire, dials } = createPool({ max: 1 });
    const controller = new AbortController();
    const [timed, aborted, patient] = [acquire({ dueAt: 50 }), acquire({ signal: controller.signal }), acquire()];
    controller.abort('enough');
    await ports.clock.advance(60);
    expect(timed.result).toMatchObject({ kind: 'timeout', outcome: 'not-sent', details: { phase: 'pool' } });
    expect(aborted.result).toMatchObject({ kind: 'aborted', outcome: 'not-sent', cause: 'enough' });
    expect(pool.stats().waiting).toBe(1);
    await dials[0]?.end();
    expect(patient.result).toBe(dials[0]?.member);
  });

  it('leave a member idle when nobody else wants it', async () => {
    const { pool, ports, acquire, dials } = createPool();
    acquire({ dueAt: 50 });
    await ports.clock.advance(60);
    await dials[0]?.end();
    expect(pool.stats()).toMatchObject({ open: 1, idle: 1, leased: 0, waiting: 0 });
    expect(pool.tryMember()).toBe(dials[0]?.member);
  });

  it('are 10 000 at once, and leave nothing behind', async () => {
    const { pool, ports, timekeeper, acquire, dials } = createPool({ max: 4, maxWaiters: 20_000 });
    const waiters = Array.from({ length: 10_000 }, (_, i) => acquire({ dueAt: i % 2 === 0 ? 100 : 200 }));
    await ports.clock.advance(210);
    expect(waiters.every(({ result }) => (result as Failure).kind === 'timeout')).toBe(true);
    expect(pool.stats()).toMatchObject({ waiting: 0, dialing: 4 });
    expect(dials).toHaveLength(4);
    for (const dial of dials) await dial.end();
    await ports.clock.advance(tickMs);
    expect(pool.stats()).toMatchObject({ open: 4, idle: 4 });
    expect([timekeeper.size, ports.clock.pendingTimers]).toEqual([0, 0]);
  });
});

describe('Pool: those whom somebody else served', () => {
  it('take no member with them', async () => {
    const { pool, acquire, dials } = createPool();
    acquire().pending.settle(refused());
    await dials[0]?.end();
    expect(pool.stats()).toMatchObject({ open: 1, idle: 1, leased: 0, waiting: 0 });
    expect(pool.tryMember()).toBe(dials[0]?.member);
  });
});

describe('Pool: members that are lost', () => {
  it('are forgotten, idle or leased, and replaced for those that wait', async () => {
    const { pool, acquire, fill, dials, settle, changes } = createPool({ max: 2 });
    const [idle, leased] = await fill(2);
    expect(pool.tryMember()).toBe(leased);
    idle?.close(refused('CONNECTION_LOST'));
    expect(pool.stats()).toMatchObject({ open: 1, idle: 0, leased: 1, closed: 1 });
    expect(pool.lastFailure?.code).toBe('CONNECTION_LOST');
    const waiting = [acquire(), acquire()];
    await settle();
    expect(dials).toHaveLength(3);
    leased?.close(refused());
    await settle();
    expect(dials).toHaveLength(4);
    pool.giveBack(leased as Member);
    await dials[2]?.end();
    await dials[3]?.end();
    expect(waiting.map(({ result }) => result)).toEqual([dials[2]?.member, dials[3]?.member]);
    expect(changes).toEqual([
      [1, undefined],
      [2, undefined],
      [1, 'CONNECTION_LOST'],
      [0, 'CONNECT_FAILED'],
      [1, undefined],
      [2, undefined],
    ]);
  });

  it('are closed when they come back unfit', async () => {
    const { pool, acquire, fill, dials, settle } = createPool({ max: 1 });
    const [member] = (await fill(1)) as [Member];
    pool.tryMember();
    const waiter = acquire();
    member.usable = false;
    pool.giveBack(member);
    expect(member.closedWith).toMatchObject({ kind: 'closed', message: 'the pool retired this connection' });
    await settle();
    await dials[1]?.end();
    expect(waiter.result).toBe(dials[1]?.member);
    expect(pool.stats()).toMatchObject({ open: 1, opened: 2, closed: 1 });
  });

  it('are passed over when they became unfit while idle', async () => {
    for (const how of ['tryAcquire', 'acquire'] as const) {
      const { pool, acquire, fill } = createPool();
      const [good, bad] = (await fill(2)) as [Member, Member];
      bad.usable = false;
      const got = how === 'acquire' ? acquire().result : pool.tryMember();
      expect(got).toBe(good);
      expect(bad.closedWith).toBeDefined();
      expect(pool.stats()).toMatchObject({ open: 1, leased: 1, idle: 0, closed: 1 });
    }
  });

  it('are no members when they are lost, or left unfit, on arrival', async () => {
    for (const alive of [false, true]) {
      const { pool, acquire, dials, settle } = createPool({ max: 1 });
      const waiter = acquire();
      await settle();
      const { member } = dials[0] as (typeof dials)[0];
      if (alive) member.usable = false;
      else member.close(refused());
      await dials[0]?.end();
      expect(waiter.result).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'not-sent', retryable: true });
      expect(member.closedWith).toBeDefined();
      expect(pool.stats()).toMatchObject({ open: 0, opened: 0, failedDials: 1, dialing: 0 });
      // No dial follows at once: a peer that hangs up on everybody would be dialled without end.
      expect(dials).toHaveLength(1);
    }
  });
});

describe('Pool: idle members and lifetimes', () => {
  it('closes what was idle for too long, by one timer that keeps no process alive', async () => {
    const { pool, ports, fill, acquire } = createPool({ maxIdleMs: 1000 });
    const [first] = await fill(1);
    await ports.clock.advance(tickMs);
    expect([ports.clock.pendingTimers, ports.clock.refedTimers]).toEqual([1, 0]);
    await ports.clock.advance(600 - tickMs);
    const second = acquire();
    expect(second.result).toBe(first);
    pool.giveBack(first as Member);
    await ports.clock.advance(999);
    expect(pool.stats().open).toBe(1);
    await ports.clock.advance(1);
    expect(pool.stats()).toMatchObject({ open: 0, closed: 1 });
    expect(first?.closedWith).toMatchObject({ kind: 'closed' });
    expect(ports.clock.pendingTimers).toBe(0);
  });

  it('closes after 60 s when nothing is said', async () => {
    const { pool, ports, fill } = createPool({ maxIdleMs: undefined as unknown as number });
    await fill(1);
    await ports.clock.advance(59_999);
    expect(pool.stats().open).toBe(1);
    await ports.clock.advance(1);
    expect(pool.stats().open).toBe(0);
  });

  it('closes each in its time', async () => {
    const { pool, ports, fill } = createPool({ maxIdleMs: 1000 });
    const members = (await fill(3)) as [Member, Member, Member];
    const [, second, third] = members;
    pool.tryMember();
    pool.tryMember();
    const closed = async (ms: number): Promise<boolean[]> => {
      await ports.clock.advance(ms);
      return members.map(({ closedWith }) => closedWith !== undefined);
    };
    await ports.clock.advance(400);
    pool.giveBack(second);
    await ports.clock.advance(300);
    pool.giveBack(third);
    expect(await closed(299)).toEqual([false, false, false]);
    expect(await closed(1)).toEqual([true, false, false]);
    expect(await closed(399)).toEqual([true, false, false]);
    expect(await closed(1)).toEqual([true, true, false]);
    expect(await closed(300)).toEqual([true, true, true]);
  });

  it('leases none that was idle for too long, though no timer has run yet', async () => {
    const { pool, ports, fill } = createPool({ maxIdleMs: 1000 });
    await fill(2);
    ports.clock.jump(1000);
    expect(pool.tryMember()).toBeUndefined();
    expect(pool.stats()).toMatchObject({ open: 0, closed: 2 });
  });

  it('retires members by age when they come back, and when they would be leased', async () => {
    const { pool, ports, fill, acquire, settle } = createPool({ maxLifetimeMs: 1000 });
    const [first, second] = (await fill(2)) as [Member, Member];
    expect(pool.tryMember()).toBe(second);
    ports.clock.jump(1100);
    expect(second.closedWith).toBeUndefined();
    pool.giveBack(second);
    expect(second.closedWith).toBeDefined();
    expect(acquire().result).toBeUndefined();
    expect(first.closedWith).toBeDefined();
    await settle();
    expect(pool.stats()).toMatchObject({ open: 0, dialing: 1, waiting: 1 });
  });

  it('spreads lifetimes by a tenth both ways', async () => {
    const ages: number[] = [];
    for (const draw of [0, 0.5, 0.999]) {
      const { pool, ports, acquire, dials, settle } = createPool({ maxLifetimeMs: 1000 });
      ports.random.next = () => draw;
      acquire();
      await settle();
      await dials[0]?.end();
      const { member } = dials[0] as (typeof dials)[0];
      while (!member.closedWith) {
        ports.clock.jump(1);
        pool.giveBack(member);
        pool.tryMember();
      }
      ages.push(ports.clock.now());
    }
    expect(ages).toEqual([900, 1000, 1100]);
  });
});

describe('Pool: leases that are out for long', () => {
  it('are reported with their age', async () => {
    const { pool, ports, fill } = createPool();
    await fill(2);
    const lost = pool.tryMember();
    ports.clock.jump(500);
    pool.tryMember();
    ports.clock.jump(501);
    expect(pool.leaked(1000)).toEqual([{ member: lost, ageMs: 1001 }]);
    expect(pool.leaked(500)).toHaveLength(2);
    pool.giveBack(lost as Member);
    expect(pool.leaked(1000)).toEqual([]);
  });
});

describe('Pool: options', () => {
  it.each<[Partial<PoolOptions<Member>>, string]>([
    [{ max: 0 }, "'max' must be an integer of at least 1; got 0"],
    [{ max: 1.5 }, "'max'"],
    [{ max: Infinity }, "'max'"],
    [{ min: -1 }, "'min'"],
    [{ min: 4, max: 3 }, "'min' (4) must not be greater than 'max' (3)"],
    [{ maxWaiters: 0 }, "'maxWaiters'"],
    [{ maxIdleMs: 0 }, "'maxIdleMs'"],
    [{ maxIdleMs: Number.NaN }, "'maxIdleMs'"],
    [{ maxLifetimeMs: -1 }, "'maxLifetimeMs'"],
    [{ validateAfterMs: -1 }, "'validateAfterMs'"],
  ])('that are none are refused: %j', (options, message) => {
    expect(() => createPool(options)).toThrow(ArgumentError);
    expect(() => createPool(options)).toThrow(message);
  });
});
