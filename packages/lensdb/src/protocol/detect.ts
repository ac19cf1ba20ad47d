/** Which dialect a peer speaks, from the first bytes of its answer to the probe (section 5), without a socket. */

import { WireError } from '@wirewright/core/kit';
import { Accumulator } from './accumulator.ts';
import { copyBytes } from './bytes.ts';
import { type Dialect, magics } from './dialect.ts';
import { pingRequest as ldbdPing } from './ldbd/fence.ts';
import { LensMessageType, LensResponseStatus } from './lens/codes.ts';
import { lensRequest } from './lens/request.ts';
import { lensResponseMeter } from './lens/response.ts';

export type DetectStep =
  | { readonly kind: 'more' }
  /** Feed `received`, all that came so far, to an `LdbdLearner` and go on there. */
  | { readonly kind: 'ldbd'; readonly received: Uint8Array }
  /** Exactly the answer to the probe was consumed: the connection is ready for requests. */
  | { readonly kind: 'lens' }
  /** A PING of `lens` was refused in the dialect `ldbd`, which teaches nothing else: ask again, with the PING of that. */
  | { readonly kind: 'ask-ldbd' }
  | {
      readonly kind: 'not-lensdb';
      /** The first bytes, 8 at most, printable: `HTTP/1.1`, `\x00\x01`. */
      readonly excerpt: string;
      /** The peer looks like an HTTP server, which is likely on port 8080. */
      readonly http: boolean;
      /** What was expected and found; safe to log, without the excerpt. */
      readonly message: string;
    };

/**
 * What to send first: PING of the named dialect. Begin with `ldbd`, whose effect on both kinds of server is known;
 * try `lens` on a second connection when the first was closed or stayed silent.
 */
export const probes: Readonly<Record<Dialect, Uint8Array>> = {
  ldbd: ldbdPing,
  lens: lensRequest(LensMessageType.PING),
};

/** An answer of a `lens` server to a probe is far shorter. */
const longestAnswer = 1024;

const http: Uint8Array = Uint8Array.of(0x48, 0x54, 0x54, 0x50, 0x2f);

export class Detector {
  readonly #probe: Dialect;
  readonly #answer: Accumulator = new Accumulator(64 * 1024);
  readonly #meter = lensResponseMeter(longestAnswer);

  /** @param probe which of `probes` was sent */
  constructor(probe: Dialect) {
    this.#probe = probe;
  }

  /** Takes in what came, until it tells. An end of the stream before that is the caller's: see section 5. */
  feed(bytes: Uint8Array, start = 0, end: number = bytes.length): DetectStep {
    if (!this.#answer.append(bytes, start, end)) return this.#none('the answer to the probe has no end');
    const { bytes: all, length } = this.#answer;
    if (length === 0 || (length === 1 && all[0] === magics.lens[0])) return { kind: 'more' };
    if (all[0] === magics.lens[0] && all[1] === magics.lens[1]) return this.#lens();
    if (all[0] === magics.ldbd[0] && all[1] === magics.ldbd[1]) {
      return this.#probe === 'ldbd' ? { kind: 'ldbd', received: copyBytes(all, 0, length) } : { kind: 'ask-ldbd' };
    }
    return this.#none('the peer does not speak LensDB');
  }

  /** To `ldbd` PING a `lens` server answers with status 4, an error that leaves the connection usable. */
  #lens(): DetectStep {
    const { bytes, length } = this.#answer;
    const expected = this.#probe === 'lens' ? LensResponseStatus.SUCCESS : LensResponseStatus.INVALID_MESSAGE;
    try {
      const frame = this.#meter.measure(bytes, 0, length);
      if (length > 5 && bytes[5] !== expected) {
        return this.#none(`expected status ${expected} in the answer to the probe, got ${bytes[5]}`);
      }
      if (frame === 0 || length < frame) return { kind: 'more' };
      if (length > frame) return this.#none('the peer sent more than one answer to the probe');
      return { kind: 'lens' };
    } catch (error) {
      if (error instanceof WireError) return this.#none(error.message);
      throw error;
    }
  }

  #none(message: string): DetectStep {
    const { bytes, length } = this.#answer;
    const looksLikeHttp = length >= 2 && http.every((byte, i) => i >= length || bytes[i] === byte);
    return { kind: 'not-lensdb', excerpt: printable(bytes, Math.min(8, length)), http: looksLikeHttp, message };
  }
}

function printable(bytes: Uint8Array, end: number): string {
  let text = '';
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] as number;
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}
