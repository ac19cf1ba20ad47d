export {
  type CredentialsOption,
  CredentialSource,
  type CredentialSourceOptions,
  type ExpiringCredentials,
} from './credentials.ts';
export { abandonedFailure, type Abandonment, type Holder, Pending, type TickListener, tickMs, Timekeeper } from './deadline.ts';
export { type ByteStream, formatTarget, type SocketTarget } from './endpoint.ts';
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
export { Lifecycle, type LifecycleState } from './lifecycle.ts';
export { type Clock, type Ports, type Random, systemPorts, type Timer, type Turns } from './ports.ts';
