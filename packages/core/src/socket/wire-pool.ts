import { Failure } from '../errors/failure.ts';
import type { Connection, Wire } from './connection.ts';
import { Pool } from './pool.ts';
import type { PoolMember, PoolOptions } from './pool-options.ts';
import type { ConnectionHooks } from './session-options.ts';

export interface WirePoolOptions<W extends Wire & PoolMember> extends Omit<PoolOptions<W>, 'open'> {
  /** Opens a connection, handshake included. `hooks` go into its options. Must not reject. */
  readonly open: (hooks: ConnectionHooks<W>) => Promise<Connection<W> | Failure>;
}

/** A pool of connections that leases their wires. */
export function wirePool<W extends Wire & PoolMember>(options: WirePoolOptions<W>): Pool<W> {
  return new Pool<W>({
    ...options,
    open: async (onClosed) => {
      const opened = await options.open({
        onClosed: ({ wire }, failure) => onClosed(wire, failure),
        onProgress: () => {},
      });
      return opened instanceof Failure ? opened : opened.wire;
    },
  });
}
