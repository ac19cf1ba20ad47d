/** What differs between the dialects on a connection: how requests are written and answers are read. */

import type { SlabWriter } from '@wirewright/core/kit';
import type { Operation } from '../operations.ts';
import type { BytesLike } from '../protocol/bytes.ts';
import type { Dialect } from '../protocol/dialect.ts';
import type { Fence } from '../protocol/ldbd/fence.ts';
import type { Answer } from '../server-answer.ts';

/** What a command is sent with; its limits were checked. */
export interface Request {
  readonly key: BytesLike;
  readonly value: BytesLike;
  /** Seconds to live with SETEX, otherwise 0. */
  readonly ttl: number;
}

/** The fence of an `ldbd` read matched bytes of the value: the read has to be repeated on another connection. */
export class RepeatRead {
  /** The fence to begin with then. */
  readonly first: Fence;

  constructor(first: Fence) {
    this.first = first;
  }
}

/** What a receiver asks of its connection. */
export interface ReceiverHost {
  /** The answer to the request that is out. */
  answer(answer: Answer | RepeatRead): void;
  /** Sends bytes that belong to the request that is out, with one write. */
  send(bytes: Uint8Array): void;
  /** The connection is of no more use, through nobody's fault. */
  finish(): void;
}

export interface Receiver {
  readonly dialect: Dialect;
  /**
   * Writes a request into `out`, which is flushed then.
   *
   * @param first - the fence that a repeated read begins with.
   * @returns whether the client finishes sending behind this request.
   */
  write(out: SlabWriter, operation: Operation<unknown>, request: Request, first: Fence | undefined): boolean;
  /**
   * Takes in what was received.
   *
   * @throws WireError when no server of this dialect sends this now.
   */
  onData(bytes: Uint8Array, length: number): void;
  /** The peer has finished sending. False when that ends the connection before its time. */
  onEnd(): boolean;
  /** The connection is over: nothing more is read. */
  stop(): void;
}
