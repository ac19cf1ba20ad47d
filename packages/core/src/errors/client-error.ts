/**
 * The base of every error that a client throws, and how errors recognise each other.
 *
 * An error is of several *kinds* at once: what happened (`connection`, `timeout` …) and whose it is (`lance`,
 * `synap` …). The kinds are strings under a registered symbol, so `instanceof` holds along both axes, and
 * also where two copies of core are installed in one tree.
 */

const kindsSymbol: symbol = Symbol.for('wirewright.kinds');

/**
 * Whether the request took effect: `not-sent` never left this process (or was certainly not read), `rejected`
 * was answered and not done, `unknown` may or may not have been done, now or later.
 */
export type Outcome = 'not-sent' | 'unknown' | 'rejected';

/** Structured facts about an error. Never holds keys, values, parameters or credentials in enumerable fields. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface ErrorInit<Code extends string = string> {
  readonly code?: Code;
  /** A repeat is safe and may help. */
  readonly retryable?: boolean;
  readonly outcome?: Outcome;
  /** The system whose client speaks: `lensdb`, `lance` … Becomes a kind. */
  readonly system?: string | undefined;
  /** Where to, printable, without credentials. */
  readonly endpoint?: string | undefined;
  /** Tries made, the first included; 0 when none was made. */
  readonly attempts?: number;
  readonly cause?: unknown;
  readonly details?: ErrorDetails | undefined;
  /** Kinds beyond the class's own and the system's. */
  readonly kinds?: readonly string[];
}

/** Kinds of the classes between an error's own and the base, base first. */
function kindsOf(error: object, init: ErrorInit): readonly string[] {
  const chain: string[] = [];
  for (let type: unknown = error.constructor; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
    if (Object.hasOwn(type, 'kind')) chain.unshift((type as unknown as { kind: string }).kind);
  }
  if (init.system !== undefined) chain.push(init.system);
  if (init.kinds) chain.push(...init.kinds);
  return Object.freeze([...new Set(chain)]);
}

/** What `JSON.stringify` takes without throwing. Not enumerable is not shown. */
function plain(details: ErrorDetails): unknown {
  try {
    return JSON.parse(
      JSON.stringify(details, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    );
  } catch {
    return {};
  }
}

const isCode = (code: unknown): code is string | number => typeof code === 'string' || typeof code === 'number';

export class ClientError<Code extends string = string> extends Error {
  /** The kind that this class stands for. A subclass without one of its own is told by its prototype chain. */
  static readonly kind: string = 'client';

  readonly code: Code;
  readonly retryable: boolean;
  readonly outcome: Outcome;
  readonly system: string | undefined;
  readonly endpoint: string | undefined;
  readonly attempts: number;
  readonly details: ErrorDetails;

  constructor(message: string, init: ErrorInit<Code> = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    const defaults = (this.constructor as typeof ClientError).defaults;
    this.code = (init.code ?? defaults.code) as Code;
    this.retryable = init.retryable ?? defaults.retryable;
    this.outcome = init.outcome ?? defaults.outcome;
    this.system = init.system;
    this.endpoint = init.endpoint;
    this.attempts = init.attempts ?? 0;
    this.details = init.details ?? {};
    Object.defineProperty(this, 'name', { value: this.constructor.name, configurable: true, writable: true });
    Object.defineProperty(this, kindsSymbol, { value: kindsOf(this, init) });
  }

  /** What the class says when its thrower says nothing. */
  static readonly defaults: { readonly code: string; readonly retryable: boolean; readonly outcome: Outcome } = {
    code: 'CLIENT',
    retryable: false,
    outcome: 'unknown',
  };

  /** Everything this error is, from general to special: `['client', 'connection', 'lance']`. */
  get kinds(): readonly string[] {
    return (this as unknown as Record<symbol, readonly string[]>)[kindsSymbol] ?? [];
  }

  /** Safe to log, and to stringify: no stack, no keys, no values, no credentials; bigints as decimal strings. */
  toJSON(): Record<string, unknown> {
    const cause = this.cause;
    const causeCode = (cause as { code?: unknown } | undefined)?.code;
    return {
      name: this.name,
      message: this.message,
      code: this.code,
      retryable: this.retryable,
      outcome: this.outcome,
      system: this.system,
      endpoint: this.endpoint,
      attempts: this.attempts,
      details: plain(this.details),
      cause: cause instanceof Error ? { name: cause.name, code: isCode(causeCode) ? causeCode : undefined } : undefined,
    };
  }

  /**
   * `instanceof` by kind for classes that own a kind, by prototype for all others, so that a user's
   * `class MyError extends ConnectionError` does not claim every lost connection.
   */
  static override [Symbol.hasInstance]<T extends abstract new (...args: never[]) => unknown>(
    this: T,
    value: unknown,
  ): value is InstanceType<T> {
    if (typeof value !== 'object' || value === null) return false;
    if (Object.hasOwn(this, 'kind')) {
      const kinds = (value as Record<symbol, unknown>)[kindsSymbol];
      if (Array.isArray(kinds)) return kinds.includes((this as unknown as { kind: string }).kind);
    }
    return Object.prototype.isPrototypeOf.call(this.prototype as object, value);
  }
}
