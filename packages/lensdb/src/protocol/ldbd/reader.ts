/**
 * Finds out where answers of the dialect `ldbd` end: the rules R1 to R8 and the adaptive fence of section 3.7, as a
 * state machine without a socket. One reader serves one connection; requests follow one another.
 */

import { WireError } from '@wirewright/core/kit';
import { Accumulator } from '../accumulator.ts';
import { agrees, copyBytes, decodeText, noBytes } from '../bytes.ts';
import { defaultMaxFrameBytes, OtherDialectError } from '../dialect.ts';
import { MessageType, ResponseStatus } from './codes.ts';
import { endsWithReply, existsRequest, falseReply, type Fence, otherFence, pingRequest } from './fence.ts';
import { ldbdDataStart, ldbdResponseHeaderLength } from './response.ts';
import { type LdbdReads, type LdbdStep, more } from './step.ts';

export interface LdbdReaderOptions {
  readonly reads: LdbdReads;
  /** A fresh key for each fence, from the random port: `() => randomFenceKey(ports.random)`. */
  readonly randomKey: () => string;
  /** Longest answer that is taken in, its fences included. Default 64 MiB. */
  readonly maxFrameBytes?: number;
}

const ok: Uint8Array = Uint8Array.of(0x4f, 0x4b);
const trueData: Uint8Array = Uint8Array.of(0x74, 0x72, 0x75, 0x65);
const falseData: Uint8Array = Uint8Array.of(0x66, 0x61, 0x6c, 0x73, 0x65);

/** Whether the data of this answer end with the stream and nothing else. */
function endsWithStream(reads: LdbdReads, type: MessageType): boolean {
  if (reads.strategy === 'fence') return false;
  if (type === MessageType.PING) return reads.pingReply === undefined;
  return type === MessageType.GET || type === MessageType.KEYS || type === MessageType.SIZE;
}

/** Whether the client must half-close (send FIN) behind this request, because it is the last of its connection. */
export function ldbdHalfCloses(reads: LdbdReads, type: MessageType): boolean {
  return reads.strategy === 'close' && (reads.oneRequest || endsWithStream(reads, type));
}

export class LdbdReader {
  readonly #reads: LdbdReads;
  readonly #randomKey: () => string;
  readonly #answer: Accumulator;

  /**
   * `idle`: no request is out. `answer`: reading header, message and data. `fence`: reading to the answer of the
   * first fence. `confirm`: reading the answer of the other one. `over`: the connection is of no more use.
   */
  #phase: 'idle' | 'answer' | 'fence' | 'confirm' | 'over' = 'idle';
  #type: MessageType = MessageType.PING;
  #first: Fence = 'ping';
  /** Offset of the data in the answer; 0 until header and message are there. */
  #dataStart = 0;
  /** How much had arrived when the last fence was sent. What its answer matches cannot start before. */
  #sentAt = 0;
  /** Of the `OK` that may follow an acknowledgement (R4): what is not there yet. */
  #tail: Uint8Array = noBytes;
  /** A part of it came after the acknowledgement was done: then the rest must come too. */
  #tailBegun = false;

  constructor(options: LdbdReaderOptions) {
    this.#reads = options.reads;
    this.#randomKey = options.randomKey;
    this.#answer = new Accumulator(options.maxFrameBytes ?? defaultMaxFrameBytes);
  }

  /**
   * A request is about to be written.
   *
   * @param first the fence to begin with, when an earlier try ended with `repeat`. Default PING
   * @throws Error when another request is out or the connection is over: a mistake of the caller
   */
  expect(type: MessageType, first: Fence = 'ping'): void {
    if (this.#phase !== 'idle') throw new Error(`a request cannot be sent in the state '${this.#phase}'`);
    this.#phase = 'answer';
    this.#type = type;
    this.#first = first;
    this.#dataStart = 0;
    this.#answer.clear();
  }

  /** Takes in `bytes[start, end)`; they are not kept. Bytes that come while no request is out belong here too. */
  feed(bytes: Uint8Array, start = 0, end: number = bytes.length): LdbdStep {
    if (this.#phase === 'over') return more;
    let from = start;
    if (this.#answer.length === 0 || this.#phase === 'idle') {
      from = this.#skipTail(bytes, start, end);
      if (from < 0) return this.#violation("expected nothing or 'OK' behind an acknowledgement");
      if (from === end) return more;
    }
    if (this.#phase === 'idle') return this.#violation('the server sent bytes that no request had asked for');
    if (!this.#answer.append(bytes, from, end))
      return this.#violation("the answer is longer than 'maxFrameBytes' allows");
    try {
      return this.#advance();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return this.#violation(error.message, error instanceof OtherDialectError ? error : undefined);
    }
  }

  /**
   * The peer has finished sending. This ends the data only where the strategy is `close` (R7): with a fence out, it
   * shows that the rest is lost. A reset is no end either: whoever sees one drops the reader.
   */
  eof(): LdbdStep {
    if (this.#phase === 'answer' && this.#dataStart > 0 && endsWithStream(this.#reads, this.#type)) {
      return this.#done(this.#answer.length, false);
    }
    const relearn = this.#phase === 'fence' || this.#phase === 'confirm';
    this.#phase = 'over';
    return { kind: 'lost', relearn };
  }

  #advance(): LdbdStep {
    if (this.#phase === 'fence') return this.#awaitFence();
    if (this.#phase === 'confirm') return this.#awaitConfirmation();
    const { bytes, length } = this.#answer;
    if (this.#dataStart === 0) {
      this.#dataStart = ldbdDataStart(bytes, 0, length);
      if (this.#dataStart === 0) return more;
    }
    const dataStart = this.#dataStart;
    if (bytes[5] !== ResponseStatus.SUCCESS) return this.#done(dataStart, length === dataStart);
    switch (this.#type) {
      case MessageType.SET:
      case MessageType.SETEX:
      case MessageType.DELETE:
      case MessageType.CLEAR:
        // What came along is ignored; of an `OK`, the rest may come later.
        this.#tail = agrees(bytes, dataStart, length, ok) ? ok.subarray(length - dataStart) : noBytes;
        this.#tailBegun = false;
        return this.#done(dataStart, true);
      case MessageType.EXISTS:
        return this.#awaitKnown(dataStart, bytes[dataStart] === trueData[0] ? trueData : falseData);
      case MessageType.PING:
        if (this.#reads.pingReply !== undefined) return this.#awaitKnown(0, this.#reads.pingReply);
        return more;
      case MessageType.GET:
      case MessageType.KEYS:
      case MessageType.SIZE:
        return this.#reads.strategy === 'fence' ? this.#sendFence() : more;
    }
  }

  /** Reads on until `known` has come, which is at `offset` (R5, R6). */
  #awaitKnown(offset: number, known: Uint8Array): LdbdStep {
    const { bytes, length } = this.#answer;
    if (!agrees(bytes, offset, length, known)) {
      throw new WireError(
        this.#type === MessageType.EXISTS
          ? "expected 'true' or 'false' in the answer to EXISTS"
          : 'the answer to PING differs from the one that was learned at connect',
      );
    }
    const end = offset + known.length;
    return length < end ? more : this.#done(end, length === end);
  }

  #reply(fence: Fence): Uint8Array {
    return fence === 'ping' ? (this.#reads.pingReply ?? noBytes) : falseReply;
  }

  #send(fence: Fence): LdbdStep {
    this.#sentAt = this.#answer.length;
    return { kind: 'send', bytes: fence === 'ping' ? pingRequest : existsRequest(this.#randomKey()) };
  }

  /**
   * Step 2: PING, or what a repeat asked for, unless the data so far end with its answer. Where one answer is the
   * beginning of the other, the shorter comes first: a confirmation must not agree with what it is to exclude.
   */
  #sendFence(): LdbdStep {
    const { bytes, length } = this.#answer;
    const reply = this.#reply(this.#first);
    const other = this.#reply(otherFence(this.#first));
    const swap = agrees(reply, 0, reply.length, other)
      ? reply.length > other.length
      : endsWithReply(bytes, this.#dataStart, length, reply);
    if (swap) this.#first = otherFence(this.#first);
    this.#phase = 'fence';
    return this.#send(this.#first);
  }

  /** Step 3. The end is looked for at the end of what is there: nothing more is buffered when it matches. */
  #awaitFence(): LdbdStep {
    const { bytes, length } = this.#answer;
    const reply = this.#reply(this.#first);
    if (!endsWithReply(bytes, this.#sentAt, length, reply)) return more;
    if (this.#type === MessageType.SIZE && onlyDigits(bytes, this.#dataStart, length - reply.length)) {
      return this.#done(length - reply.length, true);
    }
    this.#phase = 'confirm';
    return this.#send(otherFence(this.#first));
  }

  /** Step 4. */
  #awaitConfirmation(): LdbdStep {
    const { bytes, length } = this.#answer;
    const reply = this.#reply(otherFence(this.#first));
    const received = length - this.#sentAt;
    if (received > reply.length || !agrees(bytes, this.#sentAt, length, reply)) {
      this.#phase = 'over';
      return { kind: 'repeat', first: otherFence(this.#first) };
    }
    if (received < reply.length) return more;
    return this.#done(this.#sentAt - this.#reply(this.#first).length, true);
  }

  #done(dataEnd: number, clean: boolean): LdbdStep {
    const { bytes } = this.#answer;
    const dataStart = this.#dataStart;
    const reusable = clean && !ldbdHalfCloses(this.#reads, this.#type);
    this.#phase = reusable ? 'idle' : 'over';
    return {
      kind: 'done',
      response: {
        status: bytes[5] as ResponseStatus,
        message: decodeText(bytes, ldbdResponseHeaderLength, dataStart),
        data: copyBytes(bytes, dataStart, dataEnd),
      },
      reusable,
    };
  }

  /** @returns the offset behind what belongs to an earlier acknowledgement, or -1 when it is half an `OK` */
  #skipTail(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.#tail.length > 0) {
      if (bytes[at] === this.#tail[0]) {
        this.#tail = this.#tail.subarray(1);
        this.#tailBegun = true;
        at++;
      } else if (this.#tailBegun) return -1;
      else this.#tail = noBytes;
    }
    return at;
  }

  #violation(message: string, other?: OtherDialectError): LdbdStep {
    this.#phase = 'over';
    return other ? { kind: 'violation', message, dialect: other.dialect } : { kind: 'violation', message };
  }
}

function onlyDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] as number) < 0x30 || (bytes[i] as number) > 0x39) return false;
  return true;
}
