import type { HttpHeaders } from './transport.ts';

/**
 * What `Retry-After` asks for, in milliseconds; undefined when it is absent or makes no sense. A date is compared with
 * the answer's own `Date`, so that a clock that is wrong here does not matter.
 */
export function retryAfterMs(headers: HttpHeaders): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  const sent = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(at) || Number.isNaN(sent) ? undefined : Math.max(0, at - sent);
}
