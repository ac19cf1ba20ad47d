/** The suite as a program of the runtimes' table takes it: the same cases, without a test runner. */

import { runCase, type ServerFacts } from './case.ts';
import { cases } from './cases/index.ts';
import { subjects } from './servers.ts';

export const title = 'lensdb: conformance';

/** What `runtimes` runs. */
interface Suite {
  readonly name: string;
  readonly cases: readonly { readonly name: string; run(): Promise<'inapplicable' | undefined> }[];
  open(): Promise<void>;
  close(): Promise<void>;
}

export const suites: readonly Suite[] = subjects.map(({ name, start }) => {
  let server: ServerFacts & AsyncDisposable;
  return {
    name,
    cases: cases.map((each) => ({
      name: each.name,
      run: async () => {
        if (each.applies && !each.applies(server)) return 'inapplicable';
        await runCase(each, server);
        return undefined;
      },
    })),
    open: async () => {
      server = await start();
    },
    close: async () => server[Symbol.asyncDispose](),
  };
});
