/** A worker thread: loads a bundle and runs the shares that it is sent. */

import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { Assignment, Report } from './assignment.ts';

const { run } = (await import(pathToFileURL(workerData as string).href)) as {
  run(assignment: Assignment): Promise<Report>;
};

parentPort?.on('message', (assignment: Assignment) => {
  void run(assignment).then((report) => parentPort?.postMessage(report));
});
