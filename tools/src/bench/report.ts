/** The rows as a table for people. */

import { formatTable } from '../report/table.ts';
import type { BenchRow } from './rows.ts';

export function formatRows(rows: readonly BenchRow[]): string {
  const peers = [...new Set(rows.flatMap(({ ratioToPeer }) => Object.keys(ratioToPeer)))];
  const columns = ['case', 'bytes', 'depth', 'client', 'op/s', 'CPU/op', 'p50', 'p99', '/ floor', 'interval'];
  const body = rows.map((row) => [
    row.case,
    String(row.valueBytes),
    String(row.depth),
    row.client,
    String(Math.round(row.opsPerSecond)),
    `${row.cpuMicrosPerOp.toFixed(2)} µs`,
    latency(row.p50Ms),
    latency(row.p99Ms),
    ratio(row.ratioToFloor),
    row.ratioInterval ? row.ratioInterval.map((end) => ratio(end)).join(' to ') : '',
    ...peers.map((peer) => (peer in row.ratioToPeer ? ratio(row.ratioToPeer[peer] ?? null, 'not run') : '')),
    row.stallMs === undefined ? '' : `event loop blocked for up to ${row.stallMs.toFixed(1)} ms`,
  ]);
  return formatTable([...columns, ...peers.map((peer) => `/ ${peer}`), ''], body);
}

export const legend = `Numbers are medians over rounds in which all clients took turns of a tenth of a second. Ratios are of throughput, above
1 ours is ahead: the median of the rounds' ratios, and the interval in which that median lies with at least 95 %
(order statistics; of fewer than six rounds the smallest and the largest ratio). CPU is that of the client's process.
"bytes" counts received bytes only: what the wire carries, for information.`;

function ratio(value: number | null, absent = ''): string {
  return value === null ? absent : value.toFixed(3);
}

/** Nothing for the byte counter, which does not know when what it sent was answered. */
function latency(ms: number): string {
  return ms === 0 ? '' : `${ms.toFixed(3)} ms`;
}
