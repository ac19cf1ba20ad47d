/** The process of one client of a case, seen from the parent. */

import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../workspace/packages.ts';
import type { Sample } from './sample.ts';
import type { WorkerOrder, WorkerReport, WorkerTask } from './worker.ts';

const workerPath = fileURLToPath(new URL('./worker.js', import.meta.url));

export interface WorkerOptions {
  /** Writes a CPU profile into `.tmp/profiles` when the process ends. */
  readonly profile: boolean;
}

/** A process that holds one client, connected. */
export class ClientProcess {
  readonly #child: ChildProcess;
  #onReport: ((report: WorkerReport | Error) => void) | undefined;
  #ended: Error | undefined;
  readonly #exited: Promise<void>;

  /** Starts a client. @returns why it is absent, if it is @throws Error when it could not be started */
  static async start(task: WorkerTask, options: WorkerOptions): Promise<ClientProcess | string> {
    const started = new ClientProcess(task, options);
    const report = await started.#next();
    if ('ready' in report) return started;
    await started.#exited;
    return 'absent' in report ? report.absent : 'its process answered out of turn';
  }

  private constructor(task: WorkerTask, { profile }: WorkerOptions) {
    // What it prints is for people: its standard output is our standard error.
    this.#child = fork(workerPath, [JSON.stringify(task)], {
      stdio: ['ignore', 2, 2, 'ipc'],
      execArgv: profile ? profileArguments(task) : [],
    });
    this.#child.on('message', (report: WorkerReport) => this.#tell(report));
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#ended = new Error(`the process of ${task.client} ended (${signal ?? `exit code ${code}`})`);
        this.#tell(this.#ended);
        resolve();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async sample(forMs: number): Promise<Sample> {
    this.#send({ sampleForMs: forMs });
    const report = await this.#next();
    if ('sample' in report) return report.sample;
    throw new Error('the process answered out of turn');
  }

  /** Closes the client; a process that does not end by itself is killed. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#send({ close: true });
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#exited;
    clearTimeout(killer);
  }

  #send(order: WorkerOrder): void {
    if (!this.#ended) this.#child.send(order);
  }

  #next(): Promise<WorkerReport> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(this.#ended);
        return;
      }
      this.#onReport = (report) => (report instanceof Error ? reject(report) : resolve(report));
    });
  }

  #tell(report: WorkerReport | Error): void {
    const onReport = this.#onReport;
    this.#onReport = undefined;
    onReport?.(report);
  }
}

function profileArguments({ package: name, caseId, client }: WorkerTask): string[] {
  const folder = join(root, '.tmp', 'profiles');
  mkdirSync(folder, { recursive: true });
  const file = `${name}-${caseId}-${client}.cpuprofile`.replaceAll(/[^\w.-]+/g, '-');
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${file}`];
}
