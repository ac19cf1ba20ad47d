/** Collects what a fuzz sees. */

/** After so many different violations, or so many in all, a run ends: more of them say nothing new. */
const mostDifferent = 20;
const mostInAll = 1000;

interface Alike {
  readonly first: string;
  count: number;
}

export class Findings {
  readonly #counts: Record<string, number> = {};
  readonly #violations = new Map<string, Alike>();
  #inAll = 0;

  get counts(): Readonly<Record<string, number>> {
    return this.#counts;
  }

  /** The first of each kind, with how many there were like it. */
  get violations(): readonly string[] {
    return [...this.#violations.values()].map(({ first, count }) =>
      count === 1 ? first : `${first} (and ${count - 1} more like it)`,
    );
  }

  /** Whether it is of no use to go on. */
  get enough(): boolean {
    return this.#violations.size >= mostDifferent || this.#inAll >= mostInAll;
  }

  count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1;
  }

  /**
   * @param what what was seen, and how to see it again
   * @param kind what is the same of all that are alike; default: all of it
   */
  violation(what: string, kind: string = what): void {
    this.#inAll += 1;
    const known = this.#violations.get(kind);
    if (known) known.count += 1;
    else if (this.#violations.size < mostDifferent) this.#violations.set(kind, { first: what, count: 1 });
  }

  check(holds: boolean, what: () => string): void {
    if (!holds) this.violation(what());
  }
}
