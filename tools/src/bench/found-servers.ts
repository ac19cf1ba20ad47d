/** The servers that cases ask for, each found or started once. */

import type { BenchServer } from './case.ts';
import type { RunningServer } from './servers.ts';

export class FoundServers {
  readonly #servers: Readonly<Record<string, BenchServer>>;
  readonly #say: (line: string) => void;
  readonly #pids: ReadonlyMap<string, number>;
  readonly #found = new Map<string, RunningServer | undefined>();

  /** @param pids - processes of servers that are named by URL, by the variable that names them */
  constructor(
    servers: Readonly<Record<string, BenchServer>>,
    say: (line: string) => void,
    pids: ReadonlyMap<string, number> = new Map(),
  ) {
    this.#servers = servers;
    this.#say = say;
    this.#pids = pids;
  }

  /** The server of that name; undefined, and said so, when there is none. */
  async get(name: string | undefined): Promise<RunningServer | undefined> {
    if (name === undefined) return { url: '', about: 'none', pid: undefined, stop: async () => {} };
    if (!this.#found.has(name)) this.#found.set(name, await this.#find(name));
    return this.#found.get(name);
  }

  /** Stops those that were started. */
  async stop(): Promise<void> {
    for (const server of this.#found.values()) await server?.stop();
  }

  async #find(name: string): Promise<RunningServer | undefined> {
    const server = this.#servers[name];
    if (!server) throw new Error(`the benchmark knows no server "${name}"`);
    const { variable } = server;
    const url = process.env[variable];
    if (url !== undefined && url !== '') {
      const about = `${variable} (${withoutSecrets(url)})`;
      return { url, about, pid: this.#pids.get(variable), stop: async () => {} };
    }
    try {
      if (server.start) return await server.start();
      this.#say(`the cases on ${name} are not run: ${variable} is not set`);
    } catch (error) {
      this.#say(`the cases on ${name} are not run: ${error instanceof Error ? error.message : String(error)}`);
    }
    return undefined;
  }
}

function withoutSecrets(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url.slice(url.lastIndexOf('@') + 1);
}
