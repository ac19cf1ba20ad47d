import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { resetSocket, turnOfEventLoop } from '../../src/testing/event-loop.ts';
import type { ScriptedConnection } from '../../src/testing/scripted-connection.ts';
import { ScriptedServer } from '../../src/testing/scripted-server.ts';

async function pair(): Promise<{ socket: Socket; peer: ScriptedConnection; server: ScriptedServer }> {
  const server = await ScriptedServer.listen();
  const socket = connect({ ...server.target, allowHalfOpen: true });
  socket.on('error', () => {});
  const peer = await server.accept();
  if (socket.connecting) await once(socket, 'connect');
  return { socket, peer, server };
}

describe('resetSocket', () => {
  it('resets a socket', async () => {
    const { socket, peer, server } = await pair();
    resetSocket(socket);
    await Promise.all([once(socket, 'close'), peer.untilClosed()]);
    expect(peer.wasReset).toBe(true);
    await server.close();
  });

  it('resets a socket that is being finished: its peer finds out when it writes', async () => {
    const { socket, peer, server } = await pair();
    socket.end('bye');
    resetSocket(socket);
    await Promise.all([once(socket, 'close'), peer.readEnd()]);
    peer.write(Uint8Array.of(1));
    await peer.untilClosed();
    await server.close();
  });

  it('closes what cannot be reset: stuck in the middle of finishing, not connected, closed', async () => {
    const { socket, peer, server } = await pair();
    peer.pause();
    socket.end(new Uint8Array(64 << 20));
    resetSocket(socket);
    await once(socket, 'close');
    const dialling = connect(server.target);
    resetSocket(dialling);
    await once(dialling, 'close');
    resetSocket(dialling);
    await server.close();
  });
});

describe('turnOfEventLoop', () => {
  it('lets what was written be read', async () => {
    const { socket, peer, server } = await pair();
    for (let each = 1; each <= 20; each += 1) {
      socket.write('x');
      await turnOfEventLoop();
      expect(peer.unread).toBe(each);
    }
    socket.destroy();
    await server.close();
  });
});
