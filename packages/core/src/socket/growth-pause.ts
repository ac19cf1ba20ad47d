/** How long a pool leaves a server alone that takes no more connections. */

/** The first pause; doubled for each failed dial in a row, up to the longest. */
export const firstPauseMs = 100;
const longestPauseMs = 5000;

export class GrowthPause {
  #failuresInARow = 0;
  #until = 0;

  /** A dial has failed. */
  onFailure(now: number): void {
    this.#until = now + Math.min(firstPauseMs * 2 ** this.#failuresInARow, longestPauseMs);
    this.#failuresInARow += 1;
  }

  onSuccess(): void {
    this.#failuresInARow = 0;
    this.#until = 0;
  }

  /** What is left of the pause, in ms. */
  left(now: number): number {
    return Math.max(0, this.#until - now);
  }
}
