/** A client, a fault proxy and a server on real sockets, closed after each test. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { turnOfEventLoop } from '../../src/testing/event-loop.ts';
import type { FaultRule } from '../../src/testing/fault.ts';
import { FaultProxy, type FaultProxyOptions } from '../../src/testing/fault-proxy.ts';
import type { ProxiedConnection } from '../../src/testing/proxied-connection.ts';
import { ScriptedConnection } from '../../src/testing/scripted-connection.ts';
import { ScriptedServer } from '../../src/testing/scripted-server.ts';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (data: Uint8Array): string => new TextDecoder('latin1').decode(data);

const closing: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

export interface Client {
  readonly socket: Socket;
  /** The same waits and reads as on a server's side. */
  readonly end: ScriptedConnection;
  /** What was read at once, each time. */
  readonly chunks: string[];
}

export function dial(proxy: FaultProxy): Client {
  const socket = connect({ ...proxy.target, allowHalfOpen: true, noDelay: true });
  closing.push(() => void socket.destroy());
  const chunks: string[] = [];
  socket.on('data', (chunk) => chunks.push(chunk.toString('latin1')));
  return { socket, end: new ScriptedConnection(0, socket, socket), chunks };
}

export async function start(
  options: Partial<FaultProxyOptions> = {},
  path?: string,
): Promise<{ proxy: FaultProxy; server: ScriptedServer }> {
  const server = await ScriptedServer.listen(path === undefined ? {} : { path });
  closing.push(() => server.close());
  const proxy = await FaultProxy.listen({ target: server.target, seed: 1, ...options });
  closing.push(() => proxy.close());
  return { proxy, server };
}

export interface Line {
  readonly proxy: FaultProxy;
  readonly server: ScriptedServer;
  readonly client: Client;
  readonly peer: ScriptedConnection;
  readonly connection: ProxiedConnection;
}

/** A client and a server with the proxy between them. */
export async function connected(options?: Partial<FaultProxyOptions>, ...rules: FaultRule[]): Promise<Line> {
  const { proxy, server } = await start(options);
  for (const rule of rules) proxy.inject(rule);
  const client = dial(proxy);
  const [peer, connection] = await Promise.all([server.accept(), proxy.accept()]);
  return { proxy, server, client, peer, connection };
}

/** Long enough for anything that would pass to have passed: everything is on this machine and in this process. */
export async function quiet(): Promise<void> {
  for (let each = 0; each < 10; each += 1) await turnOfEventLoop();
}

export async function refused(proxy: FaultProxy): Promise<string | undefined> {
  const socket = connect(proxy.target);
  closing.push(() => void socket.destroy());
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  return error.code;
}
