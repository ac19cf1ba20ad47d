/** Arguments that no client may accept, each for the place where it is wrong. */

import type { SeededRandom } from '@wirewright/core/testing';
import { LensMessageType, lensRequest } from '@wirewright/lensdb';
import { randomBytes } from '../data.ts';

/** In keys, values and texts: it must not show in any error. */
export const secret = 'sEcReT';

/** What may be made anew each time, or would be expensive to. */
type Maker = (random: SeededRandom) => unknown;

const longValue = new Uint8Array(1024 * 1024 + 1);

function of(...values: readonly unknown[]): Maker[] {
  return values.map((value) => () => value);
}

const noObjects = of(7, Number.NaN, true, 10n, secret, Symbol(secret), () => secret, null);

/** Neither text nor bytes. */
const noData: readonly Maker[] = [
  ...of(0, 7, -1.5, Number.NaN, Infinity, true, false, 10n, null, undefined, {}, [], [secret], new Map(), /x/),
  ...of(Symbol(secret), () => secret, new Date(0), new Error(secret), Promise.resolve(secret), new Set([1])),
  () => new ArrayBuffer(8),
  () => new DataView(new ArrayBuffer(8)),
  () => new Uint16Array(4),
  () => new Float64Array(2),
  () => new Int8Array(4),
  () => new Uint8ClampedArray(4),
  () => Object.create(Uint8Array.prototype) as unknown,
  // oxlint-disable-next-line unicorn/new-for-builtins, no-new-wrappers -- an object that looks like text
  () => new String(secret),
  () => ({ length: 3, 0: 1, 1: 2, 2: 3 }),
  (random) => `${secret}\ud800${random.uint32()}`,
  () => `\udc00${secret}`,
];

/** Neither is a key that is empty or too long, in both dialects. */
const noKey: readonly Maker[] = [
  ...noData,
  () => '',
  () => new Uint8Array(0),
  (random) => secret.padEnd(1025 + random.integer(0, 5000), 'x'),
  (random) => randomBytes(random, 1025 + random.integer(0, 5000)),
  () => 'é'.repeat(513),
  () => '😀'.repeat(257),
];

/** To be written: a list of keys would show it as several. */
const noWrittenKey: readonly Maker[] = [
  ...noKey,
  () => `${secret}\n`,
  () => '\n',
  (random) => {
    const key = randomBytes(random, random.integer(1, 1000));
    key[random.integer(0, key.length - 1)] = 10;
    return key;
  },
];

const noDuration: readonly Maker[] = of(0, -1, -0.001, Number.NaN, -Infinity, '5', null, {}, [], true, 5n);
const noSignal: readonly Maker[] = [...of({}, 'x', 5, true, null, []), () => new AbortController()];

const noOptions: readonly Maker[] = [
  ...noObjects,
  () => ({ [`a ${secret}`]: 1 }),
  () => ({ timeOutMs: 5 }),
  () => ({ timeout: 5 }),
  () => [],
  (random) => ({ timeoutMs: random.pick(noDuration)(random) }),
  (random) => ({ attemptTimeoutMs: random.pick(noDuration)(random) }),
  (random) => ({ signal: random.pick(noSignal)(random) }),
];

const noConcurrency: readonly Maker[] = [
  ...noOptions,
  (random) => ({ concurrency: random.pick([0, -1, 1.5, Number.NaN, '2', null, 2n, {}]) }),
];

const noTtl: readonly Maker[] = [
  ...of(0, -1, 1.5, Number.NaN, Infinity, -Infinity, 2 ** 32, 1e300, '60', true, 10n, null, () => 5, Symbol('ttl')),
  ...of({ ttl: 0 }, { ttl: -1 }, { ttl: 0.5 }, { ttl: '60' }, { ttl: null }, { ttl: 60n }, { ttl: 2 ** 32 }),
  ...of({ ttlMs: 0 }, { ttlMs: 1500 }, { ttlMs: 999 }, { ttlMs: -1000 }, { ttlMs: '1000' }, { ttlMs: 2 ** 32 * 1000 }),
  ...of({ ttl: 1, ttlMs: 1000 }, { seconds: 60 }, { TTL: 60 }, { ttl: 60, timeoutMs: 0 }, { ttl: 60, signal: 1 }),
];

/** Has no JSON form. */
const noJson: readonly Maker[] = [
  ...of(undefined, () => secret, Symbol(secret), 10n, { deep: [10n] }),
  () => {
    const cycle: Record<string, unknown> = { name: secret };
    cycle['self'] = cycle;
    return cycle;
  },
];

const noCodec: readonly Maker[] = [
  ...of(undefined, null, {}, 7, secret, { encode: 1, decode: 2 }, { encode: () => new Uint8Array(1) }, []),
];

/** Encodes to something else than bytes. */
const brokenCodec: readonly Maker[] = of(secret, 7, undefined, null, {}, new Uint16Array(2), Promise.resolve('x')).map(
  (make) => (random: SeededRandom) => ({ name: 'broken', encode: () => make(random), decode: () => 1 }),
);

const noLists = of(undefined, null, 7, secret, {}, new Map(), new Set([1]), true, () => []);
const noEntries = of(undefined, null, 7, secret, {}, [1], [secret], [['only a key']], [['a', 'b', 'c']], true, [null]);

/** Bytes that hold the start of another request, in a frame that the network may split. */
function embedded(random: SeededRandom): Uint8Array {
  const bytes = new Uint8Array(random.integer(1300, 4000)).fill(120);
  const frame = lensRequest(LensMessageType.CLEAR);
  bytes.set(frame, random.integer(0, bytes.length - frame.length));
  return bytes;
}

const noValue: Readonly<Record<'lens' | 'ldbd', readonly Maker[]>> = {
  lens: [
    ...noData,
    (random) => new Uint8Array(4096 + random.integer(0, 5000)),
    () => secret.padEnd(5000, 'x'),
    embedded,
  ],
  ldbd: [...noData, () => longValue],
};

const pools = {
  noKey,
  noWrittenKey,
  noOptions,
  noConcurrency,
  noTtl,
  noJson,
  noCodec,
  brokenCodec,
  noLists,
  noEntries,
};

export type Kind = keyof typeof pools | 'noValue';

/** Something wrong of that kind. */
export function garbage(kind: Kind, random: SeededRandom, dialect: 'lens' | 'ldbd'): unknown {
  return random.pick(kind === 'noValue' ? noValue[dialect] : pools[kind])(random);
}
