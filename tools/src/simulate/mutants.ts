/** Rules of core, each switched off once: a simulator that does not notice is not good enough. */

export interface Edit {
  /** Below `packages/core/src`. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
}

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });

export const mutants: readonly Mutant[] = [
  {
    name: 'deadline off',
    edits: [edit('deadline.ts', 'if (now >= this.#earliest) this.#expire(now);', '')],
  },
  {
    name: 'blind retry',
    edits: [edit('retry/policy.ts', "if (failure.outcome === 'unknown' && !rule.idempotent) return false;", '')],
  },
  {
    name: 'reuse after abandon',
    edits: [
      edit('socket/connection.ts', 'this.wire.onTombstone?.();', ''),
      edit('socket/pool-slot.ts', 'this.member.usable && ', ''),
      edit('socket/pipelined-wire.ts', 'if (this.isFull()) return pending.settle(this.#overloaded());', ''),
    ],
  },
  {
    name: 'tombstone off',
    edits: [
      edit(
        'kit/pending/in-order.ts',
        '    this.#tombstones += 1;\n    if (this.#ring.peek() === pending)',
        '    this.#ring.remove(pending);\n    if (this.#ring.peek() === pending)',
      ),
    ],
  },
  {
    name: 'stall limit off',
    edits: [
      edit('socket/connection.ts', 'if (table.stalledMs(now) > stallMs) this.close(', 'if (now < 0) this.close('),
    ],
  },
  {
    name: 'bound of the waiting room off',
    edits: [edit('kit/waiting-room.ts', 'if (this.size >= this.#maxCount ||', 'if (this.size >= 1e9 ||')],
  },
  {
    name: "bound of the pool's waiters off",
    edits: [edit('socket/pool.ts', '>= this.#maxWaiters) {', '>= 1e9) {')],
  },
  {
    name: 'withdrawal believed, bytes sent',
    edits: [edit('socket/connection.ts', 'return this.out.withdraw(pending.from, pending.to);', 'return true;')],
  },
  {
    name: 'lost requests called unsent',
    edits: [edit('socket/connection.ts', 'return pending.from < this.out.flushed;', 'return false;')],
  },
  {
    name: 'epoch check off',
    edits: [edit('socket/session.ts', 'if (this.#connection !== result) return;', '')],
  },
  {
    name: 'late answer delivered',
    edits: [
      edit(
        'caller.ts',
        'override settle(result: T | Failure): void {\n    if (this.settled) return;',
        'override settle(result: T | Failure): void {',
      ),
    ],
  },
  {
    name: 'tombstone id reused',
    edits: [
      edit(
        'kit/pending/by-id.ts',
        "    this.#tombstones += 1;\n    settleAbandoned(pending, why, 'unknown', this.#host);",
        "    this.#take(pending.id);\n    settleAbandoned(pending, why, 'unknown', this.#host);",
      ),
    ],
  },
  {
    name: "stale epoch's push delivered",
    edits: [edit('kit/subscriptions.ts', 'if (epoch !== this.#epoch) return false;', '')],
  },
  {
    name: 'lost resubscription',
    edits: [
      edit('kit/subscriptions.ts', 'const refused = await subscribe(entry.topic, key);', 'const refused = undefined;'),
    ],
  },
  {
    name: 'second reader forgotten',
    edits: [edit('kit/subscriptions.ts', 'entry.readers = [...entry.readers, {', 'entry.readers = [{')],
  },
  {
    name: 'lane not served',
    edits: [edit('socket/session.ts', 'this.#serveLane((this.#firstLane + i) % count)', 'this.#serveLane(0)')],
  },
  {
    name: 'credentials fetched twice at once',
    edits: [edit('credentials.ts', 'this.#fetching ??= this.#run()', 'this.#fetching = this.#run()')],
  },
  {
    name: 'unsent calls dropped at a redial',
    edits: [
      edit(
        'socket/session.ts',
        "this.#setState({ is: 'down', cause: failure, retryInMs: pause });",
        "this.#setState({ is: 'down', cause: failure, retryInMs: pause }); this.#lanes.room(0).leave();",
      ),
    ],
  },
  {
    name: 'idle members left open',
    edits: [edit('socket/pool.ts', 'forAll(slots, ({ member }) => member.close(failure));', '')],
  },
  {
    name: 'released twice, leased to two',
    edits: [edit('socket/pool-lease.ts', 'this.#slot = undefined;', '')],
  },
];
