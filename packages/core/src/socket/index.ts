export { Connection, type ConnectionOptions, type ConnectionState, type Wire } from './connection.ts';
export { Dialer, type DialerOptions } from './dialer.ts';
export { Liveness, type LivenessOptions } from './liveness.ts';
export { type DialOptions, type Net, type NetSocket, type SocketHandler } from './net.ts';
export { Pool } from './pool.ts';
export { type Lease, type PoolMember, type PoolOptions, type PoolStats } from './pool-options.ts';
export { Session } from './session.ts';
export { type ConnectionHooks, type SessionOptions, type SessionState, type SessionWire } from './session-options.ts';
export { type TlsOptions } from './tls.ts';
