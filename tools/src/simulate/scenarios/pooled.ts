/** A pool of connections that carry one request at a time and are closed when one is given up: LensDB's shape. */

import { Caller, type CallLimits, Failure, fullJitter } from '@wirewright/core';
import { Connection, wirePool } from '@wirewright/core/socket';
import type { Scenario, World } from '@wirewright/core/testing';
import { maxAttempts, type Perform } from './calls.ts';
import { Kind } from './frames.ts';
import { runSchedule } from './schedule.ts';
import { Server } from './server.ts';
import { type InOrderWire, inOrderWire } from './wire.ts';

export const pooled: Scenario = {
  name: 'pool, one request at a time',
  async run(world: World): Promise<void> {
    const { random } = world;
    const server = new Server(world, { order: 'one' });
    const policy = { maxAttempts, backoff: fullJitter({ baseMs: 2, capMs: 20 }) };
    const caller = new Caller({ system: 'simulated', ports: world, policy, timeoutMs: 1000 });
    const { timekeeper } = caller;
    const [max, maxWaiters] = [random.integer(1, 4), random.integer(1, 8)];
    const pool = caller.own(
      wirePool<InOrderWire>({
        ports: world,
        timekeeper,
        max,
        min: random.chance(0.3) ? 1 : 0,
        maxWaiters,
        maxIdleMs: random.pick([5, 50, 60_000]),
        maxLifetimeMs: random.pick([20, 1000, Infinity]),
        open: (hooks) =>
          Connection.open<InOrderWire>({
            ...world,
            ...hooks,
            timekeeper,
            target: { host: 'server', port: 1 },
            connectTimeoutMs: 50,
            createWire: (connection) => closingWire(connection),
          }),
      }),
    );
    const closingWire = (connection: Connection<InOrderWire>): InOrderWire => {
      const wire = inOrderWire(connection, timekeeper, { maxInFlight: 1 });
      return Object.assign(wire, { onTombstone: () => connection.close(givenUp) });
    };
    const out = new Set<InOrderWire>();
    /** Holds on to a connection without using it: no longer than the call may take. */
    const hesitate = async ({ dueAt, signal }: CallLimits): Promise<void> => {
      const ms = Math.min(random.next() * 10, dueAt - world.clock.now());
      if (!signal && ms > 0) await new Promise<void>((done) => void world.clock.setTimer(done, ms));
    };
    const perform: Perform = (call, options) => {
      let tries = 0;
      return caller.run(options, call.kind === Kind.Read, async (limits) => {
        tries += 1;
        const lease = await pool.lease(limits, tries > 1);
        if (lease instanceof Failure) return lease;
        const { member: wire } = lease;
        if (out.has(wire)) world.violation('a connection was leased to two at once');
        out.add(wire);
        try {
          if (random.chance(0.2)) await hesitate(limits);
          return await wire.call({ ...call, id: 0 }, limits);
        } finally {
          out.delete(wire);
          lease.release();
          // Somebody's mistake, when the connection may be with another by then.
          if (random.chance(0.2)) world.clock.setTimer(() => lease.release(), random.next() * 20).unref();
        }
      });
    };
    const check = (): void => {
      const { waiting, open, dialing } = pool.stats();
      if (waiting > maxWaiters) world.violation(`${waiting} calls wait for the pool, at most ${maxWaiters} may`);
      if (open + dialing > max)
        world.violation(`${open + dialing} connections are open or dialled, at most ${max} may`);
    };
    await runSchedule(world, server, { caller, perform, check }, { calm: (calls) => calls.expectSuccess() });
  },
};
const givenUp = new Failure({ kind: 'connection', message: 'given up', outcome: 'unknown', retryable: true });
