/** Finds what a test has left behind: handles of the process, listeners, timers. It returns data and asserts nothing. */

import { getEventListeners } from 'node:events';
import { turnOfEventLoop } from './event-loop.ts';
import type { FakeClock } from './fake-clock.ts';
import type { VirtualNet } from './virtual-net.ts';

export interface LeakCheckOptions {
  /** Whose timers count. */
  readonly clock?: FakeClock;
  /** Whose client sockets count. */
  readonly net?: VirtualNet;
  /** Whose `abort` listeners count. */
  readonly signals?: readonly AbortSignal[];
  /** Kinds of handles that count, as Node names them. Default: sockets, listeners, timers and child processes. */
  readonly handles?: readonly string[];
  /** Turns of the event loop to wait for handles that are being closed. Default 50. */
  readonly turns?: number;
}

export interface Leak {
  /** `handle TCPSocketWrap`, `abort listener`, `virtual timer`, `virtual socket`. */
  readonly what: string;
  readonly before: number;
  readonly after: number;
}

/** What a client or a testing server may hold. Files and DNS questions come and go without them. */
const ownHandles: readonly string[] = [
  'TCPSocketWrap',
  'TCPServerWrap',
  'TLSWrap',
  'PipeWrap',
  'PipeServerWrap',
  'Timeout',
  'ProcessWrap',
];

/** How many handles of each kind keep the process alive now. */
export function activeHandles(kinds: readonly string[] = ownHandles): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) {
    if (kinds.includes(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

type Snapshot = ReadonlyMap<string, number>;

function take({ clock, net, signals, handles }: LeakCheckOptions): Snapshot {
  const counts = new Map<string, number>();
  for (const [name, count] of activeHandles(handles)) counts.set(`handle ${name}`, count);
  if (clock) counts.set('virtual timer', clock.pendingTimers);
  if (net) counts.set('virtual socket', net.openSockets);
  if (signals) {
    const listeners = signals.map((signal) => getEventListeners(signal, 'abort').length);
    counts.set(
      'abort listener',
      listeners.reduce((sum, count) => sum + count, 0),
    );
  }
  return counts;
}

function grown(before: Snapshot, after: Snapshot): Leak[] {
  const leaks: Leak[] = [];
  for (const [what, count] of after) {
    const earlier = before.get(what) ?? 0;
    if (count > earlier) leaks.push({ what, before: earlier, after: count });
  }
  return leaks;
}

export interface LeakCheck {
  /** What there is more of than at the start; handles that are being closed are waited for. Empty is well. */
  leaks(): Promise<readonly Leak[]>;
}

/** Remembers what there is now. */
export function startLeakCheck(options: LeakCheckOptions = {}): LeakCheck {
  const before = take(options);
  return {
    async leaks() {
      let leaks = grown(before, take(options));
      for (let turn = options.turns ?? 50; turn > 0 && leaks.length > 0; turn -= 1) {
        await turnOfEventLoop();
        leaks = grown(before, take(options));
      }
      return leaks;
    },
  };
}

/**
 * Runs `use` and says what it has left behind: `expect(await leaksOf(() => …)).toEqual([])`.
 *
 * @throws what `use` throws
 */
export async function leaksOf(use: () => unknown, options: LeakCheckOptions = {}): Promise<readonly Leak[]> {
  const check = startLeakCheck(options);
  await use();
  return check.leaks();
}
