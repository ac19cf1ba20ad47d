import { describe, expect, it } from 'vitest';
import { Absent, type BenchCase } from '../../src/bench/case.ts';
import { makeRows } from '../../src/bench/rows.ts';
import type { Sample } from '../../src/bench/sample.ts';

const open = async (): Promise<Absent> => new Absent('is not opened here');
const of: BenchCase = {
  name: 'get',
  server: undefined,
  depth: 16,
  valueBytes: 1024,
  clients: { ours: open, floor: open, fast: open, absent: open },
};

function samples(...thousands: readonly number[]): Sample[] {
  return thousands.map((kilo) => ({
    operations: kilo * 1000,
    elapsedMs: 1000,
    cpuMicros: 500_000,
    p50Ms: 1,
    p99Ms: 2,
    stallMs: undefined,
  }));
}

describe('makeRows', () => {
  const rows = makeRows(
    of,
    'a server',
    new Map([
      ['ours', samples(90, 40, 81)],
      ['floor', samples(100, 50, 100)],
      ['fast', samples(45, 40, 27)],
    ]),
  );

  it('gives a row to each client that ran', () => {
    expect(rows.map(({ client }) => client)).toEqual(['ours', 'floor', 'fast']);
  });

  it('tells the medians of the rounds', () => {
    expect(rows[0]).toMatchObject({ case: 'get', server: 'a server', depth: 16, valueBytes: 1024 });
    expect(rows[0]).toMatchObject({ opsPerSecond: 81_000, cpuMicrosPerOp: 6.173, p50Ms: 1, p99Ms: 2 });
  });

  it('compares ours with the others round by round, not the medians', () => {
    expect(rows[0]).toMatchObject({ ratioToFloor: 0.81, ratioInterval: [0.8, 0.9] });
    expect(rows[0]?.ratioToPeer).toEqual({ fast: 2, absent: null });
  });

  it('has no ratios on the rows of the others', () => {
    expect(rows[1]).toMatchObject({ ratioToFloor: null, ratioInterval: null, ratioToPeer: {} });
  });
});
