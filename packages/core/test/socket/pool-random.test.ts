import { describe, it } from 'vitest';
import { Failure } from '../../src/index.ts';
import { SeededRandom } from '../../src/testing/index.ts';
import { agree } from '../support/agree.ts';
import { createPool, type Member, refused, type Waiter } from '../support/pool-lab.ts';

/** A pool, and what somebody who looks at it from outside knows of it. */
function createWorld(random: SeededRandom) {
  const max = random.integer(1, 5);
  const checks: ((good: boolean) => void)[] = [];
  const checked = random.chance(0.5);
  const lab = createPool({
    max,
    min: random.integer(0, max),
    maxIdleMs: random.pick([Infinity, 400]),
    maxLifetimeMs: random.pick([Infinity, 3000]),
    maxWaiters: random.pick([5, 1000]),
    ...(checked
      ? { validateAfterMs: 100, validate: () => new Promise<boolean>((resolve) => void checks.push(resolve)) }
      : {}),
  });
  const waiters: Waiter[] = [];
  const taken = new Set<Waiter>();
  const held = new Set<Member>();
  const ended = new Set<number>();
  /** Leases that were given since the last look. */
  const collect = (): void => {
    for (const waiter of waiters) {
      if (!waiter.result || taken.has(waiter)) continue;
      taken.add(waiter);
      if (waiter.result instanceof Failure) continue;
      agree(held.has(waiter.result), false, `${waiter.result.name} was leased twice`);
      held.add(waiter.result);
    }
  };
  const verify = (): void => {
    collect();
    const { open, idle, leased, dialing, waiting, opened, closed } = lab.pool.stats();
    agree(open, idle + leased, 'open');
    agree(open + dialing <= max, true, `no more than ${max}`);
    agree(opened - closed, open, 'opened and closed');
    agree(dialing, lab.dials.length - ended.size, 'dialing');
    agree(waiting, waiters.filter(({ result }) => result === undefined).length, 'waiting');
    const alive = lab.dials.filter(({ member }, i) => ended.has(i) && !member.closedWith && !failed.has(i));
    agree(alive.length, open, 'members that are alive, and those that the pool knows');
    const out = new Set(lab.pool.leaked(-1).map(({ member }) => member));
    for (const member of held) if (!member.closedWith) agree(out.has(member), true, `${member.name} is out`);
  };
  const failed = new Set<number>();
  return {
    ...lab,
    checks,
    held,
    waiters,
    verify,
    collect,
    acquire(options: Parameters<typeof lab.acquire>[0]) {
      waiters.push(lab.acquire(options));
    },
    async endDial(fail: boolean) {
      const open = lab.dials.map((_, i) => i).filter((i) => !ended.has(i));
      if (open.length === 0) return;
      const index = random.pick(open);
      ended.add(index);
      if (fail) failed.add(index);
      await lab.dials[index]?.end(fail ? refused() : undefined);
    },
    get dialing() {
      return lab.dials.length > ended.size;
    },
  };
}

describe('Pool, at random', () => {
  it('leases each member to one at a time, counts right, and forgets nobody', async () => {
    const random = new SeededRandom(61);
    for (let round = 0; round < 500; round += 1) {
      const world = createWorld(random);
      const { pool, ports, held, checks } = world;
      for (let step = 0; step < 120; step += 1) {
        const choice = random.integer(0, 11);
        if (choice <= 3) {
          const dueAt = random.chance(0.3) ? ports.clock.now() + random.integer(1, 200) : Infinity;
          world.acquire({ dueAt, fresh: random.chance(0.2) });
        } else if (choice <= 5) await world.endDial(random.chance(0.3));
        else if (choice <= 7 && held.size > 0) {
          const member = random.pick([...held]);
          held.delete(member);
          if (random.chance(0.1)) member.usable = false;
          pool.giveBack(member);
        } else if (choice === 8 && held.size > 0) random.pick([...held]).close(refused());
        else if (choice === 9) {
          const member = pool.tryMember();
          if (member) agree(held.has(member), false, 'leased twice');
          if (member) held.add(member);
        } else if (choice === 10) checks.shift()?.(random.chance(0.8));
        else await ports.clock.advance(random.integer(1, 150));
        await world.settle();
        world.verify();
      }
      // The server is well, and everybody gives back: whoever waits is served.
      for (let turn = 0; turn < 200 && (pool.stats().waiting > 0 || world.dialing); turn += 1) {
        await world.endDial(false);
        checks.shift()?.(true);
        world.collect();
        for (const member of held) {
          held.delete(member);
          pool.giveBack(member);
        }
        await ports.clock.advance(50);
        world.verify();
      }
      agree(pool.stats().waiting, 0, 'still waiting');
      pool.destroy(refused());
      for (const check of checks.splice(0)) check(true);
      await world.settle();
      world.verify();
      agree(pool.stats().open, 0, 'open after the end');
      await ports.clock.advance(10_000);
      agree(ports.clock.pendingTimers, 0, 'timers after the end');
    }
  });
});
