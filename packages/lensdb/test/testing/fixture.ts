/** Servers and clients of one test, closed behind it. */

import { afterEach } from 'vitest';
import {
  type LdbdServer,
  type LdbdServerOptions,
  type LensServer,
  type LensServerOptions,
  startLdbdServer,
  startLensServer,
} from '../../src/testing/index.ts';
import { RawClient } from './raw-client.ts';

export interface Fixture {
  lens(options?: LensServerOptions): Promise<LensServer>;
  ldbd(options?: LdbdServerOptions): Promise<LdbdServer>;
  connect(server: LensServer | LdbdServer): Promise<RawClient>;
}

export function useServers(): Fixture {
  const clients: RawClient[] = [];
  const servers: (LensServer | LdbdServer)[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    for (const server of servers.splice(0)) await server.close();
  });

  return {
    async lens(options) {
      const server = await startLensServer(options);
      servers.push(server);
      return server;
    },
    async ldbd(options) {
      const server = await startLdbdServer(options);
      servers.push(server);
      return server;
    },
    async connect(server) {
      const client = await RawClient.open(server);
      clients.push(client);
      return client;
    },
  };
}
