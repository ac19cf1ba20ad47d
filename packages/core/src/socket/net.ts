/**
 * The socket port: the little that a connection needs of a byte stream. Node's sockets implement it
 * (`nodeNet`), and so does the simulator's virtual network.
 */

import type { SocketTarget } from '../endpoint.ts';
import type { TlsOptions } from './tls.ts';

/** What a socket tells its owner. Nothing is called after `onClose`; nothing is called from inside `dial`. */
export interface SocketHandler {
  /** The stream is up, TLS included. */
  onOpen(): void;
  /**
   * `buffer[0, length)` was received. The memory belongs to the socket and is overwritten after the callback
   * returns: what must last is copied.
   */
  onData(buffer: Uint8Array, length: number): void;
  /** Everything that was written has been taken by the operating system. */
  onDrain(): void;
  /** The peer has finished sending. Our side stays open until `end` or `destroy`. */
  onEnd(): void;
  /** The stream is gone, by the peer, by `destroy`, or by `error`. Comes exactly once, last. */
  onClose(error: Error | undefined): void;
}

export interface NetSocket {
  /**
   * Writes `chunk` whole.
   *
   * @returns true when the system took every byte at once: the memory may be reused now. Otherwise it may be
   * reused after `onDrain`.
   */
  write(chunk: Uint8Array): boolean;
  /** Writes several chunks in one system call where the platform can. Same result as `write`. */
  writeAll(chunks: readonly Uint8Array[]): boolean;
  /** Memory whose parts are written with least effort, all zeros. Default: a `Uint8Array`. */
  allocate?(bytes: number): Uint8Array;
  /** Sends FIN after what was written. */
  end(): void;
  /** Closes at once; `onClose` follows. Calling it again does nothing. */
  destroy(error?: Error): void;
  /** Stops and restarts reading, which is how a reader makes the peer wait. */
  pause(): void;
  resume(): void;
  /** Whether the open socket keeps the process alive. */
  ref(): void;
  unref(): void;
}

export interface DialOptions {
  /** Where to: a host and port, a unix path, or a factory that brings an open stream. */
  readonly target: SocketTarget;
  readonly tls?: TlsOptions | undefined;
  /** TCP keep-alive probes after this many idle milliseconds; 0 sends none. */
  readonly keepAliveMs: number;
}

export interface Net {
  /** Starts a connection attempt. It has no deadline of its own: the caller destroys what takes too long. */
  dial(options: DialOptions, handler: SocketHandler): NetSocket;
}
