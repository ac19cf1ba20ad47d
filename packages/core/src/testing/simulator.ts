/** Runs a scenario over many seeds, on virtual time and virtual sockets, and collects what it finds wrong. */

import { createFakePorts, type FakePorts } from './fake-ports.ts';
import { VirtualNet } from './virtual-net.ts';

/** Everything that one schedule has to itself. */
export interface World extends FakePorts {
  readonly net: VirtualNet;
  /** Of this schedule: it alone replays it. */
  readonly seed: number;
  /** Something that must not be was seen. The schedule goes on; say what was expected. */
  violation(what: string): void;
}

export interface Scenario {
  readonly name: string;
  /** Runs one schedule. What it throws is a violation too. */
  run(world: World): Promise<void>;
}

export interface Violation {
  /** `simulate({ scenarios, seed, schedules: 1 })` runs this schedule again. */
  readonly seed: number;
  readonly scenario: string;
  readonly what: string;
}

export interface SimulationOptions {
  readonly scenarios: readonly Scenario[];
  readonly schedules: number;
  /** Of the first schedule, 0 to 2^32 - 1; each further one counts on from it. */
  readonly seed: number;
  /** Ends early after this many violations. Default 100. */
  readonly maxViolations?: number;
}

export interface SimulationResult {
  readonly schedules: number;
  readonly violations: readonly Violation[];
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * The scenario of a schedule is chosen by its seed, so that the seed alone says everything. Exceptions that nobody
 * catches, and promises that nobody awaits, are violations of the schedule that runs; the process goes on.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { scenarios, schedules, seed, maxViolations = 100 } = options;
  const ports = createFakePorts({ seed });
  const net = new VirtualNet({ clock: ports.clock, random: ports.random });
  const violations: Violation[] = [];
  let ran = 0;
  let current: (what: string) => void = () => {};
  const onStray = (error: unknown): void => current(`an error escaped: ${describe(error)}`);
  process.on('uncaughtException', onStray);
  for (; ran < schedules && violations.length < maxViolations; ran += 1) {
    const own = (seed + ran) % 2 ** 32;
    const scenario = scenarios[own % scenarios.length] as Scenario;
    net.reset();
    ports.reset(own);
    const found = (what: string): void => void violations.push({ seed: own, scenario: scenario.name, what });
    current = found;
    try {
      await scenario.run({ ...ports, net, seed: own, violation: found });
    } catch (error) {
      found(`the schedule threw: ${describe(error)}`);
    }
  }
  process.off('uncaughtException', onStray);
  return { schedules: ran, violations };
}
