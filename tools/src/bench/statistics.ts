/** Medians, and how far they can be trusted. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/**
 * Where the median of the population lies, with a confidence of at least 95 %, whatever the distribution: the
 * narrowest pair of order statistics around the middle. Of 9 values the second and the eighth (96 %); of fewer than
 * six the smallest and the largest, which is less sure (5: 94 %, 3: 75 %).
 */
export function medianInterval(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  let rank = 0;
  while (2 * (rank + 1) < sorted.length && coverage(sorted.length, rank + 1) >= 0.95) rank += 1;
  return [sorted[rank] ?? NaN, sorted[sorted.length - 1 - rank] ?? NaN];
}

/** How likely the median lies between the values of that rank from both ends. */
function coverage(count: number, rank: number): number {
  let outside = 0;
  let choose = 1;
  for (let i = 0; i <= rank; i += 1) {
    outside += choose;
    choose = (choose * (count - i)) / (i + 1);
  }
  return 1 - (2 * outside) / 2 ** count;
}
