import { Pending } from '../../src/deadline.ts';
import { Failure } from '../../src/errors/failure.ts';
import type { TableHost } from '../../src/kit/pending/host.ts';

/** A connection reduced to what tables ask: what was written, and how much of it has left. */
export class FakeHost implements TableHost {
  position = 0;
  flushed = 0;
  tombstones = 0;
  onTombstoneCall: (() => void) | undefined;

  /** Writes a request of some bytes. */
  write(pending: Pending, bytes = 10): void {
    pending.from = this.position;
    this.position += bytes;
    pending.to = this.position;
  }

  flush(): void {
    this.flushed = this.position;
  }

  withdraw(pending: Pending): boolean {
    return pending.from >= this.flushed;
  }

  hasLeft(pending: Pending): boolean {
    return pending.from < this.flushed;
  }

  onTombstone(): void {
    this.tombstones += 1;
    this.onTombstoneCall?.();
  }
}

/** A request that keeps what it was settled with. */
export class Request extends Pending {
  readonly results: unknown[] = [];
  readonly name: string;

  constructor(name = 'request', then?: (result: unknown) => void) {
    super((result) => {
      this.results.push(result);
      then?.(result);
    }, Infinity);
    this.name = name;
  }

  get outcome(): string {
    const [result] = this.results;
    return result instanceof Failure ? `${result.kind} ${result.outcome}` : String(result);
  }
}

export function lost(outcome: 'unknown' | 'not-sent' | 'rejected' = 'unknown'): Failure {
  return new Failure({ kind: 'connection', message: 'the connection was closed', outcome, retryable: true });
}
