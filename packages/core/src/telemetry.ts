/** What a client tells about its calls, to whoever listens. A port: silent where the platform has no channels. */

import type { SocketTarget } from './endpoint.ts';

/** Names are those of OpenTelemetry's stable semantic conventions for databases. Never keys, values or credentials. */
export type TraceAttributes = Readonly<Record<string, string | number>>;

/** What subscribers of an operation's channels get: one object for all events of one call. */
export interface TraceMessage {
  readonly system: string;
  readonly operation: string;
  /** `error.type` is added when the call fails. */
  readonly attributes: TraceAttributes;
  /** What the call throws, from the `error` event on. */
  readonly error?: unknown;
}

export interface OperationTelemetry {
  /** Whether anybody listens. Next to free: ask before building attributes. */
  readonly active: boolean;
  /** Runs one call and tells its events. Its value is not told. */
  trace<T>(attributes: TraceAttributes, run: () => Promise<T>): Promise<T>;
}

export interface Telemetry {
  /** A client asks once for each of its operations and keeps the object. */
  operation(name: string): OperationTelemetry;
}

const silentOperation: OperationTelemetry = Object.freeze({
  active: false,
  trace: <T>(_attributes: TraceAttributes, run: () => Promise<T>): Promise<T> => run(),
});

/** Tells nobody. */
export const silentTelemetry: Telemetry = Object.freeze({ operation: () => silentOperation });

/** Runs one call; `describe` is asked for its attributes only when somebody listens. */
export function trace<T>(
  operation: OperationTelemetry,
  describe: () => TraceAttributes,
  run: () => Promise<T>,
): Promise<T> {
  return operation.active ? operation.trace(describe(), run) : run();
}

export interface OperationDescription {
  /** `lensdb`, `synap` … */
  readonly system: string;
  /** As the system names it: `GET`. */
  readonly operation: string;
  readonly target?: SocketTarget | undefined;
  /** Operations in a batch. */
  readonly batchSize?: number | undefined;
}

/** The attributes of a database call. */
export function databaseAttributes({ system, operation, target, batchSize }: OperationDescription): TraceAttributes {
  const attributes: Record<string, string | number> = { 'db.system.name': system, 'db.operation.name': operation };
  if (target && 'host' in target) {
    attributes['server.address'] = target.host;
    attributes['server.port'] = target.port;
  } else if (target && 'path' in target) {
    attributes['server.address'] = target.path;
  }
  // The conventions call only two and more a batch.
  if (batchSize !== undefined && batchSize > 1) attributes['db.operation.batch.size'] = batchSize;
  return attributes;
}
