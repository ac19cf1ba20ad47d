import { describe, expect, it } from 'vitest';
import { Failure, Pending, tickMs } from '../../src/index.ts';
import type { Lease } from '../../src/socket/index.ts';
import { createPool, type Member, type PoolLab, refused, type Waiter } from '../support/pool-lab.ts';

const codeOf = ({ result }: Waiter): string | undefined => (result instanceof Failure ? result.code : undefined);

/** When the dials began, while time goes on. */
async function dialTimes(lab: PoolLab, ms: number, failure: Failure): Promise<number[]> {
  const times: number[] = [];
  const { dials, ports } = lab;
  let seen = dials.length;
  for (let at = 0; at < ms; at += 1) {
    await ports.clock.advance(1);
    for (; seen < dials.length; seen += 1) {
      times.push(ports.clock.now());
      await dials[seen]?.end(failure);
    }
  }
  return times;
}

describe('Pool: dials that fail', () => {
  it('end all that wait, when no member is open and no other dial is under way', async () => {
    const { pool, acquire, dials, settle, changes } = createPool();
    const waiters = [acquire(), acquire({ fresh: true }), acquire()];
    await settle();
    await dials[0]?.end(refused('FIRST'));
    await dials[2]?.end(refused('SECOND'));
    expect(waiters.map(({ result }) => result)).toEqual([undefined, undefined, undefined]);
    await dials[1]?.end(refused('LAST'));
    expect(waiters.map(codeOf)).toEqual(['LAST', 'LAST', 'LAST']);
    expect(pool.lastFailure?.code).toBe('LAST');
    expect(pool.stats()).toMatchObject({ failedDials: 3, waiting: 0, dialing: 0 });
    expect(changes).toEqual([
      [0, 'FIRST'],
      [0, 'SECOND'],
      [0, 'LAST'],
    ]);
  });

  it('end nobody while a member is open: the pool is smaller then', async () => {
    const { pool, ports, acquire, dials, settle } = createPool({ max: 3 });
    const waiters = [acquire(), acquire(), acquire()];
    await settle();
    await dials[0]?.end();
    await dials[1]?.end(refused());
    await dials[2]?.end(refused());
    // That of the deadlines, and one for growth.
    expect(ports.clock.pendingTimers).toBe(2);
    expect(waiters[0]?.result).toBe(dials[0]?.member);
    expect(waiters.slice(1).map(({ result }) => result)).toEqual([undefined, undefined]);
    pool.giveBack(dials[0]?.member as Member);
    expect(waiters[1]?.result).toBe(dials[0]?.member);
    pool.giveBack(dials[0]?.member as Member);
    expect(waiters[2]?.result).toBe(dials[0]?.member);
  });

  it('are repeated ever more slowly while a member is open, and at once again after a success', async () => {
    const lab = createPool({ max: 5 });
    const { pool, acquire, dials, settle } = lab;
    acquire();
    await settle();
    await dials[0]?.end();
    const patient = acquire();
    await settle();
    await dials[1]?.end(refused());
    expect(await dialTimes(lab, 20_000, refused())).toEqual([100, 300, 700, 1500, 3100, 6300, 11_300, 16_300]);
    expect(patient.result).toBeUndefined();
    // A new call does not shorten the pause.
    acquire();
    expect(dials).toHaveLength(10);
    await lab.ports.clock.advance(5000);
    expect(dials).toHaveLength(12);
    await dials[10]?.end();
    expect(patient.result).toBe(dials[10]?.member);
    await dials[11]?.end(refused());
    expect(await dialTimes(lab, 150, refused())).toHaveLength(1);
    expect(pool.stats()).toMatchObject({ open: 2 });
  });

  it('are repeated at once for a new call, when no member is open', async () => {
    const { acquire, dials, settle } = createPool();
    for (let i = 0; i < 5; i += 1) {
      const waiter = acquire();
      await settle();
      expect(dials).toHaveLength(i + 1);
      await dials[i]?.end(refused());
      expect(codeOf(waiter)).toBe('CONNECT_FAILED');
    }
  });

  it('answer 10 000 calls at once on a dead address, with few dials and one timer', async () => {
    const { pool, ports, acquire, dials, settle } = createPool({ max: 8, maxWaiters: 10_000 });
    const waiters = Array.from({ length: 10_000 }, () => acquire({ dueAt: 5000 }));
    await settle();
    expect(dials).toHaveLength(8);
    expect(ports.clock.pendingTimers).toBe(1);
    for (const dial of dials) await dial.end(refused('ECONNREFUSED'));
    expect(waiters.every((waiter) => codeOf(waiter) === 'ECONNREFUSED')).toBe(true);
    await ports.clock.advance(10_000);
    expect(dials).toHaveLength(8);
    expect(pool.stats()).toMatchObject({ waiting: 0, dialing: 0 });
    expect(ports.clock.pendingTimers).toBe(0);
  });

  it('are those of an opener that rejects or throws, too', async () => {
    const cause = new TypeError('an opener with a bug');
    for (const open of [
      () => Promise.reject(cause),
      () => {
        throw cause;
      },
    ]) {
      const { pool, acquire, settle } = createPool({ open });
      for (let i = 0; i < 5; i += 1) {
        const waiter = acquire();
        await settle();
        expect(waiter.result).toMatchObject({ code: 'CONNECT_FAILED', outcome: 'not-sent', cause });
      }
      expect(pool.stats()).toMatchObject({ dialing: 0, failedDials: 5 });
    }
  });

  it('may be followed by a call from whoever is told, which is not told in its turn', async () => {
    const { pool, dials, settle } = createPool({ max: 1 });
    const told: number[] = [];
    const insist = (): void => {
      told.push(dials.length);
      if (told.length < 4) pool.acquire(new Pending<Lease<Member>>(insist, Infinity));
    };
    pool.acquire(new Pending<Lease<Member>>(insist, Infinity));
    for (let i = 0; i < 4; i += 1) {
      await settle();
      await dials[i]?.end(refused());
    }
    expect(told).toEqual([1, 2, 3, 4]);
  });
});

describe('Pool: asked for a new member', () => {
  it('dials one, for which an idle one makes room, and leaves the others in peace', async () => {
    const { pool, acquire, fill, dials, settle } = createPool({ max: 3 });
    const [first, second] = (await fill(2)) as [Member, Member];
    const waiter = acquire({ fresh: true });
    expect(waiter.result).toBeUndefined();
    expect([first.closedWith !== undefined, second.closedWith]).toEqual([true, undefined]);
    await settle();
    expect(pool.tryMember()).toBe(second);
    await dials[2]?.end();
    expect(waiter.result).toBe(dials[2]?.member);
  });

  it('takes the place of one that comes back, when all are out', async () => {
    const { pool, acquire, fill, dials, settle } = createPool({ max: 1 });
    const [member] = (await fill(1)) as [Member];
    pool.tryMember();
    const waiter = acquire({ fresh: true });
    await settle();
    expect(dials).toHaveLength(1);
    pool.giveBack(member);
    expect(member.closedWith).toBeDefined();
    await settle();
    await dials[1]?.end();
    expect(waiter.result).toBe(dials[1]?.member);
  });

  it('takes one that another dial brought, before those that take any', async () => {
    const { acquire, dials, settle } = createPool({ max: 2 });
    const [any, fresh] = [acquire(), acquire({ fresh: true })];
    await settle();
    await dials[0]?.end();
    expect([any.result, fresh.result]).toEqual([undefined, dials[0]?.member]);
    await dials[1]?.end();
    expect(any.result).toBe(dials[1]?.member);
  });

  it('does with what there is, when none can be dialled', async () => {
    const { pool, acquire, fill, dials, settle } = createPool({ max: 3 });
    const [member] = (await fill(1)) as [Member];
    pool.tryMember();
    const fresh = acquire({ fresh: true });
    await settle();
    await dials[1]?.end(refused('a limit of one connection'));
    expect(fresh.result).toBeUndefined();
    pool.giveBack(member);
    expect(fresh.result).toBe(member);
    expect(pool.stats()).toMatchObject({ waiting: 0, leased: 1 });
  });

  it('does with what is idle, when none can be dialled', async () => {
    const { pool, acquire, fill, dials, settle } = createPool({ max: 3 });
    const [, member] = (await fill(2)) as [Member, Member];
    const fresh = acquire({ fresh: true });
    await settle();
    await dials[2]?.end(refused());
    expect(fresh.result).toBe(member);
    expect(pool.stats()).toMatchObject({ open: 1, waiting: 0 });
  });
});

describe('Pool: a minimum', () => {
  it('is opened by warm(), which opens one where there is none', async () => {
    for (const [min, expected] of [
      [0, 1],
      [1, 1],
      [3, 3],
    ] as const) {
      const { pool, dials } = createPool({ min, max: 3 });
      pool.warm();
      pool.warm();
      expect(dials).toHaveLength(expected);
      for (const dial of dials) await dial.end();
      pool.warm();
      expect(pool.stats()).toMatchObject({ open: expected, idle: expected, dialing: 0 });
    }
  });

  it('is opened when the first member is', async () => {
    const { acquire, dials, settle } = createPool({ min: 3, max: 5 });
    acquire();
    await settle();
    expect(dials).toHaveLength(1);
    await dials[0]?.end();
    expect(dials).toHaveLength(3);
  });

  it('is kept when members are lost, after a moment', async () => {
    const { pool, ports, dials } = createPool({ min: 2 });
    pool.warm();
    for (const dial of dials) await dial.end();
    dials[0]?.member.close(refused());
    await ports.clock.advance(99);
    expect(dials).toHaveLength(2);
    await ports.clock.advance(1);
    expect(dials).toHaveLength(3);
    await dials[2]?.end();
    expect(pool.stats()).toMatchObject({ open: 2, idle: 2 });
  });

  it('is kept when members are retired: idle for too long, or back and unfit', async () => {
    const { pool, ports, dials, fill } = createPool({ min: 1, maxIdleMs: 1000 });
    await fill(1);
    await ports.clock.advance(1000);
    expect(dials[0]?.member.closedWith).toBeDefined();
    expect(dials).toHaveLength(2);
    await dials[1]?.end();
    const member = pool.tryMember() as Member;
    member.usable = false;
    pool.giveBack(member);
    expect(pool.stats()).toMatchObject({ open: 0, dialing: 0 });
    await ports.clock.advance(100);
    expect(pool.stats()).toMatchObject({ open: 0, dialing: 1 });
  });

  it('is tried for ever more slowly while dials fail, though nobody waits', async () => {
    const lab = createPool({ min: 1 });
    lab.pool.warm();
    await lab.dials[0]?.end(refused());
    expect(await dialTimes(lab, 10_000, refused())).toEqual([100, 300, 700, 1500, 3100, 6300]);
    expect(lab.ports.clock.refedTimers).toBe(0);
    await lab.ports.clock.advance(5000);
    await lab.dials.at(-1)?.end();
    expect(lab.pool.stats()).toMatchObject({ open: 1 });
  });

  it('is not dialled for when nothing is missing', async () => {
    const { pool, ports, dials, fill } = createPool({ min: 1, max: 3 });
    const [first] = (await fill(3)) as [Member];
    first.close(refused());
    await ports.clock.advance(10_000);
    expect(dials).toHaveLength(3);
    expect(pool.stats().open).toBe(2);
  });
});

describe('Pool: checking idle members', () => {
  interface Check {
    readonly member: Member;
    end(good: boolean): Promise<void>;
    fail(): Promise<void>;
  }

  function createCheckedPool(options: Parameters<typeof createPool>[0] = {}): PoolLab & { checks: Check[] } {
    const checks: Check[] = [];
    const lab = createPool({
      validateAfterMs: 1000,
      validate: (member) =>
        new Promise((resolve, reject) => {
          checks.push({
            member,
            end: (good) => (resolve(good), lab.settle()),
            fail: () => (reject(new Error('no answer')), lab.settle()),
          });
        }),
      ...options,
    });
    return { ...lab, checks };
  }

  it('happens before one is leased that was idle for longer than the limit, and not before', async () => {
    const { pool, ports, acquire, fill, checks, dials } = createCheckedPool();
    const [member] = (await fill(1)) as [Member];
    ports.clock.jump(1000);
    expect(pool.tryMember()).toBe(member);
    pool.giveBack(member);
    ports.clock.jump(1001);
    expect(pool.tryMember()).toBeUndefined();
    expect(checks).toEqual([]);
    const waiter = acquire();
    expect(checks.map((check) => check.member)).toEqual([member]);
    expect(waiter.result).toBeUndefined();
    expect(pool.stats()).toMatchObject({ open: 1, idle: 0, leased: 1, waiting: 1 });
    await checks[0]?.end(true);
    expect(waiter.result).toBe(member);
    // One lease, and no other connection for the time of the check.
    expect(pool.stats()).toMatchObject({ leases: 3, opened: 1 });
    expect(dials).toHaveLength(1);
  });

  it('happens after 30 s when nothing is said of when, and never without a check', async () => {
    for (const [idleMs, checked] of [
      [30_000, 0],
      [30_001, 1],
    ] as const) {
      const lab = createCheckedPool({ validateAfterMs: undefined as unknown as number });
      await lab.fill(1);
      lab.ports.clock.jump(idleMs);
      lab.acquire();
      expect(lab.checks).toHaveLength(checked);
    }
    const { pool, ports, fill } = createPool({ validateAfterMs: 1 });
    const [member] = await fill(1);
    ports.clock.jump(1e9);
    expect(pool.tryMember()).toBe(member);
  });

  it.each(['says no', 'rejects', 'throws'] as const)(
    'closes one of which the check %s, and dials for who waits',
    async (how) => {
      const throwing = (): never => {
        throw new TypeError('a check with a bug');
      };
      const { pool, ports, acquire, fill, checks, dials, settle } = createCheckedPool(
        how === 'throws' ? { validate: throwing } : {},
      );
      const [member] = (await fill(1)) as [Member];
      ports.clock.jump(2000);
      const waiter = acquire();
      if (how === 'says no') await checks[0]?.end(false);
      else if (how === 'rejects') await checks[0]?.fail();
      await settle();
      expect(member.closedWith).toBeDefined();
      expect(dials).toHaveLength(2);
      await dials[1]?.end();
      expect(waiter.result).toBe(dials[1]?.member);
      expect(pool.stats()).toMatchObject({ open: 1, opened: 2, closed: 1, leases: 2 });
    },
  );

  it('is of no more members than are waited for', async () => {
    const { ports, acquire, fill, checks, pool } = createCheckedPool();
    await fill(3);
    ports.clock.jump(2000);
    acquire();
    expect(checks).toHaveLength(1);
    expect(pool.stats()).toMatchObject({ idle: 2 });
    acquire();
    expect(checks).toHaveLength(2);
  });

  it('does not keep those waiting for whom another comes back', async () => {
    const { pool, ports, acquire, fill, checks } = createCheckedPool();
    const [checked, other] = (await fill(2)) as [Member, Member];
    expect(pool.tryMember()).toBe(other);
    ports.clock.jump(2000);
    const waiter = acquire();
    expect(checks[0]?.member).toBe(checked);
    pool.giveBack(other);
    expect(waiter.result).toBe(other);
    await checks[0]?.end(true);
    expect(pool.stats()).toMatchObject({ open: 2, idle: 1, leased: 1 });
  });

  it('may outlive the member, the wait and the pool', async () => {
    for (const good of [true, false]) {
      const lost = createCheckedPool();
      const [member] = (await lost.fill(1)) as [Member];
      lost.ports.clock.jump(2000);
      const waiter = lost.acquire({ dueAt: 2100 });
      member.close(refused());
      await lost.settle();
      expect(lost.dials).toHaveLength(2);
      await lost.checks[0]?.end(good);
      expect(lost.dials).toHaveLength(2);
      await lost.ports.clock.advance(200);
      expect((waiter.result as Failure).kind).toBe('timeout');
      await lost.dials[1]?.end();
      expect(lost.pool.stats()).toMatchObject({ open: 1, idle: 1, leased: 0, waiting: 0 });

      const destroyed = createCheckedPool();
      const [other] = (await destroyed.fill(1)) as [Member];
      destroyed.ports.clock.jump(2000);
      destroyed.acquire();
      destroyed.pool.destroy(refused());
      await destroyed.checks[0]?.end(good);
      expect(other.closedWith).toBeDefined();
      expect(destroyed.dials).toHaveLength(1);
      expect(destroyed.pool.stats()).toMatchObject({ open: 0, idle: 0 });
    }
  });
});

describe('Pool: the end', () => {
  const over = new Failure({ kind: 'closed', message: 'over', outcome: 'not-sent', retryable: false });

  it('closes all members and ends all that wait, now and later', async () => {
    const { pool, acquire, fill, dials, settle, changes, ports } = createPool({ max: 2, min: 2, maxIdleMs: 1000 });
    const members = (await fill(2)) as [Member, Member];
    pool.tryMember();
    pool.tryMember();
    pool.giveBack(members[0]);
    pool.tryMember();
    const waiters = [acquire(), acquire({ fresh: true })];
    const before = changes.length;
    pool.destroy(over);
    expect(members.map(({ closedWith }) => closedWith)).toEqual([over, over]);
    expect(waiters.map(({ result }) => result)).toEqual([over, over]);
    expect(acquire().result).toBe(over);
    expect(acquire({ fresh: true }).result).toBe(over);
    expect(pool.tryMember()).toBeUndefined();
    pool.giveBack(members[0]);
    pool.warm();
    pool.destroy(refused());
    await settle();
    expect(pool.stats()).toMatchObject({ open: 0, idle: 0, leased: 0, dialing: 0, waiting: 0, opened: 2, closed: 2 });
    expect(changes).toHaveLength(before);
    // A minimum is not kept for a pool that is gone.
    await ports.clock.advance(60_000);
    expect(dials).toHaveLength(2);
    expect(ports.clock.pendingTimers).toBe(0);
  });

  it('closes what comes up afterwards, and takes no notice of what fails', async () => {
    const { pool, ports, acquire, dials, settle } = createPool({ min: 3 });
    acquire();
    pool.warm();
    await settle();
    expect(dials).toHaveLength(3);
    pool.destroy(over);
    await dials[0]?.end();
    await dials[1]?.end(refused());
    dials[2]?.member.close(refused());
    await dials[2]?.end();
    expect(dials[0]?.member.closedWith).toBe(over);
    await ports.clock.advance(60_000);
    expect(dials).toHaveLength(3);
    expect(pool.stats()).toMatchObject({ open: 0, dialing: 0 });
    expect(ports.clock.pendingTimers).toBe(0);
  });

  it('leaves no timer, whichever was running', async () => {
    const growing = createPool({ max: 2 });
    growing.acquire();
    growing.acquire();
    await growing.settle();
    await growing.dials[0]?.end();
    await growing.dials[1]?.end(refused());
    const sweeping = createPool({ maxIdleMs: 1000 });
    await sweeping.fill(1);
    for (const { pool, ports } of [growing, sweeping]) {
      await ports.clock.advance(tickMs);
      expect(ports.clock.pendingTimers).toBeGreaterThan(0);
      pool.destroy(over);
      await ports.clock.advance(tickMs);
      expect(ports.clock.pendingTimers).toBe(0);
    }
  });

  it('may come from anybody who is told something', async () => {
    const inWaiter = createPool();
    inWaiter.pool.acquire(new Pending<Lease<Member>>(() => inWaiter.pool.destroy(over), Infinity));
    await inWaiter.settle();
    await inWaiter.dials[0]?.end();
    const inChange: PoolLab = createPool({ min: 2, onChange: () => inChange.pool.destroy(over) });
    const waiters = [inChange.acquire(), inChange.acquire()];
    await inChange.settle();
    await inChange.dials[0]?.end();
    await inChange.dials[1]?.end();
    expect(waiters.map(({ result }) => result)).toEqual([inChange.dials[0]?.member, over]);
    expect(inWaiter.changes).toEqual([]);
    for (const { pool, dials, ports } of [inWaiter, inChange]) {
      expect(dials.every(({ member }) => member.closedWith === over)).toBe(true);
      expect(pool.stats()).toMatchObject({ open: 0, dialing: 0 });
      await ports.clock.advance(60_000);
      expect(ports.clock.pendingTimers).toBe(0);
    }
  });
});
