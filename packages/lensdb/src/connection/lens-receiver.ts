/** The dialect `lens` on a connection: answers tell their length, one request is answered by one frame. */

import { FrameSplitter, type FrameSink, type SlabWriter, WireError } from '@wirewright/core/kit';
import type { Operation } from '../operations.ts';
import { encodeLensRequest, lensRequestBound } from '../protocol/lens/request.ts';
import { lensResponseMeter, readLensResponse } from '../protocol/lens/response.ts';
import type { Receiver, ReceiverHost, Request } from './receiver.ts';

export class LensReceiver implements Receiver, FrameSink {
  readonly dialect = 'lens';
  readonly #host: ReceiverHost;
  readonly #splitter: FrameSplitter;
  /** A request is out. */
  #waits = false;

  constructor(host: ReceiverHost, maxFrameBytes: number) {
    this.#host = host;
    this.#splitter = new FrameSplitter(lensResponseMeter(maxFrameBytes), this, { maxFrameBytes });
  }

  write(out: SlabWriter, operation: Operation<unknown>, request: Request): boolean {
    const { key, value, ttl } = request;
    const offset = out.reserve(lensRequestBound(key, value));
    out.commit(encodeLensRequest(out.bytes, offset, operation.lens, key, value, ttl) - offset);
    this.#waits = true;
    return false;
  }

  onData(bytes: Uint8Array, length: number): void {
    this.#splitter.push(bytes, length);
    // A part of a frame behind the answer counts as well as a whole one (2.7, rule 5).
    if (!this.#waits && this.#splitter.carried > 0) throw unsolicited();
  }

  onFrame(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#waits) throw unsolicited();
    this.#waits = false;
    this.#host.answer(readLensResponse(bytes, start, end));
  }

  onEnd(): boolean {
    return false;
  }

  stop(): void {
    this.#splitter.stop();
  }
}

function unsolicited(): WireError {
  return new WireError('the server sent bytes that no request had asked for');
}
