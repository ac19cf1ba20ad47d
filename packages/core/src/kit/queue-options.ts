import { OptionChecker } from '../options.ts';

/**
 * What a full queue does with the next item: `wait` refuses it and lets `pushWhenRoom` wait, `drop-oldest` and
 * `drop-newest` throw one away and say so in a `dropped` notice, `close` ends the queue as `overloaded`.
 */
export type WhenFull = 'wait' | 'drop-oldest' | 'drop-newest' | 'close';

export interface QueueOptions {
  /** Items that may wait to be read. */
  readonly maxItems: number;
  /** Bytes that may wait to be read; Infinity for no limit. */
  readonly maxBytes: number;
  readonly whenFull: WhenFull;
  /** Producers that may wait for room at once; more are refused with `overloaded`. Default 1000. */
  readonly maxProducers?: number;
  /** The system, for errors that the reader gets. */
  readonly system?: string;
  /** Three quarters of either bound are reached: a good time to pause what fills the queue. Must not throw. */
  readonly onHigh?: () => void;
  /** After `onHigh`: both are down to a quarter, or nothing more will be pushed. Must not throw. */
  readonly onLow?: () => void;
  /** The reader does not want more: `return()`, `throw()`, a `break` out of its loop. Called once, and awaited. */
  readonly onReturn?: () => void | Promise<void>;
}

export const queueOptions: OptionChecker = new OptionChecker('Queue', {
  maxItems: { kind: 'integer', min: 1 },
  maxBytes: { kind: 'number', min: 1, infinity: true, unit: 'bytes' },
  whenFull: { kind: 'enum', values: ['wait', 'drop-oldest', 'drop-newest', 'close'] },
  maxProducers: { kind: 'integer', min: 0, infinity: true },
  system: { kind: 'string' },
  onHigh: { kind: 'function' },
  onLow: { kind: 'function' },
  onReturn: { kind: 'function' },
});
