/** What never leaves the client: arguments that a server would refuse, misread or die of (2.3, 2.6, 2.7, 3.6). */

import { ArgumentError } from '@wirewright/core';
import type { Request } from './connection/receiver.ts';
import { system } from './errors.ts';
import type { Operation } from './operations.ts';
import {
  checkLdbdRequest,
  checkLensRequest,
  type LdbdLimits,
  type LensLimits,
  type RequestProblem,
} from './protocol/checks.ts';
import type { Dialect } from './protocol/dialect.ts';

export class Guard {
  readonly #lens: LensLimits;
  readonly #ldbd: LdbdLimits;

  constructor(limits: { readonly lens: LensLimits; readonly ldbd: LdbdLimits }) {
    this.#lens = limits.lens;
    this.#ldbd = limits.ldbd;
  }

  /**
   * @param dialect - what is known of the server; where nothing is, what is wrong in both dialects is refused, and the
   * rest looked at when a connection has told.
   * @throws ArgumentError
   */
  check(operation: Operation<unknown>, request: Request, dialect: Dialect | undefined): void {
    checkData(operation, 'key', request.key);
    checkData(operation, 'value', request.value);
    if (dialect === 'lens') refuse(operation, this.#lensProblem(operation, request));
    else if (dialect === 'ldbd') refuse(operation, this.#ldbdProblem(operation, request));
    else if (this.#ldbdProblem(operation, request)) refuse(operation, this.#lensProblem(operation, request));
  }

  #lensProblem(operation: Operation<unknown>, { key, value, ttl }: Request): RequestProblem | undefined {
    return checkLensRequest(this.#lens, operation.lens, key, value, ttl);
  }

  #ldbdProblem(operation: Operation<unknown>, { key, value, ttl }: Request): RequestProblem | undefined {
    return operation.ldbd === undefined ? undefined : checkLdbdRequest(this.#ldbd, operation.ldbd, key, value, ttl);
  }
}

function refuse(operation: Operation<unknown>, problem: RequestProblem | undefined): void {
  if (!problem) return;
  const details =
    problem.option === undefined ? { what: problem.what } : { what: problem.what, option: problem.option };
  throw new ArgumentError(`${operation.method}(): ${problem.message}`, { system, details });
}

/** Keys and values are text or bytes; text that UTF-8 cannot carry would be stored as something else. */
function checkData(operation: Operation<unknown>, name: 'key' | 'value', data: unknown): void {
  if (typeof data === 'string') {
    if ((data as string & { isWellFormed(): boolean }).isWellFormed()) return;
    throw argument(operation, name, 'is text with half a surrogate pair, which UTF-8 cannot carry; pass bytes');
  }
  // `isView` looks at the object itself: a prototype alone is no array.
  if (ArrayBuffer.isView(data) && data instanceof Uint8Array) return;
  throw argument(operation, name, `must be a string or a Uint8Array; got ${data === null ? 'null' : typeof data}`);
}

function argument(operation: Operation<unknown>, name: string, problem: string): ArgumentError {
  return new ArgumentError(`${operation.method}(): the ${name} ${problem}`, { system, details: { argument: name } });
}
