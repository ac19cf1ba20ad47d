/**
 * Stand-ins for clients in tests of what uses them: the client's type, no connection, every call recorded, and every
 * call that was not scripted refused by name.
 */

type Method = (...args: never[]) => unknown;

type Known<R> = unknown extends R ? never : R;

/** What a method returns, over its overloads, of which it may have four; with fewer, the first are unknown. */
type ResultOf<F> = F extends {
  (...args: never[]): infer R1;
  (...args: never[]): infer R2;
  (...args: never[]): infer R3;
  (...args: never[]): infer R4;
}
  ? Known<R1> | Known<R2> | Known<R3> | R4
  : never;

/** What an implementation may return: where overloads promise different things, a promise of any of them. */
type Implemented<R> = Extract<R, PromiseLike<unknown>> extends never ? R : R | Promise<Awaited<R>>;

type KnownArgs<A> = unknown[] extends A ? never : A;

/** The arguments that a method takes, over its overloads. */
type ArgsOf<F extends Method> = F extends {
  (...args: infer A1): unknown;
  (...args: infer A2): unknown;
  (...args: infer A3): unknown;
  (...args: infer A4): unknown;
}
  ? KnownArgs<A1> | KnownArgs<A2> | KnownArgs<A3> | A4
  : F extends { (...args: infer A1): unknown; (...args: infer A2): unknown; (...args: infer A3): unknown }
    ? A1 | A2 | A3
    : F extends { (...args: infer A1): unknown; (...args: infer A2): unknown }
      ? A1 | A2
      : Parameters<F>;

/** How a method of a mock is scripted. `…Once` answers are used up first, in order. */
export interface MockMethod<F extends Method> {
  /** Calls resolve with `value`. */
  resolves(value: Awaited<ResultOf<F>>): MockMethod<F>;
  /** The next call that has no answer yet resolves with `value`. */
  resolvesOnce(value: Awaited<ResultOf<F>>): MockMethod<F>;
  /** Calls reject with `error`. */
  rejects(error: unknown): MockMethod<F>;
  /** The next call that has no answer yet rejects with `error`. */
  rejectsOnce(error: unknown): MockMethod<F>;
  /** Calls return `value` as it is: for methods that answer without a promise, such as a subscription. */
  returns(value: ResultOf<F>): MockMethod<F>;
  /** Calls are passed on to `implementation`. */
  implements(implementation: (...args: ArgsOf<F>) => Implemented<ResultOf<F>>): MockMethod<F>;
  /** The arguments of every call so far, oldest first. */
  readonly calls: readonly ArgsOf<F>[];
  /** Forgets scripts and calls, here and below. */
  reset(): void;
}

/** `T`, whose methods, at any depth, can be scripted. */
export type MockClient<T> = T & {
  readonly [K in keyof T]: T[K] extends Method
    ? T[K] & MockMethod<T[K]>
    : T[K] extends object
      ? MockClient<T[K]>
      : T[K];
};

/** A call that a mock has received. */
export interface MockCall {
  /** Where, with dots: `kv.get`. */
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What every call of a mock rejects with that no script answers. It is no client's error: nothing retries it. */
export class UnscriptedCallError extends Error {
  override readonly name: string = 'UnscriptedCallError';
  /** Where, with dots: `kv.get`. */
  readonly method: string;

  constructor(method: string) {
    super(`unscripted call of ${method}(): say first what it answers, as in mock.${method}.resolves(value)`);
    this.method = method;
  }
}

type Answer = (args: readonly unknown[]) => unknown;

/** One method or namespace of a mock. Which it is only its use can tell. */
class MockNode {
  readonly path: string;
  readonly proxy: object;
  readonly #log: MockCall[];
  /** What a call gets that no script answers. */
  readonly #unscripted: Answer;
  readonly #children = new Map<string | symbol, MockNode>();
  readonly #values: Record<string | symbol, unknown>;
  #once: Answer[] = [];
  #always: Answer | undefined;
  #calls: (readonly unknown[])[] = [];

  constructor(path: string, log: MockCall[], values: object, unscripted?: Answer) {
    this.path = path;
    this.#unscripted = unscripted ?? (() => Promise.reject(new UnscriptedCallError(path)));
    this.#log = log;
    this.#values = { ...values };
    // A function, so that it can be called; an arrow function, since that has no property which a proxy must show.
    this.proxy = new Proxy(() => {}, {
      apply: (_target, _self, args: unknown[]) => this.#call(args),
      get: (_target, key) => this.#get(key),
      set: (_target, key, value) => {
        this.#values[key] = value;
        return true;
      },
    });
  }

  reset(): void {
    this.#once = [];
    this.#always = undefined;
    this.#calls = [];
    for (const child of this.#children.values()) child.reset();
  }

  #call(args: readonly unknown[]): unknown {
    this.#calls.push(args);
    this.#log.push({ method: this.path, args });
    const answer = this.#once.shift() ?? this.#always ?? this.#unscripted;
    return answer(args);
  }

  #get(key: string | symbol): unknown {
    if (Object.hasOwn(this.#values, key)) return this.#values[key];
    if (this.path !== '') {
      const control = this.#control(key);
      if (control !== undefined) return control;
    }
    if (isForeignTo(key)) return undefined;
    let child = this.#children.get(key);
    if (!child) this.#children.set(key, (child = this.#createChild(key)));
    return child.proxy;
  }

  #createChild(key: string | symbol): MockNode {
    const prefix = this.path === '' ? '' : `${this.path}.`;
    if (typeof key === 'string') return new MockNode(prefix + key, this.#log, {});
    // There is nothing to dispose of, and `await using` does it on every way out.
    if (key === Symbol.asyncDispose) {
      return new MockNode(`${prefix}[Symbol.asyncDispose]`, this.#log, {}, () => Promise.resolve());
    }
    return new MockNode(`${prefix}[Symbol.dispose]`, this.#log, {}, () => {});
  }

  /** What can be said to a method, and what any function has. */
  #control(key: string | symbol): unknown {
    switch (key) {
      case 'resolves':
        return (value: unknown) => this.#answer(() => Promise.resolve(value));
      case 'resolvesOnce':
        return (value: unknown) => this.#answerOnce(() => Promise.resolve(value));
      case 'rejects':
        return (reason: unknown) => this.#answer(() => Promise.reject(reason));
      case 'rejectsOnce':
        return (reason: unknown) => this.#answerOnce(() => Promise.reject(reason));
      case 'returns':
        return (value: unknown) => this.#answer(() => value);
      case 'implements':
        return (implementation: (...args: readonly unknown[]) => unknown) =>
          this.#answer((args) => implementation(...args));
      case 'calls':
        return this.#calls;
      case 'reset':
        return () => this.reset();
      case 'name':
        return this.path;
      case 'call':
      case 'apply':
      case 'bind':
        return Function.prototype[key];
      default:
        return undefined;
    }
  }

  #answer(answer: Answer): object {
    this.#always = answer;
    return this.proxy;
  }

  #answerOnce(answer: Answer): object {
    this.#once.push(answer);
    return this.proxy;
  }
}

/**
 * Names that the language and test runners ask any object for. To have them would turn a mock into a promise, a
 * matcher, an element, or a value with a form of its own.
 */
const foreign: ReadonlySet<string> = new Set([
  'then',
  'toJSON',
  'toString',
  'valueOf',
  'constructor',
  'prototype',
  'length',
  'asymmetricMatch',
  '$$typeof',
  'nodeType',
  'tagName',
]);

function isForeignTo(key: string | symbol): boolean {
  return typeof key === 'string' ? foreign.has(key) : key !== Symbol.asyncDispose && key !== Symbol.dispose;
}

const nodes = new WeakMap<object, { readonly root: MockNode; readonly log: MockCall[] }>();

/**
 * A stand-in for a client of type `T`. It opens nothing.
 *
 * ```ts
 * const mock = createMockClient<SynapClient>();
 * mock.kv.get.resolves('value');
 * await codeUnderTest(mock);
 * expect(mock.kv.get.calls).toEqual([['key']]);
 * ```
 *
 * A call without a script rejects with an `UnscriptedCallError`, except disposal, which does nothing. A method of `T`
 * that is itself called as one of `MockMethod`'s words, or `toJSON`, is out of a script's reach: give it in `values`.
 *
 * @param values properties that are there as they are: strings, nested mocks, methods of your own
 */
export function createMockClient<T extends object>(values: Partial<T> = {}): MockClient<T> {
  const log: MockCall[] = [];
  const root = new MockNode('', log, values);
  nodes.set(root.proxy, { root, log });
  return root.proxy as MockClient<T>;
}

function nodeOf(mock: object): { readonly root: MockNode; readonly log: MockCall[] } {
  const node = nodes.get(mock);
  if (!node) throw new TypeError('not a mock: give what createMockClient() returned');
  return node;
}

/** Every call of a mock, of all its methods, oldest first. @throws TypeError when it is no mock */
export function mockCalls(mock: object): readonly MockCall[] {
  return nodeOf(mock).log;
}

/** Forgets all scripts and calls of a mock. @throws TypeError when it is no mock */
export function resetMock(mock: object): void {
  const { root, log } = nodeOf(mock);
  root.reset();
  log.length = 0;
}
