/** What a fault proxy can do to a connection, and when. */

/** `request` is from the client to the server, `answer` is from the server to the client. */
export type Direction = 'request' | 'answer';

/** Ends or silences a connection. Happens once to each. */
export type ConnectionFault =
  /**
   * New connections are refused. Injected without condition, the proxy stops to listen (ECONNREFUSED; on a unix path
   * ENOENT); limited to some connections or to a probability, those are cut with a reset right after they came,
   * which is as near as it gets once the system has taken them.
   */
  | { readonly type: 'refuse' }
  /** The connection is cut with a reset, which `seenBy` (default both) sees; the other side sees an ordered end. */
  | { readonly type: 'reset'; readonly seenBy?: 'client' | 'server' | 'both' }
  /** The stream ends in the rule's direction: its receiver sees FIN, and what comes after is dropped. */
  | { readonly type: 'fin' }
  /** Nothing passes any more in the rule's direction, no byte and no end, and nobody is told. */
  | { readonly type: 'black-hole' }
  /**
   * One side is gone without a FIN (default: the server). The other finds an open connection that never answers, or
   * (`afterwards: 'reset'`) that answers its next bytes with a reset.
   */
  | { readonly type: 'half-open'; readonly gone?: 'client' | 'server'; readonly afterwards?: 'silence' | 'reset' };

/** Changes how bytes pass. A chunk is what was read at once, or a frame where the proxy was given a meter. */
export type ChunkFault =
  /** Byte by byte, each on its own: a turn of the event loop apart, or so many milliseconds. */
  | { readonly type: 'drip'; readonly intervalMs?: number }
  /** Later, in order: what follows waits, too. */
  | { readonly type: 'delay'; readonly delayMs: number }
  /** Not before `until` is settled. */
  | { readonly type: 'hold'; readonly until: Promise<unknown> }
  /** In pieces of these sizes (the rest after a list as one), each on its own. Default: two, cut at random. */
  | { readonly type: 'split'; readonly sizes?: number | readonly number[] }
  /** Sent so many times in all. Default 2. */
  | { readonly type: 'duplicate'; readonly times?: number }
  /** Only the first `keepBytes` (default: a random part); then goes on with the next chunk, ends, or resets. */
  | { readonly type: 'truncate'; readonly keepBytes?: number; readonly afterwards?: 'continue' | 'fin' | 'reset' }
  /** `count` bytes (default 1) from offset `at` (default random) are XORed with `mask`, 1 to 255 (default random). */
  | { readonly type: 'corrupt'; readonly at?: number; readonly count?: number; readonly mask?: number };

export type Fault = ConnectionFault | ChunkFault;

/** A chunk on its way through the proxy, as predicates and phase hooks are shown it. */
export interface PassingChunk {
  /** The connection's number, from 1. */
  readonly connection: number;
  readonly direction: Direction;
  readonly bytes: Uint8Array;
  /** Counts the chunks of this direction of this connection, from 1. */
  readonly index: number;
  /** Bytes that came before it in this direction of this connection. */
  readonly offset: number;
  /** The connection's phase; for `phaseOf`, the one before this chunk. */
  readonly phase: string;
}

/**
 * When a rule applies. A fault of a connection may strike each time that this becomes so, until it has struck that
 * connection: before the chunk in question is passed on or, for `afterBytes`, as soon as so many bytes have been. A
 * fault of chunks may change every chunk for which it is so.
 */
export type Trigger =
  /** Once so many bytes have passed in the direction: exactly there, also in the middle of a chunk. */
  | { readonly afterBytes: number }
  /** At chunk number `chunk` of the direction, from 1, on each connection. */
  | { readonly chunk: number }
  | { readonly where: (chunk: PassingChunk) => boolean }
  /** While the connection is in this phase. */
  | { readonly phase: string };

export interface FaultRule {
  readonly fault: Fault;
  /** Where the fault takes effect. Default both. */
  readonly direction?: Direction | 'both';
  /** For faults of connections: the direction that `when` looks at. Default: `direction`. */
  readonly watch?: Direction | 'both';
  /** Only these, by number from 1. Default: all, those that are open included. */
  readonly connections?: number | readonly number[] | ((number: number) => boolean);
  /** Default: at once, and as new connections come; for faults of chunks, each chunk. */
  readonly when?: Trigger;
  /** Share of the occasions on which it strikes, 0 to 1, drawn from the proxy's seed. Default 1. */
  readonly probability?: number;
  /** How often it may strike in all. Default without limit. */
  readonly times?: number;
}

/** Whether what concerns `direction` concerns this one, too. */
export function covers(direction: Direction | 'both' | undefined, one: Direction): boolean {
  return direction === undefined || direction === 'both' || direction === one;
}

export function isChunkFault(fault: Fault): fault is ChunkFault {
  switch (fault.type) {
    case 'drip':
    case 'delay':
    case 'hold':
    case 'split':
    case 'duplicate':
    case 'truncate':
    case 'corrupt':
      return true;
    case 'refuse':
    case 'reset':
    case 'fin':
    case 'black-hole':
    case 'half-open':
      return false;
  }
}
