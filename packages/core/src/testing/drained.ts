/**
 * Lets promises settle. Virtual time owns timers, sockets and turns, but promises are the engine's: only its
 * microtask queue can run them.
 *
 * Node runs its own nextTick queue, then all microtasks until none is left, then nextTick again. A promise
 * that is resolved from a real `process.nextTick` therefore continues after every microtask that was queued
 * before, and those they queued, however long the chain. It costs about 0.2 microseconds and no pass of the
 * event loop (`setImmediate` costs 1.2); several waiters share one pass.
 */
export function drained(): Promise<void> {
  return new Promise(resumeAtNextTick);
}

const resumeAtNextTick = (resolve: () => void): void => process.nextTick(resolve);
