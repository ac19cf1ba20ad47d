/**
 * `expect(actual).toBe(expected)` for the inner loop of a model test, where `expect` itself would be most of the
 * time.
 */
export function agree(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)}, expected ${String(expected)}`);
}
