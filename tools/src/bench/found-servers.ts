/** The servers that cases ask for, each found or started once. */

import type { BenchServer } from './case.ts';
import type { RunningServer } from './servers.ts';

export class FoundServers {
  readonly #servers: Readonly<Record<string, BenchServer>>;
  readonly #say: (line: string) => void;
  readonly #found = new Map<string, RunningServer | undefined>();

  constructor(servers: Readonly<Record<string, BenchServer>>, say: (line: string) => void) {
    this.#servers = servers;
    this.#say = say;
  }

  /** The server of that name; undefined, and said so, when there is none. */
  async get(name: string | undefined): Promise<RunningServer | undefined> {
    if (name === undefined) return { url: '', about: 'none', stop: async () => {} };
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
    if (url !== undefined && url !== '')
      return { url, about: `${variable} (${withoutSecrets(url)})`, stop: async () => {} };
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
