/** What all scenarios do: a wild part, perhaps a calm one, the end of the client, and a look at what it left. */

import type { Caller, CallOptions } from '@wirewright/core';
import type { World } from '@wirewright/core/testing';
import { Calls, type Perform } from './calls.ts';
import { plantFaults } from './faults.ts';
import type { Server } from './server.ts';

export interface Client {
  readonly caller: Caller;
  readonly perform: Perform;
  /** Looked at again and again: bounds that must hold at any time. */
  check(): void;
}

const wildMs = 200;
/** Far beyond every deadline: what is not over by then never will be. */
const patienceMs = 20_000;

export interface Course {
  /** Runs between the wild part and the end, when the network is well again. */
  readonly calm?: (calls: Calls) => Promise<void>;
}

export async function runSchedule(world: World, server: Server, client: Client, course: Course = {}): Promise<void> {
  const { clock, random, net } = world;
  const heal = plantFaults(world, wildMs);
  const calls = new Calls(world, server, (call, options: CallOptions) => {
    client.check();
    const promise = client.perform(call, options);
    client.check();
    return promise;
  });
  calls.plan(random.integer(1, 24), wildMs);
  if (course.calm && random.chance(0.5)) {
    await clock.advance(wildMs);
    heal();
    server.calm = true;
    await clock.advance(600);
    await course.calm(calls);
  } else if (random.chance(0.5)) {
    await clock.advance(random.next() * wildMs);
    if (random.chance(0.5)) client.caller.destroy(new Error('enough'));
  }
  const closing = client.caller.close(random.chance(0.5) ? 1 : 2000);
  let closed = false;
  void closing.then(() => (closed = true));
  if (!(await clock.runUntilIdle(patienceMs))) world.violation('something still runs long after every deadline');
  if (!closed) world.violation('close() has not resolved');
  leftovers(world, client, net.openSockets);
  // What is still on its way may reach the server, and count against an outcome that said otherwise.
  heal();
  await clock.runUntilIdle(patienceMs);
  calls.check();
}

/** Nothing of a client may be left after its end. */
function leftovers(world: World, client: Client, sockets: number): void {
  const { clock, fakeTurns } = world;
  const { caller } = client;
  if (sockets > 0) world.violation(`${sockets} sockets are left after close()`);
  if (clock.refedTimers > 0) world.violation(`${clock.refedTimers} timers are left after close()`);
  if (fakeTurns.pendingTicks > 0) world.violation('turns are left after close()');
  if (caller.timekeeper.size > 0) world.violation(`${caller.timekeeper.size} pending calls are left after close()`);
  if (caller.lifecycle.calls !== 0) world.violation(`the count of running calls is ${caller.lifecycle.calls}, not 0`);
}
