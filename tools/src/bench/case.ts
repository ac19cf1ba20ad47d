/** What a package brings to `npm run bench`: servers, and cases with their clients. `packages/<id>/bench/index.ts`. */

import type { RunningServer } from './servers.ts';

/** What `packages/<id>/bench/index.ts` exports as `benchmark`. */
export interface Benchmark {
  readonly servers: Readonly<Record<string, BenchServer>>;
  readonly cases: readonly BenchCase[];
}

/** A peer that cases run against: the one that an environment variable names, or one that is started. */
export interface BenchServer {
  /** `REDIS_URL`: the variable that holds its URL. */
  readonly variable: string;
  /** Where the variable is not set; without this method its cases are not run then. */
  start?(): Promise<RunningServer>;
}

export interface BenchCase {
  /** With `valueBytes` and `depth` it tells the case from all others. No slashes. */
  readonly name: string;
  /** A key of the benchmark's servers; undefined for a case that needs none. */
  readonly server: string | undefined;
  /** Operations in flight at once. */
  readonly depth: number;
  readonly valueBytes: number;
  /**
   * By name, in the order of the table: `ours`, `floor`, `bytes` (counts bytes only; printed, and no row of the JSON),
   * and peers. Each runs in a process of its own.
   */
  readonly clients: Readonly<Record<string, OpenClient>>;
  /** Brings the server into the state that the case needs. */
  prepare?(url: string): Promise<void>;
  /** After all rounds: throws when what was acknowledged is not there. Its rows do not count then. */
  verify?(url: string): Promise<void>;
  /** Prints for how long the event loop was blocked. One operation after the other makes no sense here: no warm-up. */
  readonly measuresStall?: boolean;
}

export interface BenchSetup {
  /** Empty for a case without a server. */
  readonly url: string;
  readonly depth: number;
  readonly valueBytes: number;
}

/** Connects a client, or says why this one is absent. Throws when the client answers wrongly. */
export type OpenClient = (setup: BenchSetup) => Promise<BenchClient | Absent>;

export type BenchClient = CallingClient | DrivingClient;

/** A client that is called by as many callers as the case is deep, each with one call at a time. */
export interface CallingClient {
  /** One operation of caller `slot`, 0 to depth - 1. */
  call(slot: number): Promise<unknown>;
  close(): Promise<void> | void;
}

/** A client whose operations are no calls: messages that come in, bytes that are counted. */
export interface DrivingClient {
  /** Makes operations while `run.running`. @returns how many were done */
  drive(run: DrivenRun): Promise<number>;
  close(): Promise<void> | void;
}

export interface DrivenRun {
  readonly running: boolean;
  /** Notes how long an operation took. */
  record(ms: number): void;
}

export class Absent {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** `get/16/128`: how a case is named on the command line and in messages. */
export function caseId(of: BenchCase): string {
  return `${of.name}/${of.valueBytes}/${of.depth}`;
}
