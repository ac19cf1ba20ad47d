/** Addresses: what a client may be pointed at. */

/** A byte stream that a `socket` factory brings: any Node `Duplex` fits. */
export interface ByteStream {
  write(chunk: Uint8Array, callback?: (error?: Error | null) => void): boolean;
  end(): unknown;
  destroy(error?: Error): unknown;
  pause(): unknown;
  resume(): unknown;
  on(event: string, listener: (...args: never[]) => void): unknown;
}

/** Where one socket goes. */
export type SocketTarget =
  | { readonly host: string; readonly port: number }
  | { readonly path: string }
  | { readonly socket: () => ByteStream | Promise<ByteStream> };

/** An address for people and logs; never holds credentials. */
export function formatTarget(target: SocketTarget): string {
  if ('path' in target) return `unix:${target.path}`;
  if ('socket' in target) return 'socket()';
  return target.host.includes(':') ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
}
