/** What `JSON.parse` cannot do: integers that stay exact. Works on text that `JSON.parse` has accepted. */

import { UnsafeIntegerError } from '../errors/kinds.ts';
import { CodecError } from './codec-error.ts';

/** Turning text into a bigint takes more than linear time; nobody means an integer that is longer. */
const maxDigits = 10_000;

/** A number: its integer part, and what makes it a decimal. */
const numberToken = /(-?\d+)([.eE][\d.eE+-]*)?/y;
const separators = /[\s,:]*/y;
/** The start of a string, or a number. */
const stringOrNumber = /"|(-?\d+)([.eE][\d.eE+-]*)?/g;

function exact(integer: string): bigint {
  if (integer.length <= maxDigits) return BigInt(integer);
  throw new CodecError(`the JSON text holds an integer of ${integer.length} digits; at most ${maxDigits} are read`);
}

/** Index of the quote that ends the string whose characters begin at `start`. By hand: a string may be huge. */
function closingQuote(text: string, start: number): number {
  for (let quote = text.indexOf('"', start); ; quote = text.indexOf('"', quote + 1)) {
    let first = quote;
    while (first > start && text[first - 1] === '\\') first -= 1;
    if ((quote - first) % 2 === 0) return quote;
  }
}

type Container = unknown[] | Record<string, unknown>;

/** Builds values from the inside out; its own stack, so that nesting costs none of the machine's. */
class Builder {
  root: unknown;
  #container: Container | undefined;
  #name: string | undefined;
  readonly #outer: (Container | undefined)[] = [];
  readonly #outerNames: (string | undefined)[] = [];

  add(value: unknown): void {
    if (this.#container === undefined) this.root = value;
    else if (Array.isArray(this.#container)) this.#container.push(value);
    else {
      // As JSON.parse does: `__proto__` is a name like any other.
      const property = { value, enumerable: true, configurable: true, writable: true };
      if (this.#name === '__proto__') Object.defineProperty(this.#container, this.#name, property);
      else this.#container[this.#name as string] = value;
      this.#name = undefined;
    }
  }

  addString(value: string): void {
    const isName = this.#container !== undefined && !Array.isArray(this.#container) && this.#name === undefined;
    if (isName) this.#name = value;
    else this.add(value);
  }

  open(container: Container): void {
    this.#outer.push(this.#container);
    this.#outerNames.push(this.#name);
    this.#container = container;
    this.#name = undefined;
  }

  close(): void {
    const closed = this.#container;
    this.#container = this.#outer.pop();
    this.#name = this.#outerNames.pop();
    this.add(closed);
  }
}

/**
 * Reads valid JSON with every integer as a bigint; decimals, also those without a fraction (`1e3`), stay numbers.
 *
 * @throws CodecError for an integer of more than 10 000 digits.
 */
export function parseWithBigints(text: string): unknown {
  const builder = new Builder();
  for (let at = 0; ;) {
    separators.lastIndex = at;
    separators.test(text);
    at = separators.lastIndex;
    switch (text[at]) {
      case undefined:
        return builder.root;
      case '"': {
        const end = closingQuote(text, at + 1);
        const raw = text.slice(at + 1, end);
        builder.addString(raw.includes('\\') ? (JSON.parse(text.slice(at, end + 1)) as string) : raw);
        at = end + 1;
        break;
      }
      case '[':
      case '{':
        builder.open(text[at] === '[' ? [] : {});
        at += 1;
        break;
      case ']':
      case '}':
        builder.close();
        at += 1;
        break;
      case 't':
        builder.add(true);
        at += 4;
        break;
      case 'f':
        builder.add(false);
        at += 5;
        break;
      case 'n':
        builder.add(null);
        at += 4;
        break;
      default: {
        numberToken.lastIndex = at;
        const [whole, integer, decimal] = numberToken.exec(text) as unknown as [string, string, string | undefined];
        builder.add(decimal === undefined ? exact(integer) : Number(whole));
        at += whole.length;
      }
    }
  }
}

/**
 * Looks through valid JSON for an integer that a number cannot hold.
 *
 * @param hint - what to do about it, for the error
 * @throws UnsafeIntegerError with the first one, CodecError if it has more than 10 000 digits.
 */
export function refuseUnsafeIntegers(text: string, hint: string): void {
  stringOrNumber.lastIndex = 0;
  for (let match = stringOrNumber.exec(text); match; match = stringOrNumber.exec(text)) {
    const [, integer, decimal] = match;
    if (integer === undefined) stringOrNumber.lastIndex = closingQuote(text, match.index + 1) + 1;
    else if (decimal === undefined && integer.length >= 16 && !Number.isSafeInteger(Number(integer))) {
      throw new UnsafeIntegerError(exact(integer), { hint });
    }
  }
}
