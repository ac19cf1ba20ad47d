/** Steps of the real event loop, for testing tools on real sockets. */

import type { Socket } from 'node:net';

/**
 * Lets the event loop look for input once, wherever in it this is called: between two immediates there is always a
 * poll. What was written to a socket of this machine before is read by its receiver in this process, if it reads.
 */
export async function turnOfEventLoop(): Promise<void> {
  for (let each = 0; each < 2; each += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/**
 * Cuts a TCP connection with a reset; a unix socket has none and is closed, as is what is not connected yet. Its
 * receiver sees the end of the stream where bytes arrive together with the reset: let a turn pass between them.
 */
export function resetSocket(socket: Socket): void {
  if (socket.remoteAddress === undefined || socket.connecting) socket.destroy();
  else if (socket.writableEnded && !socket.writableFinished) void resetAfterShutdown(socket);
  else socket.resetAndDestroy();
}

/** The system refuses to reset a socket in the middle of finishing it, and the socket would stay open for ever. */
async function resetAfterShutdown(socket: Socket): Promise<void> {
  await turnOfEventLoop();
  if (socket.writableFinished && socket.remoteAddress !== undefined) socket.resetAndDestroy();
  else socket.destroy();
}
