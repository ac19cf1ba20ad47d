import { Failure, Pending, Timekeeper } from '../../src/index.ts';
import { type Lease, Pool, type PoolMember, type PoolOptions } from '../../src/socket/index.ts';
import { createFakePorts, type FakePorts } from '../../src/testing/index.ts';

export class Member implements PoolMember {
  readonly name: string;
  readonly #onClosed: (member: Member, failure: Failure) => void;
  usable = true;
  closedWith: Failure | undefined;

  constructor(name: string, onClosed: (member: Member, failure: Failure) => void) {
    this.name = name;
    this.#onClosed = onClosed;
  }

  /** As a connection does: tells at once, and once. */
  close(failure: Failure): void {
    if (this.closedWith) return;
    this.usable = false;
    this.closedWith = failure;
    this.#onClosed(this, failure);
  }
}

export function refused(code = 'CONNECT_FAILED'): Failure {
  return new Failure({ kind: 'connection', code, message: 'no server', outcome: 'not-sent', retryable: true });
}

/** A dial under way. */
export interface Dial {
  readonly member: Member;
  /** It is up, or failed. */
  end(failure?: Failure): Promise<void>;
}

/** A pool whose leases are told by their members. */
export class MemberPool extends Pool<Member> {
  readonly #leases = new Map<Member, Lease<Member>>();

  note(lease: Lease<Member>): Member {
    this.#leases.set(lease.member, lease);
    return lease.member;
  }

  tryMember(): Member | undefined {
    const lease = this.tryAcquire();
    return lease && this.note(lease);
  }

  /** Releases the last lease of a member. */
  giveBack(member: Member): void {
    this.#leases.get(member)?.release();
  }
}

export interface Waiter {
  readonly pending: Pending<Lease<Member>>;
  result: Member | Failure | undefined;
}

export interface PoolLab {
  readonly ports: FakePorts;
  readonly timekeeper: Timekeeper;
  readonly pool: MemberPool;
  /** All dials so far. */
  readonly dials: Dial[];
  readonly changes: [number, string | undefined][];
  acquire(options?: { dueAt?: number; signal?: AbortSignal; fresh?: boolean }): Waiter;
  /** Opens this many members and gives them back, the first first. */
  fill(count: number): Promise<Member[]>;
  settle(): Promise<void>;
}

export function createPool(options: Partial<PoolOptions<Member>> = {}): PoolLab {
  const ports = createFakePorts();
  const timekeeper = new Timekeeper(ports.clock);
  const dials: Dial[] = [];
  const changes: [number, string | undefined][] = [];
  const open: PoolOptions<Member>['open'] = (onClosed) =>
    new Promise((resolve) => {
      const member = new Member(`m${dials.length}`, onClosed);
      dials.push({
        member,
        end(failure) {
          resolve(failure ?? member);
          return ports.settle();
        },
      });
    });
  const pool = new MemberPool({
    ports,
    timekeeper,
    open,
    max: 3,
    maxIdleMs: Infinity,
    onChange: (count, failure) => void changes.push([count, failure?.code]),
    ...options,
  });
  const lab: PoolLab = {
    ports,
    timekeeper,
    pool,
    dials,
    changes,
    acquire({ dueAt = Infinity, signal, fresh = false } = {}) {
      const waiter: Waiter = {
        pending: new Pending<Lease<Member>>(
          (result) => (waiter.result = result instanceof Failure ? result : pool.note(result)),
          dueAt,
          signal,
        ),
        result: undefined,
      };
      timekeeper.add(waiter.pending as Pending);
      pool.acquire(waiter.pending, fresh);
      return waiter;
    },
    async fill(count) {
      const waiters = Array.from({ length: count }, () => lab.acquire());
      await lab.settle();
      for (const dial of dials.slice(-count)) await dial.end();
      const members = waiters.map(({ result }) => result as Member);
      for (const member of members) pool.giveBack(member);
      return members;
    },
    settle: () => ports.settle(),
  };
  return lab;
}
