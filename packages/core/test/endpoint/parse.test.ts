import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type EndpointSpec, parseEndpoint, type ParsedEndpoint } from '../../src/endpoint/parse.ts';
import { ArgumentError } from '../../src/errors/kinds.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

const spec = {
  system: 'thing',
  schemes: { thing: { defaultPort: 7000 }, things: { defaultPort: 7001, tls: true } },
  credentials: true,
  parameters: {
    timeoutMs: { kind: 'number', above: 0, infinity: true, unit: 'ms' },
    maxConnections: { kind: 'integer', min: 1, max: 100 },
    guard: { kind: 'boolean' },
    dialect: { kind: 'enum', values: ['auto', 'plain'] },
    label: { kind: 'string', empty: true },
    apiKey: { kind: 'string', secret: true },
  },
} as const satisfies EndpointSpec;

const bare: EndpointSpec = { system: 'thing', schemes: { thing: { defaultPort: 7000 } } };
const withDatabase = { ...spec, path: 'database', lists: false } as const satisfies EndpointSpec;

function refusal(text: string, by: EndpointSpec = spec): string {
  try {
    parseEndpoint(text, by);
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as ArgumentError).system).toBe('thing');
    return (error as Error).message;
  }
  throw new Error(`was accepted: ${text}`);
}

describe('what is accepted', () => {
  it.each<[string, Partial<ParsedEndpoint>]>([
    [
      'thing://h',
      { scheme: 'thing', tls: false, targets: [{ host: 'h', port: 7000 }], hosts: [{ host: 'h', port: undefined }] },
    ],
    ['THINGS://h/', { scheme: 'things', tls: true, targets: [{ host: 'h', port: 7001 }] }],
    ['thing://h:1', { targets: [{ host: 'h', port: 1 }], hosts: [{ host: 'h', port: 1 }] }],
    ['thing://127.0.0.1:65535', { targets: [{ host: '127.0.0.1', port: 65_535 }] }],
    [
      'thing://a,b:2,[::1]:3',
      {
        targets: [
          { host: 'a', port: 7000 },
          { host: 'b', port: 2 },
          { host: '::1', port: 3 },
        ],
      },
    ],
    ['thing://[fe80::1%25eth0]:1', { targets: [{ host: 'fe80::1%eth0', port: 1 }] }],
    ['thing://my_host-1.example.org.', { targets: [{ host: 'my_host-1.example.org.', port: 7000 }] }],
    ['thing+unix:///tmp/x.sock', { scheme: 'thing', targets: [{ path: '/tmp/x.sock' }], hosts: [] }],
    [
      'things+unix://u:p@/tmp/a%20b?guard=on',
      { tls: true, targets: [{ path: '/tmp/a b' }], username: 'u', password: 'p', parameters: { guard: true } },
    ],
    ['thing://u@h', { username: 'u', password: undefined }],
    ['thing://u:@h', { username: 'u', password: '' }],
    ['thing://:p@h', { username: '', password: 'p' }],
    ['thing://u:p@q@h', { username: 'u', password: 'p@q', targets: [{ host: 'h', port: 7000 }] }],
    ['thing://a%3Ab:p%2F%40%3a+@h', { username: 'a:b', password: 'p/@:+' }],
    ['thing://h?timeoutMs=1.5&maxConnections=7', { parameters: { timeoutMs: 1.5, maxConnections: 7 } }],
    ['thing://h/?timeoutMs=Infinity&guard=NO', { parameters: { timeoutMs: Infinity, guard: false } }],
    ['thing://h?label=a=b%26c+%20', { parameters: { label: 'a=b&c+ ' } }],
    ['thing://h?label=&dialect=plain', { parameters: { label: '', dialect: 'plain' } }],
    ['thing://u:p@h?label=a@b', { parameters: { label: 'a@b' } }],
  ])('%s', (text, expected) => expect(parseEndpoint(text, spec)).toMatchObject(expected));

  it.each(['true', '1', 'yes', 'on', 'TRUE', 'On'])('true is also written %s', (text) => {
    expect(parseEndpoint(`thing://h?guard=${text}`, spec).parameters.guard).toBe(true);
  });
  it.each(['false', '0', 'no', 'off', 'FALSE', 'Off'])('false is also written %s', (text) => {
    expect(parseEndpoint(`thing://h?guard=${text}`, spec).parameters.guard).toBe(false);
  });

  it('types its parameters', () => {
    const { parameters } = parseEndpoint('thing://h?dialect=auto', spec);
    const dialect: 'auto' | 'plain' | undefined = parameters.dialect;
    const timeoutMs: number | undefined = parameters.timeoutMs;
    expect([dialect, timeoutMs]).toEqual(['auto', undefined]);
  });

  it('reads a database where there is one', () => {
    expect(parseEndpoint('thing://h/db', withDatabase).database).toBe('db');
    expect(parseEndpoint('thing://h/a%2Fb', withDatabase).database).toBe('a/b');
    expect(parseEndpoint('thing://h/', withDatabase).database).toBeUndefined();
    expect(parseEndpoint('thing://h', spec).database).toBeUndefined();
  });

  it('takes the last of repeated parameters where the system does', () => {
    expect(parseEndpoint('thing://h?label=a&label=b', { ...spec, repeated: 'last' }).parameters.label).toBe('b');
  });

  it('hides password and secret parameters from logs', () => {
    const endpoint = parseEndpoint('thing://u:hunter2@h?apiKey=hunter3&label=x', spec);
    expect(endpoint.password).toBe('hunter2');
    expect(endpoint.parameters.apiKey).toBe('hunter3');
    expect(JSON.stringify(endpoint) + inspect(endpoint) + JSON.stringify({ ...endpoint })).not.toMatch(/hunter/);
    expect(endpoint.parameters).toEqual({ label: 'x' });
  });
});

describe('what is refused, and why', () => {
  it.each([
    ['h:1', 'does not begin with a scheme'],
    ['//h', 'does not begin with a scheme'],
    ['thing:h', 'does not begin with a scheme'],
    ['', 'does not begin with a scheme'],
    ['thng://h', "unknown scheme 'thng'; did you mean 'thing'?"],
    ['http://h', "unknown scheme 'http'; known are thing, things"],
    ['constructor://h', "unknown scheme 'constructor'"],
    [' thing://h', 'white space'],
    ['thing://h ', 'white space'],
    ['thing://h\n', 'white space'],
    ['thing://h\0', 'control characters'],
    ['thing://', 'the address is empty'],
    ['thing:///', 'the address is empty'],
    ['thing://:80', 'the address has no host'],
    ['thing://u:p@', 'the address is empty'],
    ['thing://a,,b', 'address 2 of 3 is empty'],
    ['thing://a,', 'address 2 of 2 is empty'],
    ['thing://h:', 'a port that is not an integer from 1 to 65535'],
    ['thing://h:0', 'a port that is not'],
    ['thing://h:65536', 'a port that is not'],
    ['thing://h:080', 'a port that is not'],
    ['thing://h:80x', 'a port that is not'],
    ['thing://h:-1', 'a port that is not'],
    ['thing://h:1e3', 'a port that is not'],
    ['thing://h:1:2', 'is not of the form'],
    ['thing://::1', 'is not of the form host, host:port or [IPv6]:port (IPv6 stands in brackets)'],
    ['thing://[::1', 'is not of the form'],
    ['thing://[::1]x', 'is not of the form'],
    ['thing://[h]', 'no IPv6 address between its brackets'],
    ['thing://[::1::2]', 'no IPv6 address'],
    ['thing://[1:2:3:4:5:6:7]', 'no IPv6 address'],
    ['thing://[1:2:3:4:5:6:7:8:9]', 'no IPv6 address'],
    ['thing://[12345::]', 'no IPv6 address'],
    ['thing://[]', 'no IPv6 address'],
    ['thing://h%41', 'a host that is no name'],
    ['thing://-h', 'a host that is no name'],
    ['thing://256.1.1.1', 'a host that is no name and no IP address'],
    ['thing://1.2.3', 'a host that is no name and no IP address'],
    ['thing://h/db', 'a path after the address has no meaning here'],
    ['thing://h#f', 'a fragment'],
    [
      'thing://u:p/q@h',
      "an '@' follows the first '/', '?' or '#'; in user name and password write these as %2F, %3F, %23 and @ as %40",
    ],
    ['thing://h?label=a@b', "an '@' follows the first"],
    ['thing://u:%zz@h', 'a malformed % escape'],
    ['thing://%ff@h', 'a malformed % escape'],
    ['thing://h?', 'parameter 1 is not of the form name=value'],
    ['thing://h?guard', 'parameter 1 is not of the form name=value'],
    ['thing://h?guard=1&', 'parameter 2 is not of the form name=value'],
    ['thing://h?=1', 'parameter 1 is not of the form'],
    ['thing://h?timeoutms=1', "unknown parameter 'timeoutms'; did you mean 'timeoutMs'?"],
    [
      'thing://h?password=1',
      "unknown parameter 'password'; known are timeoutMs, maxConnections, guard, dialect, label, apiKey",
    ],
    ['thing://h?__proto__=1', "unknown parameter '__proto__'"],
    ['thing://h?guard=1&guard=1', "parameter 'guard' is given twice"],
    ['thing://h?guard=%zz', "parameter 1 'guard' holds a malformed % escape"],
    ['thing://h?guard=%7a', "parameter 'guard' must be true or false"],
    ['thing://h?guard=', "parameter 'guard' must be true or false"],
    ['thing://h?guard=constructor', "parameter 'guard' must be true or false"],
    ['thing://h?timeoutMs=0', "parameter 'timeoutMs' must be a number (ms) greater than 0, or Infinity"],
    ['thing://h?timeoutMs=1e3', "parameter 'timeoutMs' must be a number"],
    ['thing://h?timeoutMs=0x10', "parameter 'timeoutMs' must be a number"],
    ['thing://h?timeoutMs=', "parameter 'timeoutMs' must be a number"],
    ['thing://h?maxConnections=1.5', "parameter 'maxConnections' must be an integer from 1 to 100"],
    ['thing://h?maxConnections=101', "parameter 'maxConnections' must be an integer from 1 to 100"],
    ['thing://h?maxConnections=Infinity', "parameter 'maxConnections' must be an integer from 1 to 100"],
    ['thing://h?dialect=fancy', "parameter 'dialect' must be one of 'auto', 'plain'"],
    ['thing://h?apiKey=', "parameter 'apiKey' must be a non-empty string"],
    ['thing+unix://h/tmp/x', 'a unix URL has no host'],
    ['thing+unix:///', 'the path of the unix socket is missing'],
    ['thing+unix://', 'the path of the unix socket is missing'],
    ['thing+unix:///tmp/%zz', 'the path holds a malformed % escape'],
    ['thing+unix:///tmp/%00', 'a zero byte'],
  ])('%o', (text, problem) => {
    const message = refusal(text);
    expect(message).toContain(problem);
    expect(message).toContain('(expected thing://[user:password@]host[:port][,host[:port]…][?parameter=value&…])');
  });

  it('goes by the spec', () => {
    expect(refusal('thing://u:p@h', bare)).toContain('credentials are not accepted');
    expect(refusal('thing://h?a=1', bare)).toContain(
      "unknown parameter 'a'; none are accepted (expected thing://host[:port][,host[:port]…])",
    );
    expect(refusal('thing://a,b', withDatabase)).toContain('more than one host');
    expect(refusal('thing://h/a/b', withDatabase)).toContain('more than one path segment');
    expect(refusal('thing://u:p@h/db@x', withDatabase)).toContain("an '@' follows the first '/', '?' or '#'");
    expect(refusal('thing://h/%zz', withDatabase)).toContain('the database name holds a malformed % escape');
    expect(refusal('thing+unix:///x', withDatabase)).toContain("unknown scheme 'thing+unix'");
    expect(refusal('thing+unix:///x', { ...spec, unix: false })).toContain("unknown scheme 'thing+unix'");
    expect(parseEndpoint('thing+unix:///x', { ...withDatabase, unix: true }).database).toBeUndefined();
    expect(refusal(undefined as never)).toContain('it is not a string');
    expect(refusal(new URL('http://h') as never)).toContain('it is not a string');
  });
});

describe('credentials', () => {
  const pieces = ['aK9', 'xQ7', 'zW3', 'vB5'];
  const shown = (error: unknown): string => {
    const { message, details } = error as ArgumentError;
    return message + JSON.stringify(error) + inspect(details, { showHidden: true });
  };

  /** Whether the URL is refused; what shows a piece of a password is listed in `leaks`. */
  function isRefused(text: string, by: EndpointSpec, leaks: string[]): boolean {
    try {
      parseEndpoint(text, by);
      return false;
    } catch (error) {
      const all = shown(error);
      if (pieces.some((piece) => all.includes(piece))) leaks.push(`${text}: ${all}`);
      return true;
    }
  }

  it('are never shown, whatever is wrong with the URL', () => {
    const separators = [
      '',
      '/',
      '?',
      '#',
      '@',
      ':',
      '&',
      '=',
      ',',
      '%',
      '[',
      ']',
      ' ',
      '//',
      '?a=',
      '&b=',
      '%zz',
      '\n',
      '://',
    ];
    const leaks: string[] = [];
    let refused = 0;
    for (const by of [spec, bare, withDatabase]) {
      for (const one of separators) {
        for (const two of separators) {
          const password = `aK9${one}xQ7${two}zW3`;
          for (const text of [
            `thing://u:${password}@h:1`,
            `thing://u:${password}@h:1/db?guard=maybe`,
            `thing://u:${password}@h:99999`,
            `thing://u:${password}@`,
            `thing://u:${password}@:1`,
            `thing://${password}@h`,
            `thing://u:${password}@h,u:vB5@g`,
            `thing://u:${password}=1@h`,
            `thing:u:${password}@h`,
            `thing:/u:${password}@h`,
            `u:${password}@h`,
            `nothing://u:${password}@h`,
            `thing://h:1?label=x#${password}@h`,
            `thing://h:1?guard=${password}`,
            `thing+unix://u:${password}@h/x`,
            `thing+unix:///x/u:${password}@h`,
          ]) {
            if (isRefused(text, by, leaks)) refused += 1;
          }
        }
      }
    }
    expect(leaks).toEqual([]);
    expect(refused).toBeGreaterThan(8000);
  });

  it('survive percent-encoding, whatever they hold', () => {
    const random = new SeededRandom(21);
    for (let round = 0; round < 500; round += 1) {
      const text = Array.from({ length: random.integer(0, 12) }, () =>
        random.pick([...'aZ9:/?#[]@!$&\'()*+,;=% "<>\\^`{|}é漢😀\n']),
      ).join('');
      const url = `thing://${encodeURIComponent(text)}:${encodeURIComponent(text)}@h/${encodeURIComponent(text)}?label=${encodeURIComponent(text)}`;
      expect(parseEndpoint(url, withDatabase)).toMatchObject({
        username: text,
        password: text,
        database: text === '' ? undefined : text,
        parameters: { label: text },
      });
    }
  });
});
