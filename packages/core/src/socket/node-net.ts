/** Sockets of `node:net` and `node:tls` behind the `Net` port. Bun and Deno run it on their own of these. */

import type { Socket } from 'node:net';
import type { ConnectionOptions as NodeTlsOptions } from 'node:tls';
import type { ByteStream } from '../endpoint.ts';
import { ForeignStream } from './node-foreign-stream.ts';
import type { DialOptions, Net, NetSocket, SocketHandler } from './net.ts';
import { NodeSocket } from './node-socket.ts';
import type { TlsOptions } from './tls.ts';

type Address = { readonly host: string; readonly port: number } | { readonly path: string };
type TlsModule = typeof import('node:tls');
type NetModule = typeof import('node:net');
type Factory = () => ByteStream | Promise<ByteStream>;

/**
 * Where every socket of this thread reads to. The system's bytes are copied here and handed to the callback in one
 * go, without a turn of the event loop between, so a thousand sockets need no more than one buffer.
 */
let readBuffer: Uint8Array | undefined;
const readBufferBytes = 64 * 1024;

interface OnRead {
  readonly buffer: Uint8Array;
  callback(length: number, buffer: Uint8Array): boolean;
}

function onread(socket: NodeSocket): OnRead {
  readBuffer ??= new Uint8Array(readBufferBytes);
  return {
    buffer: readBuffer,
    callback: (length, buffer) => {
      socket.received(buffer, length);
      return true;
    },
  };
}

let netModule: NetModule | undefined;

/** Loaded by the first dial, at once: importing it would be a third of what importing a client costs. */
function net(): NetModule {
  return (netModule ??= process.getBuiltinModule('node:net'));
}

/** SNI may not carry an IP address; Node checks the certificate against `host` where `servername` is absent. */
function nodeTlsOptions(tls: TlsOptions | undefined, host: string | undefined): NodeTlsOptions {
  const options = { ...tls } as NodeTlsOptions;
  if (options.servername === undefined && host !== undefined && net().isIP(host) === 0) options.servername = host;
  return options;
}

/** Node looks the host up at each call, and tries its addresses as it does everywhere (`autoSelectFamily`). */
function dialAddress(address: Address, options: DialOptions, socket: NodeSocket, tls?: TlsModule): void {
  const common = { ...address, allowHalfOpen: true, onread: onread(socket) };
  const host = 'host' in address ? address.host : undefined;
  const stream = tls ? tls.connect({ ...nodeTlsOptions(options.tls, host), ...common }) : net().connect(common);
  stream.once('connect', () => {
    stream.setNoDelay(true);
    // The system counts in seconds; less than one would mean its default, which is hours.
    if (options.keepAliveMs > 0) stream.setKeepAlive(true, Math.ceil(options.keepAliveMs / 1000) * 1000);
  });
  socket.attach(stream, tls ? 'secureConnect' : 'connect', !tls);
}

/** Waits for the user's stream, and for TLS over it if asked to. */
async function dialFactory(factory: Factory, options: DialOptions, socket: NodeSocket): Promise<void> {
  const stream = await factory();
  // From here on its errors are ours to hear, also when nobody waits for the stream any more.
  stream.on('error', () => {});
  if (socket.destroyed) {
    stream.destroy();
    return;
  }
  const known = stream as ByteStream & { destroyed?: boolean; connecting?: boolean; secureConnecting?: boolean };
  if (known.destroyed) throw new Error('the socket factory brought a stream that is closed already');
  if (options.tls) {
    const { connect } = await import('node:tls');
    if (socket.destroyed) return void stream.destroy();
    // Node leaves `onread` out when TLS runs over a given stream: bytes come as events.
    const secured = connect({ ...nodeTlsOptions(options.tls, undefined), socket: stream as unknown as Socket });
    secured.on('close', () => stream.destroy());
    listenForData(secured, socket);
    socket.attach(secured, 'secureConnect');
    return;
  }
  listenForData(stream, socket);
  const openEvent = known.secureConnecting ? 'secureConnect' : known.connecting ? 'connect' : undefined;
  socket.attach(stream instanceof net().Socket ? stream : new ForeignStream(stream), openEvent);
}

function listenForData(stream: ByteStream, socket: NodeSocket): void {
  stream.on('data', (chunk: Uint8Array | string) => {
    // As bytes like any other: the `slice` of a `Buffer` copies nothing, and whoever reads would not think of that.
    if (typeof chunk !== 'string')
      socket.received(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length), chunk.length);
    else socket.destroy(new Error('the socket factory brought a stream with an encoding; bring one that yields bytes'));
  });
}

async function dialTls(address: Address, options: DialOptions, socket: NodeSocket): Promise<void> {
  // Loaded by the first dial that needs it: importing it would be most of what importing a client costs.
  const tls = await import('node:tls');
  if (!socket.destroyed) dialAddress(address, options, socket, tls);
}

/**
 * The sockets of the platform.
 *
 * `write` and `writeAll` throw before `onOpen` and after `end`, and drop the bytes (returning false) after
 * `destroy`. Over TLS they return true never: encryption hands over a turn later, and `onDrain` says so.
 */
export const nodeNet: Net = Object.freeze({
  dial(options: DialOptions, handler: SocketHandler): NetSocket {
    const socket = new NodeSocket(handler);
    const { target } = options;
    try {
      if ('socket' in target) dialFactory(target.socket, options, socket).catch((error: unknown) => socket.fail(error));
      else if (options.tls) dialTls(target, options, socket).catch((error: unknown) => socket.fail(error));
      else dialAddress(target, options, socket, undefined);
    } catch (error) {
      socket.fail(error);
    }
    return socket;
  },
});
