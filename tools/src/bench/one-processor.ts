/**
 * One request at a time, client and server take turns. On two processors each turn wakes the other one, which costs what
 * the machine makes it cost, and that differs from one pair of processes to the next by more than what is measured. On
 * one processor they take turns in the same way every time.
 */

import { execFileSync } from 'node:child_process';

/** The processes of a case, on one processor until they are let go. */
export class OneProcessor {
  /** Affinity masks as they were, by process. */
  readonly #before = new Map<number, string>();
  readonly #taskset: Taskset;

  /** Undefined where processes cannot be moved: that takes Linux with `taskset`. */
  static find(taskset: Taskset = runTaskset): OneProcessor | undefined {
    if (process.platform !== 'linux') return undefined;
    const found = new OneProcessor(taskset);
    return found.#maskOf(process.pid) === undefined ? undefined : found;
  }

  private constructor(taskset: Taskset) {
    this.#taskset = taskset;
  }

  /** Moves a process, all threads, to the first of the processors that it may run on. False when that is not allowed. */
  hold(pid: number): boolean {
    const mask = this.#maskOf(pid);
    if (mask === undefined) return false;
    const bits = BigInt(`0x${mask}`);
    if (this.#run('-ap', (bits & -bits).toString(16), String(pid)) === undefined) return false;
    this.#before.set(pid, mask);
    return true;
  }

  /** Lets all of them run where they could before. Those that have ended are no concern. */
  letGo(): void {
    for (const [pid, mask] of this.#before) this.#run('-ap', mask, String(pid));
    this.#before.clear();
  }

  #maskOf(pid: number): string | undefined {
    return this.#run('-p', String(pid))?.match(/mask: ([\da-f]+)\s*$/)?.[1];
  }

  #run(...args: string[]): string | undefined {
    try {
      return this.#taskset(args);
    } catch {
      return undefined;
    }
  }
}

/** Runs `taskset` of util-linux; what it prints. Throws when it fails. */
type Taskset = (args: readonly string[]) => string;

const runTaskset: Taskset = (args) =>
  execFileSync('taskset', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  });
