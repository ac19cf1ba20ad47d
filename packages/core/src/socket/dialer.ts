/** Finds the first of several addresses, all doors to one store, that can be opened. */

import type { Timekeeper } from '../deadline.ts';
import { formatTarget, type SocketTarget } from '../endpoint.ts';
import { Failure } from '../errors/failure.ts';
import { ArgumentError } from '../errors/kinds.ts';

export interface DialerOptions<T> {
  readonly timekeeper: Timekeeper;
  /** In order of preference, at least one. */
  readonly targets: readonly SocketTarget[];
  /** For a whole round over the addresses. */
  readonly connectTimeoutMs: number;
  /** Opens one address within `timeoutMs`, or says why not. Must not reject. */
  readonly open: (target: SocketTarget, timeoutMs: number) => Promise<T | Failure>;
}

/**
 * Tries the addresses in turn, beginning with the one that answered last. Each gets its share of the time that is
 * left, so that one black hole does not use it up.
 */
export class Dialer<T> {
  readonly #options: DialerOptions<T>;
  #preferred = 0;

  /** @throws ArgumentError when there is no address. */
  constructor(options: DialerOptions<T>) {
    if (options.targets.length === 0) throw new ArgumentError('no address to connect to was given; give at least one');
    this.#options = options;
  }

  async open(): Promise<T | Failure> {
    const { targets, timekeeper, connectTimeoutMs } = this.#options;
    const { clock } = timekeeper;
    const dueAt = clock.now() + connectTimeoutMs;
    const first = this.#preferred;
    const earlier: string[] = [];
    for (let i = 0; ; i += 1) {
      const index = (first + i) % targets.length;
      const target = targets[index] as SocketTarget;
      const left = targets.length - i;
      const result = await this.#options.open(target, Math.max(1, (dueAt - clock.now()) / left));
      if (!(result instanceof Failure)) {
        this.#preferred = index;
        return result;
      }
      if (left === 1 || isFinal(result) || clock.now() >= dueAt) {
        return earlier.length === 0 ? result : new Failure({ ...result, details: { ...result.details, earlier } });
      }
      earlier.push(`${formatTarget(target)}: ${result.code}`);
    }
  }
}

/** Failures that another address would only repeat. */
function isFinal(failure: Failure): boolean {
  return failure.kind === 'aborted' || failure.kind === 'closed' || failure.kind === 'authentication';
}
