/** The rules that a fault proxy follows at the moment, and whether one applies. */

import { ArgumentError } from '../errors/kinds.ts';
import {
  type ChunkFault,
  type ConnectionFault,
  covers,
  type Direction,
  type Fault,
  type FaultRule,
  isChunkFault,
  type PassingChunk,
} from './fault.ts';
import type { SeededRandom } from './seeded-random.ts';

/** A rule at work. */
export interface InjectedFault {
  readonly rule: FaultRule;
  /** How often it has struck. */
  readonly fired: number;
  /** Waits until it has struck so often in all. Default once. */
  untilFired(times?: number): Promise<void>;
  /** Takes the rule back: what it has done to connections stays done. Resolves when the proxy listens again. */
  remove(): Promise<void>;
}

function checkNumber(name: string, value: number | undefined, isRight: (value: number) => boolean, what: string): void {
  if (value !== undefined && !isRight(value)) throw new ArgumentError(`${name} must be ${what}, not ${value}`);
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0;
const isPositiveCount = (value: number): boolean => Number.isInteger(value) && value >= 1;
const isDuration = (value: number): boolean => value >= 0 && value < Infinity;

function checkFault(fault: Fault): void {
  if (fault.type === 'drip') checkNumber('intervalMs', fault.intervalMs, isDuration, 'a finite number of milliseconds');
  if (fault.type === 'delay') checkNumber('delayMs', fault.delayMs, isDuration, 'a finite number of milliseconds');
  if (fault.type === 'duplicate') checkNumber('times', fault.times, isPositiveCount, 'an integer of 1 or more');
  if (fault.type === 'truncate') checkNumber('keepBytes', fault.keepBytes, isCount, 'an integer of 0 or more');
  if (fault.type === 'split') {
    const sizes = typeof fault.sizes === 'number' ? [fault.sizes] : (fault.sizes ?? []);
    for (const size of sizes) checkNumber('sizes', size, isPositiveCount, 'integers of 1 or more');
  }
  if (fault.type === 'corrupt') {
    checkNumber('at', fault.at, isCount, 'an integer of 0 or more');
    checkNumber('count', fault.count, isPositiveCount, 'an integer of 1 or more');
    const isMask = (value: number): boolean => isPositiveCount(value) && value <= 255;
    checkNumber('mask', fault.mask, isMask, 'an integer from 1 to 255');
  }
}

function checkTrigger({ when, watch, fault }: FaultRule): void {
  if (watch !== undefined && isChunkFault(fault)) {
    throw new ArgumentError(`'${fault.type}' changes the very chunks that 'when' looks at: it takes no 'watch'`);
  }
  if (when && fault.type === 'refuse') {
    throw new ArgumentError("'refuse' concerns connections that are not there yet: it takes no 'when'");
  }
  if (when && 'afterBytes' in when) checkNumber('afterBytes', when.afterBytes, isCount, 'an integer of 0 or more');
  if (when && 'chunk' in when) checkNumber('chunk', when.chunk, isPositiveCount, 'an integer of 1 or more');
}

export class ActiveRule {
  readonly rule: FaultRule;
  readonly #random: SeededRandom;
  #fired = 0;
  #waiting: { readonly times: number; resolve(): void }[] = [];

  /** @throws ArgumentError for a rule that cannot be */
  constructor(rule: FaultRule, random: SeededRandom) {
    checkFault(rule.fault);
    checkTrigger(rule);
    checkNumber('probability', rule.probability, (value) => value >= 0 && value <= 1, 'from 0 to 1');
    checkNumber('times', rule.times, isPositiveCount, 'an integer of 1 or more');
    this.rule = rule;
    this.#random = random;
  }

  get fired(): number {
    return this.#fired;
  }

  /** The fault, where it is one of chunks. */
  get chunkFault(): ChunkFault | undefined {
    return isChunkFault(this.rule.fault) ? this.rule.fault : undefined;
  }

  /** The fault, where it is one of connections. */
  get connectionFault(): ConnectionFault | undefined {
    return isChunkFault(this.rule.fault) ? undefined : this.rule.fault;
  }

  /** Whether it makes the whole proxy refuse. */
  get closesListener(): boolean {
    const { fault, connections, probability, times } = this.rule;
    return fault.type === 'refuse' && connections === undefined && times === undefined && (probability ?? 1) === 1;
  }

  /** Whether what happens in this direction concerns it. */
  watches(connection: number, direction: Direction): boolean {
    return covers(this.rule.watch ?? this.rule.direction, direction) && this.concerns(connection);
  }

  concerns(connection: number): boolean {
    const { connections } = this.rule;
    if (connections === undefined) return true;
    if (typeof connections === 'function') return connections(connection);
    return typeof connections === 'number' ? connections === connection : connections.includes(connection);
  }

  /** Whether this chunk is one that `when` speaks of. */
  isTime(chunk: PassingChunk): boolean {
    const { when } = this.rule;
    if (!when) return true;
    if ('afterBytes' in when) return chunk.offset >= when.afterBytes;
    if ('chunk' in when) return chunk.index === when.chunk;
    if ('phase' in when) return chunk.phase === when.phase;
    return when.where(chunk);
  }

  /** At which byte of a direction it begins. */
  get afterBytes(): number | undefined {
    const { when } = this.rule;
    return when && 'afterBytes' in when ? when.afterBytes : undefined;
  }

  get phase(): string | undefined {
    const { when } = this.rule;
    return when && 'phase' in when ? when.phase : undefined;
  }

  /** Whether it strikes on this occasion: its probability and number allow it. Counts it if so. */
  strikes(): boolean {
    const { probability = 1, times = Infinity } = this.rule;
    if (this.#fired >= times || !this.#random.chance(probability)) return false;
    this.#fired += 1;
    this.#waiting = this.#waiting.filter((wait) => {
      if (wait.times > this.#fired) return true;
      wait.resolve();
      return false;
    });
    return true;
  }

  untilFired(times: number): Promise<void> {
    if (this.#fired >= times) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ times, resolve }));
  }
}
