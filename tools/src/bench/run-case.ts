/** One case: all its clients, connected at the same time, round by round one after the other. */

import { type BenchCase, caseId } from './case.ts';
import { ClientProcess } from './client-process.ts';
import { type BenchRow, makeRows } from './rows.ts';
import type { Sample } from './sample.ts';

export interface CaseOptions {
  readonly package: string;
  readonly url: string;
  /** What the rows say of the server. */
  readonly server: string;
  /** Of every client in every round. */
  readonly sampleMs: number;
  readonly rounds: number;
  /** The client whose CPU profile is written. */
  readonly profiled: string | undefined;
  /** For people. */
  readonly say: (line: string) => void;
}

/** Long enough for the hot code to be compiled. */
const warmUpMs = 500;

/** @throws Error when nothing could be measured, or what was written is not there. */
export async function runCase(of: BenchCase, options: CaseOptions): Promise<BenchRow[]> {
  await of.prepare?.(options.url);
  const run = new CaseRun(of, options);
  await run.start();
  try {
    if (!of.measuresStall) await run.warmUp();
    for (let round = 0; round < options.rounds; round += 1) await run.takeRound(round);
  } finally {
    await run.close();
  }
  await of.verify?.(options.url);
  return makeRows(of, options.server, run.samples);
}

class CaseRun {
  /** By client. One that has failed is in neither. */
  readonly samples = new Map<string, Sample[]>();
  readonly #processes = new Map<string, ClientProcess>();
  readonly #case: BenchCase;
  readonly #options: CaseOptions;

  constructor(of: BenchCase, options: CaseOptions) {
    this.#case = of;
    this.#options = options;
  }

  async start(): Promise<void> {
    const { package: name, url, profiled } = this.#options;
    for (const client of Object.keys(this.#case.clients)) {
      const task = { package: name, caseId: caseId(this.#case), client, url };
      try {
        const started = await ClientProcess.start(task, { profile: client === profiled });
        if (started instanceof ClientProcess) this.#processes.set(client, started);
        else this.#say(`${client} is not run: ${started}`);
      } catch (error) {
        this.#say(`${client} is not run: ${messageOf(error)}`);
      }
    }
  }

  async warmUp(): Promise<void> {
    for (const [name, client] of this.#processes) await this.#tryTo(name, () => client.sample(warmUpMs));
  }

  async takeRound(round: number): Promise<void> {
    // Ours first, then ours last: what a place in the round is worth falls out of the median.
    const order = [...this.#processes];
    for (const [name, client] of round % 2 === 0 ? order : order.toReversed()) {
      await this.#tryTo(name, async () => {
        const sample = await client.sample(this.#options.sampleMs);
        const samples = this.samples.get(name);
        if (samples) samples.push(sample);
        else this.samples.set(name, [sample]);
      });
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((client) => client.close()));
  }

  /** A client that fails drops out of the case, with what it did so far; the others go on. */
  async #tryTo(name: string, action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#say(`${name} drops out: ${messageOf(error)}`);
      this.#processes.delete(name);
      this.samples.delete(name);
    }
  }

  #say(line: string): void {
    this.#options.say(`${caseId(this.#case)}: ${line}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
