export { Caller, type CallerOptions, type CallOptions, type Resource } from './caller.ts';
export { type Codec } from './codec/codec.ts';
export { CodecError } from './codec/codec-error.ts';
export { createJsonCodec, jsonCodec, type JsonOptions, parseJson, stringifyJson } from './codec/json.ts';
export { toSafeInteger } from './codec/safe-integer.ts';
export {
  type CredentialsOption,
  CredentialSource,
  type CredentialSourceOptions,
  type ExpiringCredentials,
} from './credentials.ts';
export {
  abandonedFailure,
  type Abandonment,
  type Holder,
  Pending,
  type TickListener,
  tickMs,
  Timekeeper,
} from './deadline.ts';
export { type ByteStream, formatTarget, type SocketTarget } from './endpoint.ts';
export {
  type AddressOptions,
  type AddressSpec,
  type HostPort,
  parseAddress,
  resolveTargets,
} from './endpoint/address.ts';
export { type ParameterSpec, type ParameterSpecs, type ParameterValues } from './endpoint/parameters.ts';
export { type EndpointSpec, type ParsedEndpoint, parseEndpoint, type SchemeSpec } from './endpoint/parse.ts';
export { ClientError, type ErrorDetails, type ErrorInit, type Outcome } from './errors/client-error.ts';
export { Failure, type FailureInit, type FailureKind } from './errors/failure.ts';
export {
  AbortedError,
  ArgumentError,
  AuthenticationError,
  BatchError,
  type BatchOutcome,
  ClosedError,
  ConnectionError,
  OverloadedError,
  PermissionError,
  ProtocolError,
  ServerError,
  TimeoutError,
  UnsafeIntegerError,
  UnsupportedError,
} from './errors/kinds.ts';
export { inspectAsJson, safeOptions } from './inspection.ts';
export { Lifecycle, type LifecycleState } from './lifecycle.ts';
export {
  type GapNotice,
  type DroppedNotice,
  dropped,
  gap,
  isNotice,
  type Notice,
  type ReconnectedNotice,
  reconnected,
  type RecreatedNotice,
  recreated,
  type RelocatedNotice,
  relocated,
  type StreamPosition,
} from './notices.ts';
export {
  callOptionRules,
  checkOption,
  OptionChecker,
  type OptionRule,
  type OptionRules,
  refuseTogether,
  timeoutRule,
  twinMs,
} from './options.ts';
export { type Clock, type Ports, type Random, systemPorts, type Timer, type Turns } from './ports.ts';
export {
  type Backoff,
  exponential,
  type ExponentialOptions,
  fullJitter,
  type FullJitterOptions,
} from './retry/backoff.ts';
export { RetryBudget, type RetryBudgetOptions } from './retry/budget.ts';
export { pause } from './retry/pause.ts';
export { longestPausesMs, mayRepeat, type RepeatRule, type RetryPolicy, retryPolicy } from './retry/policy.ts';
export { GaveUp, type GiveUpReason, retryAfter, type RetryCall } from './retry/retry-after.ts';
export { LatencyHistogram, type LatencySummary } from './stats/histogram.ts';
export {
  OperationCounters,
  OperationStats,
  type OperationsSummary,
  type OperationSummary,
} from './stats/operations.ts';
export { type ClientState, StatusBoard, type StatusRecord } from './status.ts';
export {
  databaseAttributes,
  type OperationDescription,
  type OperationTelemetry,
  silentTelemetry,
  type Telemetry,
  trace,
  type TraceAttributes,
  type TraceMessage,
} from './telemetry.ts';
export { hostTelemetry } from './telemetry/host.ts';
export { type CallLimits, waitFor } from './waiting.ts';
