/** Poison for read buffers: what outlives its callback without having been copied becomes visible. */

import type { DialOptions, Net, NetSocket, SocketHandler } from '../socket/net.ts';

/** What a delivered buffer is filled with after the callback. */
export const poisonByte = 0xdb;

/**
 * The same network, whose sockets overwrite the buffer of `onData` after each callback. A decoder that keeps a
 * view of it gets garbage at once, and not only when the next answer happens to be read to the same place.
 */
export function poisoned(net: Net): Net {
  return {
    dial(options: DialOptions, handler: SocketHandler): NetSocket {
      // Not in place: a stream of a `socket` factory may hand over memory that somebody else still needs.
      let scratch = new Uint8Array(0);
      return net.dial(options, {
        onOpen: () => handler.onOpen(),
        onData(buffer, length) {
          if (scratch.length < length) scratch = new Uint8Array(Math.max(length, 64 * 1024));
          scratch.set(buffer.subarray(0, length));
          try {
            handler.onData(scratch, length);
          } finally {
            scratch.fill(poisonByte, 0, length);
          }
        },
        onDrain: () => handler.onDrain(),
        onEnd: () => handler.onEnd(),
        onClose: (error) => handler.onClose(error),
      });
    },
  };
}
