/** What a client has learned about the server at one address: asked once, used on every later connection. */

import { formatTarget, type SocketTarget } from '@wirewright/core';
import type { Dialect } from '../protocol/dialect.ts';
import type { LdbdReads } from '../protocol/ldbd/step.ts';

/** The option `dialect`. */
export type DialectOption = Dialect | 'auto';

export class Address {
  readonly target: SocketTarget;
  /** The address for people and logs. */
  readonly endpoint: string;
  readonly #asked: DialectOption;
  #dialect: Dialect | undefined;
  #reads: LdbdReads | undefined;
  #closed = false;
  /** What is known has to be asked for again. */
  #doubted = false;
  #setEx: boolean | undefined;
  #setExUntil = Infinity;
  /** The dialect in which the server was asked for SETEX. */
  #setExIn: Dialect | undefined;
  #setExAnswered = false;
  #lost = false;

  /** @param asked - the option `dialect`; what it says is never unlearned. */
  constructor(target: SocketTarget, asked: DialectOption) {
    this.target = target;
    this.endpoint = formatTarget(target);
    this.#asked = asked;
    this.#dialect = asked === 'auto' ? undefined : asked;
  }

  /** Undefined until a connection has told. */
  get dialect(): Dialect | undefined {
    return this.#dialect;
  }

  /** Whether the dialect is the user's word rather than learned. */
  get dialectIsGiven(): boolean {
    return this.#asked !== 'auto';
  }

  /** How reads end in the dialect `ldbd`. */
  get reads(): LdbdReads | undefined {
    return this.#reads;
  }

  /** Whether a connection can do without a handshake. */
  get known(): boolean {
    if (this.#doubted) return false;
    return this.#dialect === 'lens' || (this.#dialect === 'ldbd' && this.#reads !== undefined);
  }

  /**
   * The server closed the connection behind its first answer. It may be one that serves one request per connection, or
   * it was an accident: the next connection tells.
   */
  get unsure(): boolean {
    return this.#closed && !this.known;
  }

  learn(dialect: Dialect, reads: LdbdReads | undefined): void {
    const closes = reads?.strategy === 'close' && reads.oneRequest;
    const seenBefore = this.#closed;
    this.#closed = closes;
    if (closes && !seenBefore) return;
    this.#doubted = false;
    this.#dialect = dialect;
    this.#reads = reads;
  }

  /** The server turned out to be another one than was learned: the next connection asks again. */
  forget(): void {
    this.doubt();
    if (this.#asked === 'auto') this.#dialect = undefined;
    this.#reads = undefined;
    this.#setEx = undefined;
    this.#setExAnswered = false;
  }

  /**
   * The server may be another one than was learned: the next connection asks for its dialect again. Until that has told,
   * and for other connections, what was learned holds.
   */
  doubt(): void {
    this.#doubted = this.#asked !== 'lens';
    this.#closed = false;
    this.#forgetRefusal();
  }

  /** Reads do not end as was learned. */
  forgetReads(): void {
    this.#reads = undefined;
  }

  /** Whether the server answers SETEX; undefined when that has to be asked. */
  setExAt(now: number): boolean | undefined {
    return now < this.#setExUntil && this.#setExIn === this.#dialect ? this.#setEx : undefined;
  }

  /** @param until - when it has to be asked again, by the client's clock. */
  learnSetEx(supported: boolean, until: number): void {
    this.#setEx = supported;
    this.#setExUntil = until;
    this.#setExIn = this.#dialect;
    this.#setExAnswered = supported;
  }

  /** The last time that it was asked, the server had SETEX. */
  get setExAnswered(): boolean {
    return this.#setExAnswered;
  }

  /** A SETEX was waited for in vain: a server without it behaves so, and the next one asks. */
  doubtSetEx(): void {
    this.#setEx = undefined;
  }

  /** A connection was lost: the server that is met behind the next one may be a newer one. */
  onLost(): void {
    this.#lost = true;
  }

  onDial(): void {
    if (!this.#lost) return;
    this.#lost = false;
    this.#forgetRefusal();
  }

  /** A server that has answered SETEX will answer it again; one that had not may have been replaced. */
  #forgetRefusal(): void {
    if (this.#setEx === false) this.#setEx = undefined;
  }
}
