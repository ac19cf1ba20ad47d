/** The dialect `ldbd` on a connection: where answers end is found out by fences, or by the end of the stream. */

import { type SlabWriter, WireError } from '@wirewright/core/kit';
import type { Operation } from '../operations.ts';
import { OtherDialectError } from '../protocol/dialect.ts';
import type { Fence } from '../protocol/ldbd/fence.ts';
import type { MessageType } from '../protocol/ldbd/codes.ts';
import { ldbdHalfCloses, LdbdReader, type LdbdReaderOptions } from '../protocol/ldbd/reader.ts';
import { encodeLdbdRequest, ldbdRequestLength } from '../protocol/ldbd/request.ts';
import type { LdbdReads, LdbdStep } from '../protocol/ldbd/step.ts';
import { RepeatRead, type Receiver, type ReceiverHost, type Request } from './receiver.ts';

export interface LdbdReceiverOptions extends LdbdReaderOptions {
  readonly host: ReceiverHost;
  /** Reads do not end as was learned. */
  readonly onRelearn: () => void;
}

export class LdbdReceiver implements Receiver {
  readonly dialect = 'ldbd';
  readonly #host: ReceiverHost;
  readonly #onRelearn: () => void;
  readonly #reads: LdbdReads;
  readonly #reader: LdbdReader;

  constructor(options: LdbdReceiverOptions) {
    this.#host = options.host;
    this.#onRelearn = options.onRelearn;
    this.#reads = options.reads;
    this.#reader = new LdbdReader(options);
  }

  write(out: SlabWriter, operation: Operation<unknown>, request: Request, first: Fence | undefined): boolean {
    const { key, value, ttl } = request;
    const type = operation.ldbd as MessageType;
    const length = ldbdRequestLength(key, value);
    const offset = out.reserve(length);
    encodeLdbdRequest(out.bytes, offset, type, key, value, ttl);
    out.commit(length);
    this.#reader.expect(type, first);
    return ldbdHalfCloses(this.#reads, type);
  }

  onData(bytes: Uint8Array, length: number): void {
    this.#do(this.#reader.feed(bytes, 0, length));
  }

  onEnd(): boolean {
    const step = this.#reader.eof();
    this.#do(step);
    return step.kind === 'done';
  }

  stop(): void {
    // The reader holds no resource, and nothing is fed to it any more.
  }

  #do(step: LdbdStep): void {
    switch (step.kind) {
      case 'more':
        return;
      case 'send':
        this.#host.send(step.bytes);
        return;
      case 'done':
        this.#host.answer(step.response);
        if (!step.reusable) this.#host.finish();
        return;
      case 'repeat':
        this.#host.answer(new RepeatRead(step.first));
        this.#host.finish();
        return;
      case 'lost':
        if (step.relearn) this.#onRelearn();
        return;
      case 'violation':
        throw step.dialect ? new OtherDialectError(step.dialect) : new WireError(step.message);
    }
  }
}
