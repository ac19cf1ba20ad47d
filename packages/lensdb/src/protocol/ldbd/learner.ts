/**
 * Learns at connect how reads of an `ldbd` server end (section 3.7): behind the first bytes of the answer to the
 * probe it sends EXISTS on a random key; what stands before the known answer is the reply to PING, *P*. An end of
 * the stream in its place means a server that serves one request per connection.
 */

import { WireError } from '@wirewright/core/kit';
import { Accumulator } from '../accumulator.ts';
import { agrees, copyBytes } from '../bytes.ts';
import { OtherDialectError } from '../dialect.ts';
import { endsWithPartOfReply, endsWithReply, existsRequest, falseReply } from './fence.ts';
import { ldbdStatusNames } from './codes.ts';
import { ldbdDataStart } from './response.ts';
import { type LdbdReads, type LostStep, more, type MoreStep, type SendStep, type ViolationStep } from './step.ts';

export interface LearnedStep {
  readonly kind: 'learned';
  /**
   * With `oneRequest`, this connection is of no more use, and every request needs one of its own. Otherwise it is
   * ready for requests.
   */
  readonly reads: LdbdReads;
}

export type LearnStep = MoreStep | SendStep | LearnedStep | LostStep | ViolationStep;

/** A reply to PING longer than this is none. */
const longestReply = 128 * 1024;

export class LdbdLearner {
  readonly #randomKey: string;
  readonly #answer: Accumulator = new Accumulator(longestReply);
  /** How much had arrived when EXISTS was sent; 0 before. */
  #sentAt = 0;
  #over = false;

  /** @param randomKey from `randomFenceKey` */
  constructor(randomKey: string) {
    this.#randomKey = randomKey;
  }

  /** Takes in what came behind the PING that was sent first, from its first byte on. */
  feed(bytes: Uint8Array, start = 0, end: number = bytes.length): LearnStep {
    if (this.#over) return more;
    if (!this.#answer.append(bytes, start, end)) return this.#violation('the answer to PING has no end');
    try {
      return this.#advance();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return this.#violation(error.message, error instanceof OtherDialectError ? error : undefined);
    }
  }

  /** The peer has finished sending, or, behind a complete header, reset: a server that is gone resets our EXISTS. */
  eof(): LearnStep {
    const { bytes, length } = this.#answer;
    const lost = this.#over || this.#sentAt === 0 || endsWithPartOfReply(bytes, this.#sentAt, length, falseReply);
    this.#over = true;
    if (lost) return { kind: 'lost', relearn: false };
    return { kind: 'learned', reads: { strategy: 'close', oneRequest: true } };
  }

  #advance(): LearnStep {
    const { bytes, length } = this.#answer;
    if (this.#sentAt === 0) {
      if (ldbdDataStart(bytes, 0, length) === 0) return more;
      const status = bytes[5] as number;
      if (status !== 0) throw new WireError(`the server answered PING with status ${ldbdStatusNames[status]}`);
      this.#sentAt = length;
      return { kind: 'send', bytes: existsRequest(this.#randomKey) };
    }
    if (!endsWithReply(bytes, this.#sentAt, length, falseReply)) return more;
    this.#over = true;
    const pingReply = copyBytes(bytes, 0, length - falseReply.length);
    // Fences that are answered alike cannot confirm each other.
    const alike = pingReply.length === falseReply.length && agrees(pingReply, 0, pingReply.length, falseReply);
    if (alike) return { kind: 'learned', reads: { strategy: 'close', pingReply, oneRequest: false } };
    return { kind: 'learned', reads: { strategy: 'fence', pingReply } };
  }

  #violation(message: string, other?: OtherDialectError): ViolationStep {
    this.#over = true;
    return other ? { kind: 'violation', message, dialect: other.dialect } : { kind: 'violation', message };
  }
}
