/**
 * The conformance suite as data: cases that any runner on any runtime can run, against any server of either dialect.
 * They import published doors only, and assert with `node:assert`.
 */

import { LensDBClient, type LensDBOptions } from '@wirewright/lensdb';

/** What a case may know of the server that it runs against. */
export interface ServerFacts {
  readonly url: string;
  readonly dialect: 'lens' | 'ldbd';
  /** Whether the server answers SETEX. */
  readonly setEx: boolean;
}

/** One case's hands: everything that it opens and stores is gone afterwards. */
export class Context implements AsyncDisposable {
  readonly server: ServerFacts;
  readonly #prefix: string;
  readonly #keys = new Set<string | Uint8Array>();
  readonly #clients: LensDBClient[] = [];

  constructor(server: ServerFacts, prefix: string) {
    this.server = server;
    this.#prefix = prefix;
  }

  /** A key of this case alone, removed when it ends. */
  key(name: string): string {
    return this.#track(`${this.#prefix}:${name}`);
  }

  /** The same of exactly this many bytes. */
  keyOf(bytes: number): string {
    return this.#track(this.#prefix.slice(0, bytes).padEnd(bytes, '.'));
  }

  /** Has a key removed that the case has made itself. */
  track(key: Uint8Array): Uint8Array {
    this.#keys.add(key);
    return key;
  }

  /** What all keys of this case begin with. */
  get prefix(): string {
    return this.#prefix;
  }

  client(options: LensDBOptions = {}): LensDBClient {
    const { hostname, port } = new URL(this.server.url.replace(/^lensdb:/, 'http:'));
    const client = new LensDBClient({ host: hostname, port: Number(port), ...options });
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#keys.size > 0) await this.client({ allowNewlineInKeys: true }).mdelete([...this.#keys]);
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  #track(key: string): string {
    this.#keys.add(key);
    return key;
  }
}

export interface Case {
  readonly name: string;
  /** Where the case has a meaning. Default: everywhere. */
  readonly applies?: (server: ServerFacts) => boolean;
  readonly run: (context: Context) => Promise<void>;
}

let number = 0;
/** So that two runs against one server do not meet. */
const run = Date.now().toString(36);

/** Runs one case; cleans up behind it, also when it fails. */
export async function runCase({ run: body }: Case, server: ServerFacts): Promise<void> {
  number += 1;
  await using context = new Context(server, `c${run}.${number}`);
  await body(context);
}
