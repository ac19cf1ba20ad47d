/** A bare socket, read into a static buffer. */

import { connect, type Socket } from 'node:net';

export type FloorAddress = { readonly host: string; readonly port: number } | { readonly path: string };

const readBufferBytes = 64 * 1024;

/** @param onData - valid inside the call only; what it throws ends the process, and the client drops out */
export function dial(address: FloorAddress, onData: (bytes: Uint8Array, length: number) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...address,
      onread: {
        buffer: new Uint8Array(readBufferBytes),
        callback: (length, bytes) => {
          onData(bytes, length);
          return true;
        },
      },
    });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setNoDelay(true);
      socket.off('error', reject);
      socket.once('end', () => {
        throw new Error('the server closed the connection');
      });
      resolve(socket);
    });
  });
}
