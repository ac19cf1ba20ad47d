/**
 * What one key may hold, known by its only writer.
 *
 * The writer counts versions: version 0 is the key that was never written, every eighth is a deletion, the others are
 * values. What was acknowledged is there. A write of unknown outcome may have been done or not; and it may be done
 * at any later time, as every try may that went unanswered before another one was acknowledged. A key with such a
 * write is `loose`: it is not written any more, and may hold either.
 */

export function isDeletion(version: number): boolean {
  return version % 8 === 0;
}

/** What a reader knows before it reads: judged against what may have become of the key by then. */
export interface Before {
  readonly settled: number;
  readonly loose: number | undefined;
}

export class History {
  readonly key: number;
  /** The last version that was acknowledged. */
  #settled = 0;
  /** The last version that was begun. */
  #begun = 0;
  /** A version of which a try may still take effect. */
  #loose: number | undefined;

  constructor(key: number) {
    this.key = key;
  }

  get settled(): number {
    return this.#settled;
  }

  get loose(): number | undefined {
    return this.#loose;
  }

  /** Whether there is an entry; only for a key that is not loose. */
  get present(): boolean {
    return !isDeletion(this.#settled);
  }

  /** The version that is to be written now. */
  begin(): number {
    this.#begun = this.#settled + 1;
    return this.#begun;
  }

  /** @param tries - requests that were written for it: all but one went unanswered */
  acknowledged(tries: number): void {
    this.#settled = this.#begun;
    if (tries > 1) this.#loose = this.#begun;
  }

  /** It may have been done, or may be done later. */
  unknown(): void {
    this.#loose = this.#begun;
  }

  /** It was not done, and never will be. */
  refused(): void {
    this.#begun = this.#settled;
  }

  /** To be taken before a read. */
  before(): Before {
    return { settled: this.#settled, loose: this.#loose };
  }

  /**
   * Whether a read that began at `before` and ends now may have found this.
   *
   * @param found - a version, or undefined for no entry
   */
  allows(before: Before, found: number | undefined): boolean {
    const may = (version: number | undefined): boolean =>
      version !== undefined && (found === undefined ? isDeletion(version) : version === found && !isDeletion(version));
    if (may(before.loose) || may(this.#loose)) return true;
    for (let version = before.settled; version <= this.#begun; version += 1) if (may(version)) return true;
    return false;
  }
}
