/** What chaos is made around: the in-process servers, or the real one that `LENSDB_URL` names. */

import { startLdbdServer, startLensServer } from '@wirewright/lensdb/testing';

export interface Subject {
  readonly name: string;
  /** A real server, which is shown nothing that TCP could not show it. */
  readonly isReal: boolean;
  /** Takes each read for one request, as the published server does. */
  readonly perRead: boolean;
  start(): Promise<AsyncDisposable & { readonly host: string; readonly port: number }>;
}

const url = process.env['LENSDB_URL'];

export const subjects: readonly Subject[] = url
  ? [
      {
        name: 'the server of LENSDB_URL',
        isReal: true,
        perRead: true,
        start: () => {
          const { hostname, port } = new URL(url.replace(/^lensdb:/, 'http:'));
          return Promise.resolve({
            host: hostname,
            port: Number(port),
            [Symbol.asyncDispose]: () => Promise.resolve(),
          });
        },
      },
    ]
  : [
      { name: 'lens, documented', isReal: false, perRead: false, start: () => startLensServer() },
      {
        name: 'lens, as 0.1.0.0',
        isReal: false,
        perRead: true,
        start: () => startLensServer({ behaviour: '0.1.0.0' }),
      },
      { name: 'ldbd', isReal: false, perRead: false, start: () => startLdbdServer() },
    ];
