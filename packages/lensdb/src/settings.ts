/** From options, or a URL, to what the client works with: checked, with every default in its place. */

import {
  ArgumentError,
  exponential,
  longestPausesMs,
  OptionChecker,
  type OptionRules,
  type ParameterSpecs,
  parseEndpoint,
  resolveTargets,
  RetryBudget,
  type RetryPolicy,
  retryPolicy,
  type SocketTarget,
  timeoutRule,
} from '@wirewright/core';
import { nodeRuntime } from '@wirewright/core/socket';
import { system } from './errors.ts';
import type { ConnectionPoolOptions, LensDBOptions, Settings } from './options.ts';
import { defaultLdbdLimits, defaultLensLimits } from './protocol/checks.ts';
import { defaultMaxFrameBytes } from './protocol/dialect.ts';
import { ldbdLongestKey } from './protocol/ldbd/request.ts';

const defaultPort = 8080;

const keyBytes = {
  kind: 'integer',
  min: 1,
  max: ldbdLongestKey,
  unit: 'bytes',
  because: 'its length travels in 16 bits',
} as const;
const valueBytes = {
  kind: 'integer',
  min: 0,
  max: 0xffff_ffff,
  unit: 'bytes',
  because: 'its length travels in 32 bits',
} as const;
const limitBytes = { kind: 'integer', min: 1, unit: 'bytes' } as const;
/** Connecting has to end, or nobody who waits for a connection is ever told why there is none. */
const connectMs = { kind: 'number', above: 0, unit: 'ms' } as const;
const pauseMs = { kind: 'number', min: 0, unit: 'ms' } as const;
const durationMs = { kind: 'number', above: 0, infinity: true, unit: 'ms' } as const;
const flag = { kind: 'boolean' } as const;

/** What can be said in a URL too. */
const poolParameters = {
  dialect: { kind: 'enum', values: ['auto', 'lens', 'ldbd'] },
  maxConnections: { kind: 'integer', min: 1 },
  minConnections: { kind: 'integer', min: 0 },
  maxIdleMs: durationMs,
  maxLifetimeMs: durationMs,
  // A call for which a connection is opened waits for it.
  maxWaiters: { kind: 'integer', min: 1 },
  connectTimeoutMs: connectMs,
  probeTimeoutMs: connectMs,
  attemptTimeoutMs: durationMs,
  timeoutMs: durationMs,
  maxRequestBytes: limitBytes,
  maxFrameBytes: limitBytes,
  injectionGuard: flag,
  allowNewlineInKeys: flag,
  maxKeyBytes: keyBytes,
  maxValueBytes: valueBytes,
  ldbdReads: { kind: 'enum', values: ['fence', 'close'] },
} as const satisfies ParameterSpecs;

const retryParameters = {
  maxRetries: { kind: 'integer', min: 0, max: 1_000_000 },
  retryBaseMs: pauseMs,
  retryFactor: { kind: 'number', min: 1 },
  retryJitterMs: pauseMs,
  retryCapMs: pauseMs,
  retryWrites: flag,
} as const satisfies ParameterSpecs;

/** What `resolveTargets` checks by itself. */
const anything = { kind: 'custom', expected: '', accepts: () => true } as const;

const optionsBesideParameters = {
  host: anything,
  port: anything,
  addresses: anything,
  path: anything,
  socket: anything,
  runtime: { kind: 'custom', expected: 'an object with clock, random, turns and net', accepts: isRuntime },
  timeoutMs: timeoutRule,
  attemptTimeoutMs: timeoutRule,
} as const satisfies OptionRules;

const poolChecker = new OptionChecker('ConnectionPool', { ...poolParameters, ...optionsBesideParameters }, system);
const clientChecker = new OptionChecker(
  'LensDBClient',
  { ...poolParameters, ...retryParameters, ...optionsBesideParameters },
  system,
);

/** @throws ArgumentError that names what is wrong. */
export function readClientOptions(options: LensDBOptions | string): Settings {
  const { targets, given } = read('LensDBClient', options, clientChecker, { ...poolParameters, ...retryParameters });
  return settingsOf('LensDBClient', targets, given);
}

/** A pool repeats nothing: who leases a connection decides what a failed call means. */
export function readPoolOptions(options: ConnectionPoolOptions | string): Settings {
  const { targets, given } = read('ConnectionPool', options, poolChecker, poolParameters);
  return settingsOf('ConnectionPool', targets, { ...given, maxRetries: 0 });
}

function read(
  owner: string,
  options: LensDBOptions | string,
  checker: OptionChecker,
  parameters: ParameterSpecs,
): { targets: readonly SocketTarget[]; given: LensDBOptions } {
  if (typeof options === 'string') {
    const endpoint = parseEndpoint(options, { system, schemes: { lensdb: { defaultPort } }, parameters });
    return { targets: endpoint.targets, given: endpoint.parameters };
  }
  checker.check(options);
  return { targets: resolveTargets(options, { owner, system, defaultPort }), given: options };
}

function settingsOf(owner: string, targets: readonly SocketTarget[], given: LensDBOptions): Settings {
  const { allowNewlineInKeys = false, attemptTimeoutMs = 30_000 } = given;
  const { maxConnections = 10, minConnections = 0 } = given;
  if (minConnections > maxConnections) {
    throw new ArgumentError(
      `${owner}: 'minConnections' (${minConnections}) must not be greater than 'maxConnections' (${maxConnections})`,
      { system, details: { option: 'minConnections' } },
    );
  }
  const policy = policyOf(given);
  return {
    targets,
    dialect: given.dialect ?? 'auto',
    maxConnections,
    minConnections,
    maxIdleMs: given.maxIdleMs ?? 60_000,
    maxLifetimeMs: given.maxLifetimeMs ?? Infinity,
    maxWaiters: given.maxWaiters ?? 1000,
    connectTimeoutMs: given.connectTimeoutMs ?? 10_000,
    probeTimeoutMs: given.probeTimeoutMs ?? 2000,
    attemptTimeoutMs,
    timeoutMs: given.timeoutMs ?? policy.maxAttempts * attemptTimeoutMs + longestPausesMs(policy),
    lens: {
      maxRequestBytes: given.maxRequestBytes ?? defaultLensLimits.maxRequestBytes,
      injectionGuard: given.injectionGuard ?? defaultLensLimits.injectionGuard,
      allowNewlineInKeys,
    },
    ldbd: {
      maxKeyBytes: given.maxKeyBytes ?? defaultLdbdLimits.maxKeyBytes,
      maxValueBytes: given.maxValueBytes ?? defaultLdbdLimits.maxValueBytes,
      allowNewlineInKeys,
    },
    maxFrameBytes: given.maxFrameBytes ?? defaultMaxFrameBytes,
    ldbdReads: given.ldbdReads ?? 'fence',
    retryWrites: given.retryWrites ?? true,
    policy,
    runtime: given.runtime ?? nodeRuntime,
  };
}

/** The documented formula (section 7); the budget stops a storm of many calls, never a lone one. */
function policyOf(given: LensDBOptions): RetryPolicy {
  const { maxRetries = 3, retryBaseMs = 1000, retryFactor = 2, retryJitterMs = 1000, retryCapMs = 30_000 } = given;
  return retryPolicy({
    maxAttempts: maxRetries + 1,
    backoff: exponential({ baseMs: retryBaseMs, factor: retryFactor, capMs: retryCapMs, jitterMs: retryJitterMs }),
    budget: new RetryBudget(),
  });
}

function isRuntime(value: unknown): boolean {
  const runtime = value as Partial<Record<'clock' | 'random' | 'turns' | 'net', unknown>> | null;
  const parts =
    typeof runtime === 'object' && runtime ? [runtime.clock, runtime.random, runtime.turns, runtime.net] : [];
  return parts.length > 0 && parts.every((part) => typeof part === 'object' && part !== null);
}
