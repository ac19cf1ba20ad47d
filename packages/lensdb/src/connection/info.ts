/** What a client knows about itself and its server, without asking. */

import type { ClientState, OperationsSummary, OperationStats } from '@wirewright/core';
import type { PoolStats } from '@wirewright/core/socket';
import type { Settings } from '../options.ts';
import { engineKeyBytes, engineValueBytes } from '../protocol/checks.ts';
import type { Dialect } from '../protocol/dialect.ts';
import type { Address } from './address.ts';

export interface LensDBInfo {
  /** Where the client goes, printable. */
  readonly endpoints: readonly string[];
  /** Undefined until a connection has told, unless the option says it. */
  readonly dialect: Dialect | undefined;
  readonly limits: {
    readonly maxKeyBytes: number;
    readonly maxValueBytes: number;
    /** Header, key and value together; undefined where only the two above count. */
    readonly maxRequestBytes: number | undefined;
    readonly maxFrameBytes: number;
  };
  /** What the server can do; undefined until it was asked. */
  readonly capabilities: {
    readonly setEx: boolean | undefined;
    readonly serverStats: boolean | undefined;
  };
  /** How the end of an answer is found in the dialect `ldbd`. */
  readonly ldbdReads: 'fence' | 'close' | undefined;
}

/** The client's own counters, since it was made. */
export interface LensDBStats extends OperationsSummary {
  readonly pool: PoolStats;
}

/** The documented counters: `get_success`, `get_error` and so on, for every command. */
export interface LensDBMetrics {
  readonly operations: Record<string, number>;
  /** Over all calls, successes and errors; 0 before the first. */
  readonly avgLatencyMs: number;
  readonly totalOperations: number;
}

/** What is safe to log of a client. */
export interface LensDBSummary {
  readonly system: string;
  readonly endpoints: readonly string[];
  readonly dialect: Dialect | undefined;
  readonly state: ClientState;
  readonly pool: PoolStats;
}

/** @param now - by the client's clock */
export function infoOf(settings: Settings, addresses: readonly Address[], now: number): LensDBInfo {
  const { ldbd, lens, maxFrameBytes } = settings;
  const known = addresses.find(({ dialect }) => dialect !== undefined);
  const dialect = known?.dialect;
  const isLdbd = dialect === 'ldbd';
  return {
    endpoints: addresses.map(({ endpoint }) => endpoint),
    dialect,
    limits: {
      maxKeyBytes: isLdbd ? ldbd.maxKeyBytes : engineKeyBytes,
      maxValueBytes: isLdbd ? ldbd.maxValueBytes : engineValueBytes,
      maxRequestBytes: isLdbd ? undefined : lens.maxRequestBytes,
      maxFrameBytes,
    },
    capabilities: {
      setEx: isLdbd ? true : known?.setExAt(now),
      serverStats: dialect && !isLdbd,
    },
    ldbdReads: known?.reads?.strategy,
  };
}

export function metricsOf(stats: OperationStats): LensDBMetrics {
  const operations: Record<string, number> = {};
  for (const [name, { success, error }] of stats.operations()) {
    operations[`${name}_success`] = success;
    operations[`${name}_error`] = error;
  }
  const { success, error, averageMs } = stats;
  return { operations, avgLatencyMs: averageMs, totalOperations: success + error };
}
