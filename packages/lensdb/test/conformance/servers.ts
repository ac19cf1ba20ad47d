/** What the suite runs against: the in-process servers, or the real one that `LENSDB_URL` names. */

import { LensDBClient, UnsupportedError } from '@wirewright/lensdb';
import { startLdbdServer, startLensServer, type TestServer } from '@wirewright/lensdb/testing';
import type { ServerFacts } from './case.ts';

export interface Subject {
  readonly name: string;
  start(): Promise<ServerFacts & AsyncDisposable>;
}

function inProcess(
  name: string,
  facts: Omit<ServerFacts, 'url'>,
  start: () => Promise<Pick<TestServer<never>, 'url' | 'close'>>,
): Subject {
  return {
    name,
    start: async () => {
      const server = await start();
      return { ...facts, url: server.url, [Symbol.asyncDispose]: () => server.close() };
    },
  };
}

export const inProcessSubjects: readonly Subject[] = [
  inProcess('lens, documented', { dialect: 'lens', setEx: true }, () => startLensServer()),
  inProcess('lens, as 0.1.0.0', { dialect: 'lens', setEx: false }, () => startLensServer({ behaviour: '0.1.0.0' })),
  inProcess('lens, as 0.1.0.0 with SETEX', { dialect: 'lens', setEx: true }, () =>
    startLensServer({ behaviour: '0.1.0.0', setEx: 'routed' }),
  ),
  inProcess('ldbd, documented', { dialect: 'ldbd', setEx: true }, () => startLdbdServer()),
  inProcess('ldbd, one request per connection', { dialect: 'ldbd', setEx: true }, () =>
    startLdbdServer({ closeAfterAnswer: true, acknowledgement: 'none' }),
  ),
  inProcess('ldbd, answers in pieces', { dialect: 'ldbd', setEx: true }, () => startLdbdServer({ pieceBytes: 997 })),
];

/** `LENSDB_SETEX` (0 or 1) says whether the real server answers SETEX; where it does not, the server is asked. */
async function realFacts(url: string): Promise<ServerFacts> {
  await using client = await LensDBClient.connect(url);
  const { dialect = 'lens' } = client.info();
  const said = process.env['LENSDB_SETEX'];
  if (said !== undefined) return { url, dialect, setEx: said === '1' };
  const key = 'wirewright-conformance-setex';
  try {
    await client.setEx(key, '', 1);
    await client.delete(key);
    return { url, dialect, setEx: true };
  } catch (error) {
    if (error instanceof UnsupportedError) return { url, dialect, setEx: false };
    throw error;
  }
}

const url = process.env['LENSDB_URL'];

/** None without `LENSDB_URL`. */
export const realSubject: Subject | undefined =
  url === undefined || url === ''
    ? undefined
    : {
        name: 'the server of LENSDB_URL',
        start: async () => ({ ...(await realFacts(url)), [Symbol.asyncDispose]: () => Promise.resolve() }),
      };

export const subjects: readonly Subject[] = realSubject ? [realSubject] : inProcessSubjects;
