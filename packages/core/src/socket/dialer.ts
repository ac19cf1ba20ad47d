/** Opens connections to a list of addresses that lead to one store. */

import type { SocketTarget } from '../endpoint.ts';
import { Failure } from '../errors/failure.ts';
import { Connection, type ConnectionOptions, type Wire } from './connection.ts';

export interface DialerOptions<W extends Wire> extends Omit<ConnectionOptions<W>, 'target'> {
  /** In order of preference, at least one. */
  readonly targets: readonly SocketTarget[];
}

/**
 * Tries the addresses in turn, beginning with the one that answered last. `connectTimeoutMs` is for the whole
 * round; each address gets its share of what is left, so that one black hole does not use it up.
 */
export class Dialer<W extends Wire> {
  readonly #options: DialerOptions<W>;
  #preferred = 0;

  constructor(options: DialerOptions<W>) {
    this.#options = options;
  }

  async open(
    onClosed?: (connection: Connection<W>, failure: Failure) => void,
    signal?: AbortSignal,
  ): Promise<Connection<W> | Failure> {
    const { targets, timekeeper, connectTimeoutMs } = this.#options;
    const { clock } = timekeeper;
    const dueAt = clock.now() + connectTimeoutMs;
    const first = this.#preferred;
    const earlier: string[] = [];
    for (let i = 0; ; i += 1) {
      const index = (first + i) % targets.length;
      const left = targets.length - i;
      const share = Math.max(1, (dueAt - clock.now()) / left);
      const result = await Connection.open(
        { ...this.#options, target: targets[index] as SocketTarget, connectTimeoutMs: share, onClosed },
        signal,
      );
      if (!(result instanceof Failure)) {
        this.#preferred = index;
        return result;
      }
      if (left === 1 || isFinal(result)) {
        return earlier.length === 0 ? result : new Failure({ ...result, details: { ...result.details, earlier } });
      }
      earlier.push(`${result.endpoint ?? '?'}: ${result.code}`);
    }
  }
}

/** Failures that another address would only repeat. */
function isFinal(failure: Failure): boolean {
  return failure.kind === 'aborted' || failure.kind === 'closed' || failure.kind === 'authentication';
}
