/** Tells somebody's callback something, in the middle of work for everybody. */

/**
 * Calls `callback`, if there is one. What it throws, and what rejects if it is async, is a mistake of its own: it ends
 * nothing here and does not end the process, which warns of it (`process.emitWarning`, code `CALLBACK_FAILED`).
 *
 * @param name - of the option that the callback was given as, for the warning
 */
export function tell<A extends readonly unknown[]>(
  name: string,
  callback: ((...args: A) => unknown) | undefined,
  ...args: A
): void {
  if (!callback) return;
  try {
    const result = callback(...args);
    if (result instanceof Promise) result.catch((error: unknown) => warnOf(name, error));
  } catch (error) {
    warnOf(name, error);
  }
}

/** A mistake in code that was given to us, which cannot be told to anybody who waits. */
export function warnOf(name: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.name) : `it threw a ${typeof error}`;
  process.emitWarning(`'${name}' has thrown; that was ignored`, {
    type: 'WirewrightWarning',
    code: 'CALLBACK_FAILED',
    detail,
  });
}
