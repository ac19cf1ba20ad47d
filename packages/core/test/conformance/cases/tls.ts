import assert from 'node:assert/strict';
import { ScriptedServer } from '@wirewright/core/testing';
import type { Case } from '../case.ts';
import { bytesOf, textOf } from '../support/bytes.ts';
import { certificate, connected, dial, privateKey } from '../support/streams.ts';

const tls = { key: privateKey, cert: certificate };

export const tlsCases: readonly Case[] = [
  {
    name: 'a certificate that nobody vouches for is refused',
    async run(context) {
      const server = context.own(await ScriptedServer.listen({ tls }));
      const { seen } = dial(context, { host: 'localhost', port: server.port }, {});
      await seen.saw('close');
      assert.deepEqual(seen.log, ['close']);
      assert.ok(seen.error);
    },
  },
  {
    name: 'a certificate for another name is refused',
    async run(context) {
      const server = context.own(await ScriptedServer.listen({ tls }));
      const options = { ca: certificate, servername: 'other.test' };
      const { seen } = dial(context, { host: '127.0.0.1', port: server.port }, options);
      await seen.saw('close');
      assert.deepEqual(seen.log, ['close']);
      assert.ok(seen.error);
    },
  },
  {
    name: 'a certificate may name an address',
    async run(context) {
      const server = context.own(await ScriptedServer.listen({ tls }));
      const target = { host: '127.0.0.1', port: server.port };
      const { socket, peer } = await connected(context, { server, target, tls: { ca: certificate } });
      socket.write(bytesOf('secret'));
      assert.equal(textOf(await peer.read(6)), 'secret');
    },
  },
  {
    name: 'any certificate is taken where that is asked for',
    async run(context) {
      const server = context.own(await ScriptedServer.listen({ tls }));
      const target = { host: 'localhost', port: server.port };
      await connected(context, { server, target, tls: { rejectUnauthorized: false } });
    },
  },
  {
    name: 'a server that does not speak TLS is an error, not a connection',
    async run(context) {
      const server = context.own(
        await ScriptedServer.listen({
          script: async (connection) => {
            await connection.readSome().catch(() => {});
            connection.write(bytesOf('what?\n'));
            connection.end();
          },
        }),
      );
      const { seen } = dial(context, { host: 'localhost', port: server.port }, { ca: certificate });
      await seen.saw('close');
      assert.deepEqual(seen.log, ['close']);
      assert.ok(seen.error);
    },
  },
];
