/** The limits that each call of a case is given. */

/**
 * - `default`: none; the client's own hold.
 * - `deadline + signal`: a deadline, and a signal that all calls share.
 * - `deadline + own signal`: a deadline, and a signal for this call alone, as a web server has one for each request.
 */
export type LimitsKind = 'default' | 'deadline + signal' | 'deadline + own signal';

export interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Makes the limits of the next call. Every client's caller does, the floor's too: a signal costs what it costs. */
export type NextLimits = () => Limits | undefined;

export const timeoutMs = 5000;

export function nextLimits(kind: LimitsKind): NextLimits {
  if (kind === 'default') return () => undefined;
  const shared = new AbortController().signal;
  if (kind === 'deadline + signal') return () => ({ timeoutMs, signal: shared });
  return () => ({ timeoutMs, signal: new AbortController().signal });
}
