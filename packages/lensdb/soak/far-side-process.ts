/** The far side as the client's process sees it. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Counts, FarSideOptions, Order, Report } from './far-side.ts';

export class FarSide implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly #child: ChildProcess;
  /** Orders are answered one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcess, host: string, port: number) {
    this.#child = child;
    this.host = host;
    this.port = port;
  }

  static async start(options: FarSideOptions): Promise<FarSide> {
    const file = fileURLToPath(new URL('./far-side.js', import.meta.url));
    const child = fork(file, [JSON.stringify(options)], { stdio: ['ignore', 2, 2, 'ipc'], execArgv: [] });
    const up = await reportOf(child);
    if (!('port' in up)) throw new Error('the far side did not say where it is');
    return new FarSide(child, up.host, up.port);
  }

  async calm(): Promise<void> {
    await this.#order({ what: 'calm' });
  }

  async outage(ms: number): Promise<void> {
    await this.#order({ what: 'outage', ms });
  }

  async counts(): Promise<Counts> {
    const report = await this.#order({ what: 'counts' });
    if (!('proxy' in report)) throw new Error('the far side did not tell its counts');
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const over = once(this.#child, 'exit');
    this.#child.disconnect();
    await over;
  }

  #order(order: Order): Promise<Report> {
    const report = this.#last.then(() => {
      this.#child.send(order);
      return reportOf(this.#child);
    });
    this.#last = report.catch(() => {});
    return report;
  }
}

async function reportOf(child: ChildProcess): Promise<Report> {
  const stop = new AbortController();
  const { signal } = stop;
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('the process of the far side has ended');
  });
  ended.catch(() => {});
  try {
    const [report] = (await Promise.race([once(child, 'message', { signal }), ended])) as [Report];
    return report;
  } finally {
    stop.abort();
  }
}
