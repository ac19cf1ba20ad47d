/** Each kind of stream that a client may be told to use; all have to behave alike. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import type { SocketTarget } from '@wirewright/core';
import { type NetSocket, nodeNet, type TlsOptions } from '@wirewright/core/socket';
import { type ScriptedConnection, ScriptedServer } from '@wirewright/core/testing';
import type { Context } from '../case.ts';
import { Recorder } from './recorder.ts';

const fixture = (name: string): string => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');

/** For `localhost` and the loopback addresses; signed by itself. */
export const certificate: string = fixture('cert.pem');
export const privateKey: string = fixture('key.pem');

const serverTls = { key: privateKey, cert: certificate };

export interface Place {
  readonly server: ScriptedServer;
  readonly target: SocketTarget;
  readonly tls?: TlsOptions;
}

export interface Kind {
  readonly name: string;
  readonly isTls: boolean;
  /** TCP at the bottom: there is a reset, which a unix path has not. */
  readonly isTcp: boolean;
  start(context: Context): Promise<Place>;
}

async function listen(context: Context, tls?: typeof serverTls): Promise<{ server: ScriptedServer; port: number }> {
  const server = context.own(await ScriptedServer.listen(tls ? { tls } : {}));
  return { server, port: server.port };
}

const plainCarrier = (port: number): Socket => connect({ host: '127.0.0.1', port, allowHalfOpen: true });

export const kinds: readonly Kind[] = [
  {
    name: 'TCP',
    isTls: false,
    isTcp: true,
    async start(context) {
      const { server } = await listen(context);
      return { server, target: server.target };
    },
  },
  {
    name: 'a unix path',
    isTls: false,
    isTcp: false,
    async start(context) {
      const path = join(tmpdir(), `wirewright-${process.pid}-${Math.random().toString(36).slice(2)}.sock`);
      const server = context.own(await ScriptedServer.listen({ path }));
      return { server, target: { path } };
    },
  },
  {
    name: 'TLS',
    isTls: true,
    isTcp: true,
    async start(context) {
      const { server, port } = await listen(context, serverTls);
      return { server, target: { host: 'localhost', port }, tls: { ca: certificate } };
    },
  },
  {
    name: 'a factory that brings a socket which connects',
    isTls: false,
    isTcp: true,
    async start(context) {
      const { server, port } = await listen(context);
      return { server, target: { socket: () => plainCarrier(port) } };
    },
  },
  {
    name: 'a factory that promises an open stream of another make',
    isTls: false,
    isTcp: false,
    async start(context) {
      const { server, port } = await listen(context);
      const socket = async (): Promise<Duplex> => {
        const carrier = plainCarrier(port);
        await once(carrier, 'connect');
        return foreign(carrier);
      };
      return { server, target: { socket } };
    },
  },
  {
    name: 'TLS over the socket of a factory',
    isTls: true,
    isTcp: true,
    async start(context) {
      const { server, port } = await listen(context, serverTls);
      return {
        server,
        target: { socket: () => plainCarrier(port) },
        tls: { ca: certificate, servername: 'localhost' },
      };
    },
  },
];

/** A stream that is not one of node:net's, over one that is. */
function foreign(carrier: Socket): Duplex {
  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => void carrier.resume(),
    write: (chunk, _encoding, done) => void carrier.write(chunk, done),
    final: (done) => void carrier.end(done),
    destroy: (error, done) => {
      carrier.destroy();
      done(error);
    },
  });
  carrier.on('data', (chunk) => stream.push(chunk) || carrier.pause());
  carrier.on('end', () => stream.push(null));
  carrier.on('error', (error) => stream.destroy(error));
  carrier.on('close', () => stream.destroy());
  return stream;
}

export interface Dialled {
  readonly socket: NetSocket;
  readonly seen: Recorder;
}

/** Starts a connection attempt that is given up behind the case. */
export function dial(context: Context, target: SocketTarget, tls?: TlsOptions): Dialled {
  const seen = new Recorder();
  const socket = nodeNet.dial({ target, tls, keepAliveMs: 1000 }, seen);
  context.own({
    close: async () => {
      if (seen.log.includes('close')) return;
      socket.destroy();
      await seen.saw('close');
    },
  });
  return { socket, seen };
}

/** A connection that is up, with the server's end of it. */
export async function connected(
  context: Context,
  { server, target, tls }: Place,
): Promise<Dialled & { readonly peer: ScriptedConnection }> {
  const { socket, seen } = dial(context, target, tls);
  const [peer] = await Promise.all([server.accept(), seen.saw('open')]);
  return { socket, seen, peer };
}
