/**
 * Core's conformance as data: cases that any runner on any runtime can run. They import published doors only, use real
 * sockets on the loopback and the platform's own clock, and assert with `node:assert`.
 */

/** Whatever a case has opened. */
export interface Closable {
  close(): Promise<unknown> | void;
}

/** One case's hands: what it opens is closed behind it, the last one first. */
export class Context implements AsyncDisposable {
  readonly #open: Closable[] = [];

  own<T extends Closable>(opened: T): T {
    this.#open.push(opened);
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open.splice(0).reverse()) await each.close();
  }
}

/** As a runtime calls itself: `process.versions` has the key. */
type Runtime = 'node' | 'bun' | 'deno';

export interface Case {
  readonly name: string;
  /** Why a case cannot pass on a runtime, for whoever reads the table of runtimes. */
  readonly skipOn?: Partial<Record<Runtime, string>>;
  run(context: Context): Promise<void>;
}

/**
 * What a runner runs, one case after the other: a program called `*.suite.ts` exports `title`, the name of its row in
 * the table of runtimes, and `suites`.
 */
export interface Suite {
  readonly name: string;
  /** Why it is not run here. */
  readonly skip?: string | undefined;
  readonly cases: readonly RunnableCase[];
  open?(): Promise<void>;
  close?(): Promise<void>;
}

interface RunnableCase {
  readonly name: string;
  readonly skip?: string | undefined;
  run(): Promise<void>;
}

const runtime: Runtime = 'bun' in process.versions ? 'bun' : 'deno' in process.versions ? 'deno' : 'node';

/** Cases that need nothing but themselves. */
export function suiteOf(name: string, cases: readonly Case[]): Suite {
  return {
    name,
    cases: cases.map((each) => ({
      name: each.name,
      skip: each.skipOn?.[runtime],
      run: async () => {
        await using context = new Context();
        await each.run(context);
      },
    })),
  };
}
