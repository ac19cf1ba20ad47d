/** The server that the programs of the README talk to. */

import { startLensServer } from '@wirewright/lensdb/testing';

export async function serve(): Promise<{ replace: Record<string, string>; close(): Promise<void> }> {
  const server = await startLensServer();
  return {
    replace: {
      'lensdb://localhost:8080': server.url,
      "{ host: 'localhost', port: 8080 }": `{ host: '${server.host}', port: ${server.port} }`,
    },
    close: () => server.close(),
  };
}
