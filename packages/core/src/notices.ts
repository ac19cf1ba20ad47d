/**
 * What a stream says about itself, in band, between its data: subscriptions, consumers and watches of all clients
 * yield these beside their items, so that what may be missing is a record and never a silence.
 */

/** A registered symbol, so that notices of two installed copies of core are recognised by each other. */
const noticeKey: symbol = Symbol.for('wirewright.notice');

/** A place in a stream, in the stream's own terms: an offset, a sequence number, a version. */
export type StreamPosition = bigint | number | string;

/** Items between two positions may be missing; null where a position is not known. */
export interface GapNotice {
  readonly notice: 'gap';
  /** The first position that may be missing. */
  readonly from: StreamPosition | null;
  /** The last position that may be missing. */
  readonly to: StreamPosition | null;
}

/** The connection was lost, and what follows comes over a new one. */
export interface ReconnectedNotice {
  readonly notice: 'reconnected';
  /** Number of the connection, counted from 1. */
  readonly epoch: number;
}

/** What is read was deleted and made again: positions start anew. */
export interface RecreatedNotice {
  readonly notice: 'recreated';
}

/** Another server serves the stream now. */
export interface RelocatedNotice {
  readonly notice: 'relocated';
}

/** This client threw items away because the reader was too slow. */
export interface DroppedNotice {
  readonly notice: 'dropped';
  /** How many, at this place of the stream. */
  readonly count: number;
}

export type Notice = GapNotice | ReconnectedNotice | RecreatedNotice | RelocatedNotice | DroppedNotice;

/** The mark is not enumerable: two notices are equal when they say the same. */
function marked<N extends Notice>(notice: N): N {
  return Object.freeze(Object.defineProperty(notice, noticeKey, { value: true }));
}

export function gap(from: StreamPosition | null, to: StreamPosition | null): GapNotice {
  return marked({ notice: 'gap', from, to });
}

export function reconnected(epoch: number): ReconnectedNotice {
  return marked({ notice: 'reconnected', epoch });
}

export function recreated(): RecreatedNotice {
  return marked({ notice: 'recreated' });
}

export function relocated(): RelocatedNotice {
  return marked({ notice: 'relocated' });
}

export function dropped(count: number): DroppedNotice {
  return marked({ notice: 'dropped', count });
}

/** Tells a notice from an item. Items that came from a server are never taken for one, whatever their fields. */
export function isNotice(value: unknown): value is Notice {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[noticeKey] === true;
}

function least(a: StreamPosition | null, b: StreamPosition | null): StreamPosition | null {
  return a === null || b === null ? null : a <= b ? a : b;
}

/**
 * One notice for two of the same kind that have no item between them, or undefined when they differ in kind: how
 * a queue that nobody reads stays bounded while connections come and go.
 */
export function mergeNotices(earlier: Notice, later: Notice): Notice | undefined {
  if (earlier.notice === 'gap' && later.notice === 'gap') {
    const to = earlier.to === null || later.to === null ? null : earlier.to >= later.to ? earlier.to : later.to;
    return gap(least(earlier.from, later.from), to);
  }
  if (earlier.notice === 'dropped' && later.notice === 'dropped') return dropped(earlier.count + later.count);
  return earlier.notice === later.notice ? later : undefined;
}
