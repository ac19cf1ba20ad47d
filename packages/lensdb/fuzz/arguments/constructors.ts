/** Options and URLs that no client or pool may be made of; and URLs at random, of which some are right. */

import type { SeededRandom } from '@wirewright/core/testing';
import { ConnectionPool, LensDBClient } from '@wirewright/lensdb';
import type { Findings } from '@wirewright/tools/fuzz';
import { secret } from './garbage.ts';
import { problemOf } from './problem.ts';

const durations = ['connectTimeoutMs', 'probeTimeoutMs', 'attemptTimeoutMs', 'timeoutMs', 'maxIdleMs', 'maxLifetimeMs'];
const counts = ['maxConnections', 'maxWaiters', 'maxRequestBytes', 'maxFrameBytes', 'maxKeyBytes'];
const flags = ['injectionGuard', 'allowNewlineInKeys'];
const badDurations: readonly unknown[] = [0, -1, Number.NaN, '5', null, {}, true, 5n, -Infinity];
const badCounts: readonly unknown[] = [0, -1, 1.5, Number.NaN, '5', null, {}, true, 5n];
const badFlags: readonly unknown[] = [0, 1, 'true', null, {}, 5n];

function badOptions(random: SeededRandom): unknown {
  const one = (names: readonly string[], values: readonly unknown[]): unknown => ({
    [random.pick(names)]: random.pick(values),
  });
  const makers: readonly (() => unknown)[] = [
    () => one(durations, badDurations),
    () => one(counts, badCounts),
    () => one(flags, badFlags),
    () => one(['minConnections'], [-1, 1.5, '1', null, 11]),
    () => one(['dialect'], ['LENS', '', secret, 1, null]),
    () => one(['ldbdReads'], ['open', '', secret, 1, null]),
    () => one(['runtime'], [{}, null, 1, { clock: {}, random: {}, turns: {} }]),
    () => one(['host'], ['', 5, null, {}, 'a host', 'a/b', 'user@host']),
    () => one(['port'], [0, -1, 65_536, 1.5, '80', null, Number.NaN]),
    () => one(['path'], ['', 5, null, {}]),
    () => one(['socket'], ['', 5, null, {}]),
    () => one(['addresses'], [[], 5, null, {}, [5], [{}], ['']]),
    () => one([`a ${secret}`, 'maxConnection', 'hostname', 'password'], [secret, 1]),
    () => ({ host: 'a', path: '/b' }),
    () => ({ host: 'a', addresses: [{ host: 'b' }] }),
    () => random.pick<unknown>([5, true, 10n, Symbol(secret), () => 1, [], null]),
  ];
  return random.pick(makers)();
}

const urlPieces = [
  'lensdb',
  '://',
  ':',
  '/',
  '//',
  'host',
  '127.0.0.1',
  '[::1]',
  '[',
  ']',
  '80',
  '99999',
  '0',
  ',',
  '?',
  '&',
  '=',
];
const urlWords = [
  'dialect',
  'lens',
  'maxRetries',
  '3',
  '-1',
  'true',
  '%',
  '%00',
  '%2',
  '@',
  secret,
  '#',
  '\\',
  ' ',
  'é',
  '\n',
  '+unix',
];

function randomUrl(random: SeededRandom): string {
  const words = Array.from({ length: random.integer(0, 12) }, () =>
    random.pick(random.chance(0.6) ? urlPieces : urlWords),
  );
  return (random.chance(0.7) ? 'lensdb://' : '') + words.join('');
}

/** Makes one client or pool of something wrong, or of a URL that may be right. */
export function tryConstructor(random: SeededRandom, findings: Findings): void {
  const Type = random.chance(0.5) ? LensDBClient : ConnectionPool;
  const isUrl = random.chance(0.5);
  const wrong = isUrl ? randomUrl(random) : badOptions(random);
  // A URL is printed with the case, because it is what has to be looked at.
  const where = `new ${Type.name}(${typeof wrong === 'string' ? JSON.stringify(wrong) : describeOptions(wrong)})`;
  try {
    const made = new Type(wrong as string);
    made.destroy();
    findings.check(isUrl, () => `${where}: was accepted`);
    findings.count('URLs accepted');
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) findings.count('refused');
    else findings.violation(`${where}: ${problem}`);
  }
}

function describeOptions(options: unknown): string {
  if (typeof options !== 'object' || options === null) return typeof options;
  return Object.entries(options)
    .map(
      ([name, value]) =>
        `${name.replace(secret, '…')}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
    )
    .join(', ');
}
