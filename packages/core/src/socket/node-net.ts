/** Sockets of `node:net` and `node:tls` behind the `Net` port. Bun and Deno run it through their own of these. */

import { connect as connectPlain, isIP, type Socket } from 'node:net';
import type { ConnectionOptions as NodeTlsOptions } from 'node:tls';
import type { ByteStream } from '../endpoint.ts';
import type { DialOptions, Net, NetSocket, SocketHandler } from './net.ts';
import { ByteStreamSocket, isNodeSocket, NodeSocket } from './node-socket.ts';
import type { TlsOptions } from './tls.ts';

type TlsModule = typeof import('node:tls');

/** Loaded by the first dial that needs it: it is most of what importing a client would cost. */
let tlsModule: TlsModule | undefined;

/**
 * Where every socket of this thread reads to. The system's bytes are copied here and handed to the callback in one
 * go, without a turn of the event loop between, so a thousand sockets need no more than one buffer.
 */
let readBuffer: Uint8Array | undefined;
const readBufferBytes = 64 * 1024;

function onread(socket: NodeSocket): { buffer: Uint8Array; callback: (length: number, buffer: Uint8Array) => boolean } {
  readBuffer ??= new Uint8Array(readBufferBytes);
  return { buffer: readBuffer, callback: (length, buffer) => socket.received(buffer, length) };
}

/** `servername` is checked against the certificate; SNI may not carry an address, so one is left out. */
function nodeTlsOptions(tls: TlsOptions, host: string | undefined): NodeTlsOptions {
  const servername = tls.servername ?? (host !== undefined && isIP(host) === 0 ? host : undefined);
  return { ...(tls as NodeTlsOptions), ...(servername === undefined ? {} : { servername }) };
}

function tune(socket: Socket, keepAliveMs: number): void {
  socket.setNoDelay(true);
  // The system counts seconds; less than one would mean its default, which is hours.
  if (keepAliveMs > 0) socket.setKeepAlive(true, Math.ceil(keepAliveMs / 1000) * 1000);
}

/** Connects without TLS, or with it once its module is there. */
function connect(options: DialOptions, socket: NodeSocket): Socket {
  const target = options.target as { readonly host: string; readonly port: number } | { readonly path: string };
  const common = { ...target, allowHalfOpen: true, onread: onread(socket) };
  let stream: Socket;
  if (!options.tls) stream = connectPlain(common);
  else {
    const host = 'host' in target ? target.host : undefined;
    stream = (tlsModule as TlsModule).connect({ ...common, ...nodeTlsOptions(options.tls, host) });
  }
  stream.once('connect', () => tune(stream, options.keepAliveMs));
  return stream;
}

/** A stream of the user's: bare, or as the carrier of TLS. Reading goes through its 'data' events. */
async function openFactory(options: DialOptions, handler: SocketHandler, lazy: LazySocket): Promise<void> {
  const { socket: factory } = options.target as { readonly socket: () => ByteStream | Promise<ByteStream> };
  const stream = await factory();
  // From here on its errors are ours, also when nobody waits for the stream any more.
  stream.on('error', () => {});
  if (lazy.destroyed) {
    stream.destroy();
    return;
  }
  if ((stream as Partial<Socket>).destroyed) throw new Error('the socket factory brought a stream that is closed');
}
