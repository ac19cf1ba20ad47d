/** The suite as a program of the runtimes' table takes it: the same cases, without a test runner. */

import { runCase, type ServerFacts } from './case.ts';
import { cases } from './cases/index.ts';
import { inProcessSubjects, realSubject, type Subject } from './servers.ts';

export const title = 'lensdb: conformance';

/** What `npm run runtimes` runs. */
interface Suite {
  readonly name: string;
  readonly skip?: string;
  readonly cases: readonly { readonly name: string; run(): Promise<'inapplicable' | undefined> }[];
  open?(): Promise<void>;
  close?(): Promise<void>;
}

function suiteOn({ name, start }: Subject): Suite {
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
}

const real: Suite = realSubject
  ? suiteOn(realSubject)
  : { name: 'the server of LENSDB_URL', skip: 'LENSDB_URL is not set', cases: [] };

export const suites: readonly Suite[] = [...inProcessSubjects.map(suiteOn), real];
