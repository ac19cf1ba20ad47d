/** Checks of option objects: what a client does not understand is refused by name, never ignored. */

import { ArgumentError } from './errors/kinds.ts';
import { nearestName } from './nearest.ts';

interface NumberRule {
  readonly kind: 'number' | 'integer';
  /** Smallest value that is accepted. */
  readonly min?: number;
  /** Greatest value that is accepted. */
  readonly max?: number;
  /** The value must be greater than this. */
  readonly above?: number;
  /** Infinity is accepted and means "no limit". */
  readonly infinity?: boolean;
  /** For messages: `ms`, `bytes` … */
  readonly unit?: string;
  /** For messages: why the range is what it is. */
  readonly because?: string;
}

export type OptionRule =
  | NumberRule
  | { readonly kind: 'boolean' | 'function' | 'object' | 'signal' }
  | { readonly kind: 'string'; readonly empty?: boolean }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | {
      readonly kind: 'custom';
      /** For messages, after "must be". */
      readonly expected: string;
      readonly accepts: (value: unknown) => boolean;
    };

export type OptionRules<Name extends string = string> = Readonly<Record<Name, OptionRule>>;

/** The rule of every `timeoutMs`. */
export const timeoutRule: OptionRule = Object.freeze({
  kind: 'number',
  above: 0,
  infinity: true,
  unit: 'ms',
  because: 'without time no call can succeed; Infinity waits for ever',
});

/** What every call takes. */
export const callOptionRules: OptionRules<'signal' | 'timeoutMs'> = Object.freeze({
  signal: Object.freeze({ kind: 'signal' }),
  timeoutMs: timeoutRule,
});

function describeRange(rule: NumberRule): string {
  const noun = `${rule.kind === 'integer' ? 'an integer' : 'a number'}${rule.unit ? ` (${rule.unit})` : ''}`;
  const parts: string[] = [];
  if (rule.above !== undefined) parts.push(`greater than ${rule.above}`);
  if (rule.min !== undefined && rule.max !== undefined) parts.push(`from ${rule.min} to ${rule.max}`);
  else if (rule.min !== undefined) parts.push(`of at least ${rule.min}`);
  else if (rule.max !== undefined) parts.push(`of at most ${rule.max}`);
  const range = parts.length > 0 ? `${noun} ${parts.join(' and ')}` : noun;
  return rule.infinity ? `${range}, or Infinity` : range;
}

function isNumberOf(rule: NumberRule, value: unknown): boolean {
  if (typeof value !== 'number' || Number.isNaN(value)) return false;
  if (value === Infinity) return rule.infinity === true;
  if (!Number.isFinite(value)) return false;
  if (rule.kind === 'integer' && !Number.isSafeInteger(value)) return false;
  if (rule.above !== undefined && value <= rule.above) return false;
  return value >= (rule.min ?? -Infinity) && value <= (rule.max ?? Infinity);
}

function isSignal(value: unknown): boolean {
  const signal = value as Partial<AbortSignal> | null;
  return (
    typeof signal === 'object' &&
    signal !== null &&
    typeof signal.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function'
  );
}

/** Undefined when `value` is as the rule says, otherwise what it must be, for a message. */
export function expectation(rule: OptionRule, value: unknown): string | undefined {
  switch (rule.kind) {
    case 'number':
    case 'integer':
      return isNumberOf(rule, value) ? undefined : describeRange(rule);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'function':
      return typeof value === 'function' ? undefined : 'a function';
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object';
    case 'signal':
      return isSignal(value) ? undefined : 'an AbortSignal';
    case 'string':
      if (typeof value === 'string' && (value !== '' || rule.empty === true)) return undefined;
      return rule.empty === true ? 'a string' : 'a non-empty string';
    case 'enum':
      if (typeof value === 'string' && rule.values.includes(value)) return undefined;
      return `one of ${rule.values.map((known) => `'${known}'`).join(', ')}`;
    case 'custom':
      return rule.accepts(value) ? undefined : rule.expected;
  }
}

/** A value for a message. Only what cannot be a secret is shown; of the rest, the type. */
function describeValue(value: unknown): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value === '' ? 'an empty string' : 'a string';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A name that a caller used, for a message; what does not look like one may be data, and is not shown. */
export function describeName(name: string): string {
  return /^[A-Za-z_$][\w$.-]{0,63}$/.test(name) ? ` '${name}'` : '';
}

/** Throws unless `value` is as the rule says. `owner` is who takes the option: `LensDBClient`, `get()`. */
export function checkOption(owner: string, name: string, value: unknown, rule: OptionRule, system?: string): void {
  const expected = expectation(rule, value);
  if (expected === undefined) return;
  const because = 'because' in rule && rule.because !== undefined ? ` (${rule.because})` : '';
  throw new ArgumentError(`${owner}: '${name}' must be ${expected}${because}; got ${describeValue(value)}`, {
    system,
    details: { option: name },
  });
}

/**
 * Checks option objects against their rules. Make one per kind of options and keep it: `check` is on the path
 * of every call that takes options.
 */
export class OptionChecker {
  readonly #owner: string;
  readonly #system: string | undefined;
  readonly #rules: Map<string, OptionRule>;

  constructor(owner: string, rules: OptionRules, system?: string) {
    this.#owner = owner;
    this.#system = system;
    this.#rules = new Map(Object.entries(rules));
  }

  /**
   * An absent option, and one that is `undefined`, is never wrong.
   *
   * @throws ArgumentError that names the first option which is unknown or has an unacceptable value.
   */
  check(options: unknown): void {
    if (options === undefined) return;
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      throw new ArgumentError(`${this.#owner}: options must be an object; got ${describeValue(options)}`, {
        system: this.#system,
      });
    }
    for (const name in options) {
      const rule = this.#rules.get(name);
      if (rule === undefined) return this.#refuseUnknown(name);
      const value = (options as Record<string, unknown>)[name];
      if (value !== undefined) checkOption(this.#owner, name, value, rule, this.#system);
    }
  }

  /**
   * As `check`, but looks only at the options that it has rules for: for the parts that clients are built from, which
   * are often given one object with more in it.
   *
   * @throws ArgumentError that names the first option with an unacceptable value.
   */
  checkKnown(options: object): void {
    for (const [name, rule] of this.#rules) {
      const value = (options as Record<string, unknown>)[name];
      if (value !== undefined) checkOption(this.#owner, name, value, rule, this.#system);
    }
  }

  #refuseUnknown(name: string): never {
    const nearest = nearestName(name, this.#rules.keys());
    const help =
      nearest === undefined ? `known are ${[...this.#rules.keys()].join(', ')}` : `did you mean '${nearest}'?`;
    throw new ArgumentError(`${this.#owner}: unknown option${describeName(name)}; ${help}`, {
      system: this.#system,
      details: { nearest: nearest ?? null },
    });
  }
}

/** Throws when more than one of `names` is set: they are two ways to say one thing. */
export function refuseTogether(owner: string, options: object, names: readonly string[], system?: string): void {
  const given = names.filter((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (given.length < 2) return;
  throw new ArgumentError(`${owner}: ${given.map((name) => `'${name}'`).join(' and ')} exclude each other; give one`, {
    system,
    details: { options: given },
  });
}

/**
 * A duration that has a documented name in seconds and a twin in milliseconds, in milliseconds.
 *
 * @throws ArgumentError when both are set.
 */
export function twinMs(
  owner: string,
  options: object,
  names: { readonly seconds: string; readonly ms: string },
  system?: string,
): number | undefined {
  refuseTogether(owner, options, [names.seconds, names.ms], system);
  const values = options as Record<string, number | undefined>;
  const seconds = values[names.seconds];
  return seconds === undefined ? values[names.ms] : seconds * 1000;
}
