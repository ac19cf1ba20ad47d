/** Runs schedules on as many threads as there are cores. */

import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Assignment, Report } from './assignment.ts';

/** Schedules a worker is given at a time: small enough to stop soon after a violation. */
const share = 500;

/** Runs `schedules` schedules from `seed` on, until they are done or `maxViolations` were found. */
export async function runOnAllCores(bundle: string, { schedules, seed, maxViolations }: Assignment): Promise<Report> {
  const count = Math.max(1, Math.min(availableParallelism(), Math.ceil(schedules / share)));
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL('./worker.js', import.meta.url), { workerData: bundle }),
  );
  const violations: Report['violations'][number][] = [];
  let next = 0;
  let ran = 0;
  const work = async (worker: Worker): Promise<void> => {
    while (next < schedules && violations.length < maxViolations) {
      const size = Math.min(share, schedules - next);
      const assignment = { schedules: size, seed: (seed + next) % 2 ** 32, maxViolations };
      next += size;
      const report = await ask(worker, assignment);
      ran += report.schedules;
      violations.push(...report.violations);
    }
  };
  try {
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return { schedules: ran, violations };
}

async function ask(worker: Worker, assignment: Assignment): Promise<Report> {
  // Rejects when the worker fails.
  const answer = once(worker, 'message') as Promise<[Report]>;
  worker.postMessage(assignment);
  return (await answer)[0];
}
