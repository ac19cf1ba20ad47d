import { describe, expect, it } from 'vitest';
import { type AddressOptions, parseAddress, resolveTargets } from '../../src/endpoint/address.ts';
import { ArgumentError } from '../../src/errors/kinds.ts';

describe('parseAddress', () => {
  it.each([
    ['h', { host: 'h', port: 1992 }],
    ['h:1', { host: 'h', port: 1 }],
    ['10.0.0.1:65535', { host: '10.0.0.1', port: 65_535 }],
    ['[::1]', { host: '::1', port: 1992 }],
    ['[2001:db8::1]:7447', { host: '2001:db8::1', port: 7447 }],
    ['[::ffff:10.0.0.1]:1', { host: '::ffff:10.0.0.1', port: 1 }],
    ['[1:2:3:4:5:6:7:8]', { host: '1:2:3:4:5:6:7:8', port: 1992 }],
    ['[1:2:3:4:5:6:7::]', { host: '1:2:3:4:5:6:7::', port: 1992 }],
    ['[::]', { host: '::', port: 1992 }],
    ['[fe80::1%eth0]:1', { host: 'fe80::1%eth0', port: 1 }],
  ])('%s', (text, expected) => expect(parseAddress(text, 1992)).toEqual(expected));

  it.each([
    ['', 'the address is empty'],
    [':1', 'has no host'],
    ['h:', 'a port that is not an integer from 1 to 65535'],
    ['h:0', 'a port that is not'],
    ['h:65536', 'a port that is not'],
    ['h:secret', 'a port that is not'],
    ['::1', 'IPv6 stands in brackets'],
    ['[::1]]', 'not of the form'],
    ['[::1]1', 'not of the form'],
    ['[1::2::3]', 'no IPv6 address'],
    ['[1:2:3:4:5:6:7:8::]', 'no IPv6 address'],
    ['[::1%]', 'no IPv6 address'],
    ['[::1%a%b]', 'no IPv6 address'],
    ['[::256.0.0.1]', 'no IPv6 address'],
    ['[1.2.3.4::]', 'no IPv6 address'],
    ['h h', 'a host that is no name'],
    ['http://h', 'a port that is not'],
    ['h/', 'a host that is no name'],
    ['user:secret@h:1', 'credentials do not belong in an address'],
    ['h'.repeat(254), 'a host that is no name'],
    [5, 'is not a string'],
  ])('refuses %s', (text, problem) => {
    let error: unknown;
    try {
      parseAddress(text as string, 1992, 'lance');
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as ArgumentError).message).toContain(problem);
    expect((error as ArgumentError).message).toContain('expected for instance localhost:1992');
    expect((error as ArgumentError).message).not.toContain('secret');
    expect((error as ArgumentError).system).toBe('lance');
  });
});

describe('resolveTargets', () => {
  const spec = { owner: 'ThingClient', system: 'thing', defaultPort: 7000 };
  const socket = (): never => {
    throw new Error('not called');
  };

  it.each<[AddressOptions, unknown]>([
    [{}, [{ host: '127.0.0.1', port: 7000 }]],
    [{ port: 1 }, [{ host: '127.0.0.1', port: 1 }]],
    [{ host: 'h' }, [{ host: 'h', port: 7000 }]],
    [{ host: 'h', port: 1, path: undefined }, [{ host: 'h', port: 1 }]],
    [{ host: '::1' }, [{ host: '::1', port: 7000 }]],
    [{ host: '[::1]' }, [{ host: '::1', port: 7000 }]],
    [
      { addresses: ['a', 'b:2', '[::1]:3'] },
      [
        { host: 'a', port: 7000 },
        { host: 'b', port: 2 },
        { host: '::1', port: 3 },
      ],
    ],
    [{ path: '/tmp/x.sock' }, [{ path: '/tmp/x.sock' }]],
    [{ socket }, [{ socket }]],
  ])('%o', (options, targets) => expect(resolveTargets(options, spec)).toEqual(targets));

  it('has a default host of the system', () => {
    expect(resolveTargets({}, { ...spec, defaultHost: 'localhost' })).toEqual([{ host: 'localhost', port: 7000 }]);
  });

  it.each<[unknown, string]>([
    [{ host: 'h', path: '/x' }, "ThingClient: 'host' and 'path' exclude each other; give one"],
    [{ addresses: ['a'], socket }, "'addresses' and 'socket' exclude each other"],
    [{ port: 1, addresses: ['a'] }, "'port' and 'addresses' exclude each other"],
    [{ port: 1, path: '/x' }, "'port' and 'path' exclude each other"],
    [{ host: '' }, "'host' must be a non-empty string"],
    [{ host: 'h:1' }, "'host' holds a port; put it into 'port', or use 'addresses'"],
    [{ host: 'u:secret@h' }, "'host' holds '@': credentials do not belong in an address"],
    [{ host: 5 }, "'host' must be a non-empty string; got 5"],
    [{ port: 0 }, "'port' must be an integer from 1 to 65535; got 0"],
    [{ port: '80' }, "'port' must be an integer from 1 to 65535; got a string"],
    [{ addresses: [] }, "'addresses' must be a non-empty list of host:port; got an array"],
    [{ addresses: 'h:1' }, "'addresses' must be a non-empty list of host:port; got a string"],
    [{ addresses: ['a', 'b:x'] }, 'address 2 of 2 has a port that is not an integer'],
    [{ addresses: ['a', 5] }, 'address 2 of 2 is not a string'],
    [{ path: '' }, "'path' must be a non-empty string"],
    [{ socket: 'x' }, "'socket' must be a function; got a string"],
  ])('refuses %o', (options, problem) => {
    expect(() => resolveTargets(options as AddressOptions, spec)).toThrow(ArgumentError);
    expect(() => resolveTargets(options as AddressOptions, spec)).toThrow(problem);
  });
});
