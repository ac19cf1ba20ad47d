import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../src/errors/kinds.ts';
import { nearestName } from '../src/nearest.ts';
import { callOptionRules, checkOption, OptionChecker, refuseTogether, timeoutRule, twinMs } from '../src/options.ts';

function refusal(run: () => unknown): ArgumentError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    return error as ArgumentError;
  }
  throw new Error('was accepted');
}

describe('OptionChecker', () => {
  const checker = new OptionChecker(
    'ThingClient',
    {
      ...callOptionRules,
      host: { kind: 'string' },
      note: { kind: 'string', empty: true },
      port: { kind: 'integer', min: 1, max: 65_535 },
      ratio: { kind: 'number', min: 0 },
      limit: { kind: 'integer', max: 10, infinity: true, unit: 'bytes' },
      guard: { kind: 'boolean' },
      dialect: { kind: 'enum', values: ['auto', 'plain'] },
      codec: { kind: 'object' },
      socket: { kind: 'function' },
      apiKey: { kind: 'custom', expected: 'a string or a function', accepts: (v) => typeof v === 'string' },
    },
    'thing',
  );

  it('accepts what the rules allow, absent options and options that are undefined', () => {
    checker.check(undefined);
    checker.check({});
    checker.check({ host: undefined, timeoutMs: undefined });
    checker.check({
      host: 'h',
      note: '',
      port: 1,
      ratio: 0.5,
      limit: Infinity,
      guard: false,
      dialect: 'plain',
      codec: {},
      socket: () => {},
      apiKey: 'k',
      timeoutMs: Infinity,
      signal: new AbortController().signal,
    });
  });

  it.each([
    [{ host: '' }, "'host' must be a non-empty string; got an empty string"],
    [{ port: 0 }, "'port' must be an integer from 1 to 65535; got 0"],
    [{ port: 1.5 }, "'port' must be an integer from 1 to 65535; got 1.5"],
    [{ port: '80' }, "'port' must be an integer from 1 to 65535; got a string"],
    [{ port: Infinity }, "'port' must be an integer from 1 to 65535; got Infinity"],
    [{ ratio: -1 }, "'ratio' must be a number of at least 0; got -1"],
    [{ ratio: Number.NaN }, "'ratio' must be a number of at least 0; got NaN"],
    [{ limit: 11 }, "'limit' must be an integer (bytes) of at most 10, or Infinity; got 11"],
    [{ guard: 1 }, "'guard' must be true or false; got 1"],
    [{ dialect: 'x' }, "'dialect' must be one of 'auto', 'plain'; got a string"],
    [{ codec: [] }, "'codec' must be an object; got an array"],
    [{ codec: null }, "'codec' must be an object; got null"],
    [{ socket: {} }, "'socket' must be a function; got an object"],
    [{ apiKey: () => 1 }, "'apiKey' must be a string or a function; got a function"],
    [{ signal: {} }, "'signal' must be an AbortSignal; got an object"],
    [
      { timeoutMs: 0 },
      "'timeoutMs' must be a number (ms) greater than 0, or Infinity (without time no call can succeed; Infinity waits for ever); got 0",
    ],
    [{ timeoutMs: -1 }, 'got -1'],
    [{ timeoutMs: Number.NaN }, 'got NaN'],
    [{ timeoutMs: 5n }, 'got a bigint'],
  ])('refuses %o', (options, message) => {
    const error = refusal(() => checker.check(options));
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/^ThingClient: /);
    expect(error.system).toBe('thing');
    expect(error.details).toEqual({ option: Object.keys(options)[0] });
  });

  it.each([null, 5, 'host', ['host']])('refuses %j as options', (options) => {
    expect(refusal(() => checker.check(options)).message).toContain('options must be an object');
  });

  it('names an unknown option and the nearest known one', () => {
    expect(refusal(() => checker.check({ timeoutMS: 5 })).message).toBe(
      "ThingClient: unknown option 'timeoutMS'; did you mean 'timeoutMs'?",
    );
    expect(refusal(() => checker.check({ zzzzzzzz: 5 })).message).toContain(
      "unknown option 'zzzzzzzz'; known are signal, timeoutMs, host",
    );
  });

  it('shows no string that was given, and no name that looks like data', () => {
    const error = refusal(() => checker.check({ dialect: 'hunter2' }));
    expect(JSON.stringify(error) + error.message).not.toContain('hunter2');
    expect(refusal(() => checker.check({ 'user:17 secret': 1 })).message).not.toContain('secret');
  });

  it('does not take what every object inherits for an option', () => {
    expect(refusal(() => checker.check({ constructor: 1 })).message).toContain("unknown option 'constructor'");
  });
});

describe('twins', () => {
  const names = { seconds: 'ttl', ms: 'ttlMs' };

  it('gives milliseconds from either', () => {
    expect(twinMs('set()', { ttl: 2 }, names)).toBe(2000);
    expect(twinMs('set()', { ttlMs: 1500 }, names)).toBe(1500);
    expect(twinMs('set()', {}, names)).toBeUndefined();
    expect(twinMs('set()', { ttl: undefined, ttlMs: 5 }, names)).toBe(5);
  });

  it('refuses both', () => {
    expect(refusal(() => twinMs('set()', { ttl: 2, ttlMs: 2000 }, names, 'thing')).message).toBe(
      "set(): 'ttl' and 'ttlMs' exclude each other; give one",
    );
    expect(refusal(() => refuseTogether('connect()', { a: 1, b: 0, c: 1 }, ['a', 'b'])).details).toEqual({
      options: ['a', 'b'],
    });
  });
});

it('checks a single option', () => {
  checkOption('ping()', 'timeoutMs', 1, timeoutRule);
  expect(refusal(() => checkOption('ping()', 'timeoutMs', '1', timeoutRule)).message).toMatch(
    /^ping\(\): 'timeoutMs' must be/,
  );
});

describe('nearestName', () => {
  const known = ['timeoutMs', 'maxConnections', 'host', 'ttl'];
  it.each([
    ['timeoutms', 'timeoutMs'],
    ['time_out_ms', 'timeoutMs'],
    ['maxConections', 'maxConnections'],
    ['max-connections', 'maxConnections'],
    ['hsot', 'host'],
    ['tll', 'ttl'],
  ])('%s is meant to be %s', (name, expected) => expect(nearestName(name, known)).toBe(expected));

  it('does not guess wildly', () => {
    expect(nearestName('password', known)).toBeUndefined();
    expect(nearestName('x', known)).toBeUndefined();
    expect(nearestName('t'.repeat(100), known)).toBeUndefined();
  });
});
