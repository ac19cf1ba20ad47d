/** What would be misread on the way, or say more than was meant, does not become a request. */

import { ArgumentError } from '../../errors/kinds.ts';
import { describeName } from '../../options.ts';
import type { HttpRequest } from './transport.ts';

/** RFC 9110, section 5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110, section 5.5: without line ends, and what a byte holds. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;
/** From the slash, so that it stays on the origin: behind `http://host` an `@` would name another one. */
const path = /^\/[\x21\x22\x24-\x7e]*$/;

/** @throws ArgumentError that says which part cannot be sent, never its content */
export function checkRequest(request: HttpRequest): void {
  if (!token.test(request.method)) refuse('the method must be a token such as GET');
  if (!path.test(request.path)) {
    refuse("the path must begin with '/' and be encoded: visible ASCII without '#'; encodeURIComponent() helps");
  }
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    if (!token.test(name)) refuse('the name of a header must be a token');
    if (typeof value !== 'string' || !fieldValue.test(value)) {
      refuse(`the value of the header${describeName(name)} must be text without line ends, of characters up to U+00FF`);
    }
  }
  const { body, method } = request;
  if (body === undefined) return;
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) refuse('the body must be text or a Uint8Array');
  if (method === 'GET' || method === 'HEAD') refuse(`a ${method} request has no body`);
}

function refuse(what: string): never {
  throw new ArgumentError(`${what}; nothing was sent`);
}
