/** From the rounds of a case to the rows that are printed. */

import type { BenchCase } from './case.ts';
import type { Sample } from './sample.ts';
import { median, medianInterval } from './statistics.ts';

/** One client of one case. Numbers are medians over the rounds. */
export interface BenchRow {
  readonly case: string;
  readonly client: string;
  readonly server: string;
  readonly depth: number;
  readonly valueBytes: number;
  readonly opsPerSecond: number;
  readonly cpuMicrosPerOp: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Median of the rounds' ratios of throughput, ours to the floor's. Null on rows that are not ours. */
  readonly ratioToFloor: number | null;
  /** Where that median lies, see `medianInterval`. */
  readonly ratioInterval: readonly [number, number] | null;
  /** As `ratioToFloor`, by peer; null for a peer that was not run. Empty on rows that are not ours. */
  readonly ratioToPeer: Readonly<Record<string, number | null>>;
  /** The longest that the event loop was blocked, where the case measures that. */
  readonly stallMs?: number;
}

/** By client; one sample a round. A client that was not run has none. */
export type CaseSamples = ReadonlyMap<string, readonly Sample[]>;

/** Clients of a case that are measures, not peers. */
const measures = ['ours', 'floor', 'bytes'];

export function makeRows(of: BenchCase, server: string, samples: CaseSamples): BenchRow[] {
  const rows: BenchRow[] = [];
  for (const client of Object.keys(of.clients)) {
    const own = samples.get(client);
    if (own && own.length > 0) rows.push(makeRow(of, server, client, samples));
  }
  return rows;
}

function makeRow(of: BenchCase, server: string, client: string, samples: CaseSamples): BenchRow {
  const own = samples.get(client) ?? [];
  const over = (value: (sample: Sample) => number): number => median(own.map(value));
  const { name, depth, valueBytes } = of;
  const row = {
    case: name,
    client,
    server,
    depth,
    valueBytes,
    opsPerSecond: round(over(throughput)),
    cpuMicrosPerOp: round(over((sample) => sample.cpuMicros / sample.operations)),
    p50Ms: round(over((sample) => sample.p50Ms)),
    p99Ms: round(over((sample) => sample.p99Ms)),
    ...(client === 'ours' ? ratios(of, samples) : { ratioToFloor: null, ratioInterval: null, ratioToPeer: {} }),
  };
  const stalls = own.flatMap(({ stallMs }) => stallMs ?? []);
  return stalls.length > 0 ? { ...row, stallMs: round(Math.max(...stalls)) } : row;
}

function ratios(of: BenchCase, samples: CaseSamples): Pick<BenchRow, 'ratioToFloor' | 'ratioInterval' | 'ratioToPeer'> {
  const toFloor = pairRatios(samples, 'floor');
  const interval = toFloor && medianInterval(toFloor);
  const ratioToPeer: Record<string, number | null> = {};
  for (const peer of Object.keys(of.clients)) {
    if (measures.includes(peer)) continue;
    const toPeer = pairRatios(samples, peer);
    ratioToPeer[peer] = toPeer ? round(median(toPeer)) : null;
  }
  return {
    ratioToFloor: toFloor ? round(median(toFloor)) : null,
    ratioInterval: interval ? [round(interval[0]), round(interval[1])] : null,
    ratioToPeer,
  };
}

/** Ours to theirs in each round, in which both ran one after the other. */
function pairRatios(samples: CaseSamples, client: string): number[] | undefined {
  const [ours = [], theirs = []] = [samples.get('ours'), samples.get(client)];
  const count = Math.min(ours.length, theirs.length);
  if (count === 0) return undefined;
  return Array.from({ length: count }, (_, i) => throughput(ours[i] as Sample) / throughput(theirs[i] as Sample));
}

function throughput(sample: Sample): number {
  return (sample.operations / sample.elapsedMs) * 1000;
}

/** Four digits say all that a measurement knows; whole numbers stay whole. */
function round(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
}
