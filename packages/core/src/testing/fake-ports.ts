/** Time, randomness and turns in the hands of a test. */

import { type Ports, systemPorts, type Turns } from '../ports.ts';
import { FakeClock } from './fake-clock.ts';
import type { FakeTurns } from './fake-turns.ts';
import { SeededRandom } from './seeded-random.ts';

export interface FakePortsOptions {
  /** Seed of `random`, an integer from 0 to 2^32 - 1. Default 1. */
  readonly seed?: number;
  /** What the clock says at the start, in milliseconds. Default 0. */
  readonly startMs?: number;
  /**
   * `fake`: turns wait for the clock to be advanced, or to be run by hand. `system`: the platform's own, for
   * tests that join virtual time and real sockets. Default `fake`.
   */
  readonly turns?: 'fake' | 'system';
}

export interface FakePorts extends Ports {
  readonly clock: FakeClock;
  readonly random: SeededRandom;
  /** What the client is given: `fakeTurns`, or the platform's own. */
  readonly turns: Turns;
  /** The turns that the clock runs. */
  readonly fakeTurns: FakeTurns;
  /** Runs all that can happen without time passing. */
  settle(): Promise<void>;
  /** Back to the start with another seed: nothing of what ran before is left. */
  reset(seed: number): void;
}

/** @throws ArgumentError when the seed is not an integer from 0 to 2^32 - 1 */
export function createFakePorts(options: FakePortsOptions = {}): FakePorts {
  const startMs = options.startMs ?? 0;
  const clock = new FakeClock({ startMs });
  const random = new SeededRandom(options.seed ?? 1);
  return {
    clock,
    random,
    turns: options.turns === 'system' ? systemPorts.turns : clock.turns,
    fakeTurns: clock.turns,
    settle: () => clock.advance(0),
    reset(seed) {
      clock.reset(startMs);
      random.reseed(seed);
    },
  };
}
