/** The query part of a URL: every parameter is declared, or it is an error. */

import { nearestName } from '../nearest.ts';
import { describeName, expectation, type OptionRule } from '../options.ts';

/** How the text of a parameter is read; booleans are `true false 1 0 yes no on off`, in any case. */
export type ParameterSpec =
  | Extract<OptionRule, { kind: 'number' | 'integer' | 'string' | 'enum' }>
  | {
      readonly kind: 'boolean';
    }
  | {
      readonly kind: 'string';
      /** Kept out of `toJSON` and `util.inspect` of what was parsed. */
      readonly secret: true;
    };

export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;

type ParameterValue<S> = S extends { readonly kind: 'number' | 'integer' }
  ? number
  : S extends { readonly kind: 'boolean' }
    ? boolean
    : S extends { readonly kind: 'enum'; readonly values: readonly (infer Value)[] }
      ? Value
      : string;

export type ParameterValues<P extends ParameterSpecs> = { readonly [Name in keyof P]?: ParameterValue<P[Name]> };

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  '1': true,
  yes: true,
  on: true,
  false: false,
  '0': false,
  no: false,
  off: false,
};

function valueOf(text: string, spec: ParameterSpec): unknown {
  switch (spec.kind) {
    case 'boolean':
      return Object.hasOwn(booleans, text.toLowerCase()) ? booleans[text.toLowerCase()] : undefined;
    case 'integer':
    case 'number': {
      const isNumber = spec.kind === 'integer' ? /^-?\d+$/.test(text) : /^-?\d+(\.\d+)?$/.test(text);
      return isNumber || text === 'Infinity' ? Number(text) : Number.NaN;
    }
    default:
      return text;
  }
}

/** Percent-decoded as UTF-8 (`+` is a plus); undefined for a malformed escape. */
export function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

export interface ParametersSyntax {
  /** What a parameter that is given twice does: by default it is an error; `last` takes the last one. */
  readonly repeated?: 'refuse' | 'last' | undefined;
  /** Whether names may be shown; false where the text may hold credentials in the wrong place. */
  readonly mayShowNames: boolean;
}

/**
 * Reads `name=value&name=value`. Problems are reported through `refuse`, with the names of parameters only, and
 * those only where they cannot be credentials.
 */
export function parseParameters<P extends ParameterSpecs>(
  query: string,
  specs: P,
  { repeated = 'refuse', mayShowNames }: ParametersSyntax,
  refuse: (problem: string) => never,
): ParameterValues<P> {
  const values: Record<string, unknown> = {};
  for (const [index, pair] of query.split('&').entries()) {
    const equals = pair.indexOf('=');
    if (equals <= 0) refuse(`parameter ${index + 1} is not of the form name=value`);
    const name = percentDecode(pair.slice(0, equals));
    const text = percentDecode(pair.slice(equals + 1));
    const shown = mayShowNames && name !== undefined ? describeName(name) : '';
    if (name === undefined || text === undefined)
      return refuse(`parameter ${index + 1}${shown} holds a malformed % escape`);
    if (!Object.hasOwn(specs, name))
      refuse(`unknown parameter${shown || ` (number ${index + 1})`}; ${help(name, specs, mayShowNames)}`);
    if (repeated === 'refuse' && Object.hasOwn(values, name)) refuse(`parameter${shown} is given twice`);
    const spec = specs[name] as ParameterSpec;
    const value = valueOf(text, spec);
    const expected = expectation(spec, value);
    if (expected !== undefined) refuse(`parameter${shown} must be ${expected}`);
    Object.defineProperty(values, name, { value, enumerable: !('secret' in spec), configurable: true, writable: true });
  }
  return values as ParameterValues<P>;
}

function help(name: string, specs: ParameterSpecs, mayGuess: boolean): string {
  const known = Object.keys(specs);
  const nearest = mayGuess ? nearestName(name, known) : undefined;
  if (nearest !== undefined) return `did you mean '${nearest}'?`;
  return known.length === 0 ? 'none are accepted' : `known are ${known.join(', ')}`;
}
