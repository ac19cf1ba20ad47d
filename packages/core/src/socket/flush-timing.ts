/** When requests that gather have to leave sooner than at the end of their turn of the event loop. */

/**
 * So many requests leave together before the turn ends. A peer that gets all of a turn at once idles while we write, and we
 * while it answers; with fewer in a write, the writes themselves cost more than that.
 */
const manyRequests = 48;

/**
 * When they are many; and at once where they come one by one, each behind the answer to the last, so that nobody is
 * waited for who does not come.
 */
export class FlushTiming {
  /** Requests that were written since the last flush. */
  #gathered = 0;
  /** Requests that were written since something was received, and in the same span before. */
  #span = 0;
  #lastSpan = 0;

  /** A request was written. @returns whether to flush now */
  onRequest(): boolean {
    this.#gathered += 1;
    this.#span += 1;
    const isAlone = this.#span === 1 && this.#lastSpan === 1;
    return isAlone || this.#gathered >= manyRequests;
  }

  onFlush(): void {
    this.#gathered = 0;
  }

  onReceived(): void {
    // An answer in pieces is one all the same.
    if (this.#span === 0) return;
    this.#lastSpan = this.#span;
    this.#span = 0;
  }
}
