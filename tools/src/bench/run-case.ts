/** One case: all its clients, connected at the same time, round by round one after the other. */

import { type BenchCase, caseId } from './case.ts';
import { ClientProcess } from './client-process.ts';
import { OneProcessor } from './one-processor.ts';
import { type BenchRow, makeRows } from './rows.ts';
import { joinSamples, type Sample } from './sample.ts';
import type { RunningServer } from './servers.ts';

export interface CaseOptions {
  readonly package: string;
  readonly server: RunningServer;
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

/**
 * In a round the clients take turns of this length: what else the machine does for a while slows all of them alike, and
 * falls out of their ratio.
 */
const turnMs = 100;

/** @throws Error when nothing could be measured, or what was written is not there. */
export async function runCase(of: BenchCase, options: CaseOptions): Promise<BenchRow[]> {
  const { url, about } = options.server;
  await of.prepare?.(url);
  const run = new CaseRun(of, options);
  await run.start();
  const place = of.depth === 1 ? run.moveTogether() : undefined;
  try {
    if (!of.measuresStall) await run.warmUp();
    for (let round = 0; round < options.rounds; round += 1) await run.takeRound();
  } finally {
    place?.letGo();
    await run.close();
  }
  await of.verify?.(url);
  return makeRows(of, place ? `${about}, on the clients' processor` : about, run.samples);
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
    const { package: name, server, profiled } = this.#options;
    for (const client of Object.keys(this.#case.clients)) {
      const task = { package: name, caseId: caseId(this.#case), client, url: server.url };
      try {
        const started = await ClientProcess.start(task, { profile: client === profiled });
        if (started instanceof ClientProcess) this.#processes.set(client, started);
        else this.#options.say(`${client} is not run: ${started}`);
      } catch (error) {
        this.#say(`${client} is not run: ${messageOf(error)}`);
      }
    }
  }

  /** Puts clients and server on one processor; undefined where that cannot be done. */
  moveTogether(): OneProcessor | undefined {
    const place = OneProcessor.find();
    const pids = [this.#options.server, ...this.#processes.values()].map(({ pid }) => pid);
    if (place && pids.every((pid) => pid !== undefined && place.hold(pid))) return place;
    place?.letGo();
    this.#options.say(
      'cases of depth 1 run on any processor: their ratios are rough (not Linux with taskset, or a server whose --pid is not told)',
    );
    return undefined;
  }

  async warmUp(): Promise<void> {
    for (const [name, client] of this.#processes) await this.#tryTo(name, () => client.sample(warmUpMs));
  }

  async takeRound(): Promise<void> {
    const { sampleMs } = this.#options;
    const turns = this.#case.measuresStall ? 1 : Math.max(1, Math.round(sampleMs / turnMs));
    const taken = new Map<string, Sample[]>();
    for (let turn = 0; turn < turns; turn += 1) {
      // Ours first, then ours last: what a place in the order is worth falls out, too.
      const order = [...this.#processes];
      for (const [name, client] of turn % 2 === 0 ? order : order.toReversed()) {
        await this.#tryTo(name, async () => {
          append(taken, name, await client.sample(sampleMs / turns));
        });
      }
    }
    for (const name of this.#processes.keys()) append(this.samples, name, joinSamples(taken.get(name) ?? []));
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

function append(samples: Map<string, Sample[]>, name: string, sample: Sample): void {
  const known = samples.get(name);
  if (known) known.push(sample);
  else samples.set(name, [sample]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
