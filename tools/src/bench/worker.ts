/**
 * One client of one case, in a process of its own, so that its CPU time, its garbage and its compiled code are its
 * own. Told by its parent what to do, message by message.
 */

import { findPackage } from '../workspace/packages.ts';
import { Absent, type BenchClient, caseId } from './case.ts';
import { loadBenchmark } from './load.ts';
import { type Sample, takeSample } from './sample.ts';

/** What the process is started with, as JSON in its first argument. */
export interface WorkerTask {
  readonly package: string;
  readonly caseId: string;
  readonly client: string;
  readonly url: string;
}

export type WorkerOrder = { readonly sampleForMs: number } | { readonly close: true };
export type WorkerReport = { readonly ready: true } | { readonly absent: string } | { readonly sample: Sample };

const task = JSON.parse(process.argv[2] ?? '') as WorkerTask;
const benchmark = await loadBenchmark(findPackage(task.package));
const found = benchmark?.cases.find((candidate) => caseId(candidate) === task.caseId);
const open = found?.clients[task.client];
if (!found || !open) throw new Error(`${task.package} has no case ${task.caseId} with a client ${task.client}`);
const { depth, valueBytes } = found;

const client = await open({ url: task.url, depth, valueBytes });
if (client instanceof Absent) {
  report({ absent: client.why });
  process.disconnect();
} else {
  process.on('message', (order: WorkerOrder) => void obey(client, order).catch(fail));
  report({ ready: true });
}

async function obey(on: BenchClient, order: WorkerOrder): Promise<void> {
  if ('sampleForMs' in order) {
    if (found) report({ sample: await takeSample(on, found, order.sampleForMs) });
    return;
  }
  await on.close();
  process.disconnect();
}

function report(what: WorkerReport): void {
  process.send?.(what);
}

/** The parent sees the exit code; people see the stack. */
function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}
