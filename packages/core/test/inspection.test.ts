import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { inspectAsJson, safeOptions } from '../src/inspection.ts';

class Client {
  static {
    inspectAsJson(this);
  }

  readonly password = 'hunter2';

  toJSON(): unknown {
    return { system: 'thing', nested: { deep: { deeper: 1 } } };
  }
}

describe('inspectAsJson', () => {
  it('shows toJSON() and the name of the class', () => {
    class Special extends Client {}
    expect(inspect(new Client(), { breakLength: Infinity })).toBe(
      "Client { system: 'thing', nested: { deep: { deeper: 1 } } }",
    );
    expect(inspect(new Special(), { depth: 0 })).toBe("Special { system: 'thing', nested: [Object] }");
    expect(inspect({ a: new Client() }, { depth: 0 })).toBe('{ a: [Client] }');
    expect(inspect([new Client()])).not.toContain('hunter2');
    expect(JSON.stringify(new Client())).not.toContain('hunter2');
  });

  it('works where no inspect function is passed', () => {
    const show = (new Client() as unknown as Record<symbol, (depth: number) => string>)[
      Symbol.for('nodejs.util.inspect.custom')
    ];
    expect(show?.call(new Client(), 2)).toBe('[Client]');
  });

  it('adds nothing that can be enumerated', () => {
    expect(Object.keys(Client.prototype)).toEqual([]);
  });
});

describe('safeOptions', () => {
  it('shows text only where it is named', () => {
    const options = {
      host: 'h',
      apiKey: 'hunter2',
      port: 1,
      guard: false,
      addresses: ['a:1', 'b:2'],
      keys: ['hunter2'],
      list: [1, { password: 'hunter2' }],
      tls: { key: 'hunter2' },
      socket: () => 'hunter2',
      limit: 5n,
      none: null,
      absent: undefined,
      symbol: Symbol('hunter2'),
    };
    const safe = safeOptions(options, ['host', 'addresses']);
    expect(safe).toEqual({
      host: 'h',
      apiKey: '[hidden]',
      port: 1,
      guard: false,
      addresses: ['a:1', 'b:2'],
      keys: ['[hidden]'],
      list: [1, '[object]'],
      tls: '[object]',
      socket: '[function]',
      limit: '5n',
      none: null,
      symbol: '[symbol]',
    });
    expect(JSON.stringify(safe)).not.toContain('hunter2');
    expect(safeOptions({ host: 'h' })).toEqual({ host: '[hidden]' });
  });
});
