/** What clients and options show of themselves in logs: nothing that could be a secret, unless it is named. */

const inspectCustom: symbol = Symbol.for('nodejs.util.inspect.custom');

type Inspect = (value: unknown, options?: unknown) => string;

/**
 * Makes `util.inspect` and `console.log` show the class's name and its `toJSON()`. Call it in the class:
 * `static { inspectAsJson(this); }`.
 */
export function inspectAsJson(type: abstract new (...args: never[]) => { toJSON(): unknown }): void {
  const inspect = function inspectJson(
    this: { toJSON(): unknown },
    depth: number,
    options: object,
    inspectValue?: Inspect,
  ): string {
    const { name } = this.constructor;
    if (depth < 0 || inspectValue === undefined) return `[${name}]`;
    return `${name} ${inspectValue(this.toJSON(), options)}`;
  };
  Object.defineProperty(type.prototype, inspectCustom, { value: inspect, configurable: true, writable: true });
}

function shownOf(value: unknown, mayShowText: boolean): unknown {
  switch (typeof value) {
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return `${value}n`;
    case 'string':
      return mayShowText ? value : '[hidden]';
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) return value.map((item) => shownOf(item, mayShowText));
      return '[object]';
    default:
      return `[${typeof value}]`;
  }
}

/**
 * Options as a client's `toJSON` may show them: numbers and booleans as they are, text only of the options in `show`,
 * of everything else what kind of thing it is. What is undefined is left out.
 */
export function safeOptions(options: object, show: readonly string[] = []): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) safe[name] = shownOf(value, show.includes(name));
  }
  return safe;
}
