/** Calls of a schedule, and what must be true of each of them. */

import { type CallOptions, Failure, GaveUp, tickMs } from '@wirewright/core';
import type { World } from '@wirewright/core/testing';
import { Kind } from './frames.ts';
import type { Server } from './server.ts';

export interface Call {
  readonly operation: number;
  readonly kind: typeof Kind.Read | typeof Kind.Write;
  readonly size: number;
}

/** Makes a call; its result is the operation that the answer was for. */
export type Perform = (call: Call, options: CallOptions) => Promise<number | GaveUp>;

/** Most tries of a call in every scenario. */
export const maxAttempts = 3;

/** Ends of deadlines are computed with fractions of milliseconds. */
const rounding = 1e-6;

interface Made extends Call {
  readonly dueAt: number;
  settled: number;
  result: number | GaveUp | undefined;
}

export class Calls {
  readonly #world: World;
  readonly #server: Server;
  readonly #perform: Perform;
  readonly #made: Made[] = [];
  #next = 1;

  constructor(world: World, server: Server, perform: Perform) {
    this.#world = world;
    this.#server = server;
    this.#perform = perform;
  }

  /** Plans `count` calls at random times within `spanMs`. */
  plan(count: number, spanMs: number): void {
    const { random, clock } = this.#world;
    for (let i = 0; i < count; i += 1)
      clock.setTimer(() => this.start(), random.chance(0.3) ? 0 : random.next() * spanMs);
  }

  /** Makes one call now, with a random deadline, and perhaps a signal. */
  start(timeoutMs?: number): void {
    const { random, clock } = this.#world;
    const limitMs = timeoutMs ?? random.between(1, 250);
    const kind = random.chance(0.5) ? Kind.Read : Kind.Write;
    const size = random.chance(0.1) ? random.integer(1, 9000) : random.integer(0, 20);
    const made: Made = {
      operation: this.#next++,
      kind,
      size,
      dueAt: clock.now() + limitMs,
      settled: 0,
      result: undefined,
    };
    this.#made.push(made);
    const signal =
      timeoutMs === undefined && random.chance(0.25) ? this.#abortable(random.next() * limitMs) : undefined;
    void this.#watch(made, this.#perform(made, { timeoutMs: limitMs, signal }));
  }

  /** At the end of a schedule: every call ended, once, in time, with its own answer and an honest outcome. */
  check(): void {
    for (const made of this.#made) {
      const { operation, kind, settled, result } = made;
      const name = `${kind === Kind.Read ? 'read' : 'write'} ${operation}`;
      const { received, executed } = this.#server.of(operation);
      if (settled !== 1) this.#world.violation(`${name} settled ${settled} times, not once`);
      const most = kind === Kind.Read ? maxAttempts : 1;
      if (received > most) this.#world.violation(`${name} was sent ${received} times, at most ${most} were allowed`);
      if (result instanceof GaveUp) {
        const { outcome, code } = result.failure;
        if (outcome !== 'unknown' && executed > 0) {
          this.#world.violation(`${name} ended '${outcome}' (${code}), but the server did it`);
        }
      } else if (result !== undefined && executed === 0) {
        this.#world.violation(`${name} succeeded, but the server never did it`);
      }
    }
  }

  /** Makes a call while everything is well: it has to succeed. */
  async expectSuccess(): Promise<void> {
    this.start(900);
    const made = this.#made.at(-1) as Made;
    await this.#world.clock.advance(900 + tickMs);
    if (typeof made.result === 'number') return;
    const { code } = (made.result as GaveUp).failure;
    this.#world.violation(`operation ${made.operation} failed (${code}) although network and server are well`);
  }

  async #watch(made: Made, promise: Promise<number | GaveUp>): Promise<void> {
    const { clock } = this.#world;
    try {
      made.result = await promise;
    } catch (error) {
      this.#world.violation(`operation ${made.operation} threw ${String(error)}`);
    }
    made.settled += 1;
    const late = clock.now() - made.dueAt;
    if (late > tickMs + rounding) {
      this.#world.violation(`operation ${made.operation} settled ${late.toFixed(1)} ms after its deadline`);
    }
    if (typeof made.result === 'number' && made.result !== made.operation) {
      this.#world.violation(`operation ${made.operation} got the answer of operation ${made.result}`);
    }
  }

  #abortable(afterMs: number): AbortSignal {
    const controller = new AbortController();
    this.#world.clock.setTimer(() => controller.abort(), afterMs).unref();
    return controller.signal;
  }
}

/** What an answer means. */
export function resultOf(kind: Kind, operation: number): number | Failure {
  if (kind !== Kind.Refused) return operation;
  return new Failure({ kind: 'server', message: 'refused', outcome: 'rejected', retryable: false });
}
