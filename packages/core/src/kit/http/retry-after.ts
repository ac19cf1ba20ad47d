import type { HttpHeaders } from './transport.ts';

/** The three forms of RFC 9110, section 5.6.7; the last one, of C's asctime(), names no zone and means GMT. */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d( GMT)?$/;

/**
 * What `Retry-After` asks for, in milliseconds; undefined when it is absent or makes no sense. A date is compared with
 * the answer's own `Date`, so that a clock that is wrong here does not matter.
 */
export function retryAfterMs(headers: HttpHeaders): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = dateMs(value);
  const sent = dateMs(headers.get('date')?.trim() ?? '');
  return at === undefined || sent === undefined ? undefined : Math.max(0, at - sent);
}

function dateMs(text: string): number | undefined {
  if (!httpDate.test(text)) return undefined;
  const ms = Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}
