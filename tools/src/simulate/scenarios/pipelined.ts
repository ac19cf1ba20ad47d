/** A session with many requests in flight on an in-order wire: tombstones, stalls, a waiting room, redials. */

import { Caller, fullJitter, type Pending } from '@wirewright/core';
import { Connection, Session } from '@wirewright/core/socket';
import type { Scenario, World } from '@wirewright/core/testing';
import { maxAttempts } from './calls.ts';
import { type Frame, Kind } from './frames.ts';
import { runSchedule } from './schedule.ts';
import { Server } from './server.ts';
import { type InOrderWire, inOrderWire } from './wire.ts';

export const pipelined: Scenario = {
  name: 'session, pipelined in order',
  async run(world: World): Promise<void> {
    const { random } = world;
    const server = new Server(world, { order: 'in-order' });
    const policy = { maxAttempts, backoff: fullJitter({ baseMs: 2, capMs: 20 }) };
    const caller = new Caller({ system: 'simulated', ports: world, policy, timeoutMs: 1000 });
    const { timekeeper } = caller;
    const [maxInFlight, maxWaiting, stallMs] = [random.integer(1, 8), random.integer(1, 8), random.pick([20, 100])];
    const session: Session<Frame, InOrderWire> = caller.own(
      new Session<Frame, InOrderWire>({
        ports: world,
        timekeeper,
        backoff: fullJitter({ baseMs: 5, capMs: 40 }),
        maxWaiting,
        maxWaitingBytes: 50_000,
        open: (hooks) =>
          Connection.open<InOrderWire>({
            ...world,
            ...hooks,
            timekeeper,
            target: { host: 'server', port: 1 },
            connectTimeoutMs: 50,
            createWire: (connection) =>
              inOrderWire(connection, timekeeper, {
                maxInFlight,
                stallMs,
                maxQueuedBytes: random.pick([1000, 100_000]),
              }),
          }),
        liveness: random.chance(0.5) ? liveness : undefined,
      }),
    );
    if (random.chance(0.5)) session.start();
    const perform = (call: { kind: Kind; operation: number; size: number }, options: object): Promise<never> =>
      caller.submit(options, call.kind === Kind.Read, (pending: Pending) =>
        session.submit({ ...call, id: 0 }, pending, call.size + 13),
      ) as Promise<never>;
    const check = (): void => {
      if (session.waiting > maxWaiting) world.violation(`${session.waiting} calls wait, at most ${maxWaiting} may`);
      const inFlight = session.wire?.inFlight ?? 0;
      if (inFlight > maxInFlight + 1) world.violation(`${inFlight} requests are in flight, at most ${maxInFlight} may`);
    };
    await runSchedule(world, server, { caller, perform, check }, { calm: (calls) => calls.expectSuccess() });
  },
};

const liveness = {
  idleMs: 40,
  // The largest request takes up to 100 ms through the smallest window of a rough wire, and a ping waits behind it.
  timeoutMs: 200,
  ping: (wire: InOrderWire): void => void wire.call({ kind: Kind.Ping, id: 0, operation: 0, size: 0 }),
};
