/** Telemetry on diagnostics channels, as Node, Bun and Deno have them. */

import type { OperationTelemetry, Telemetry, TraceAttributes, TraceMessage } from '../telemetry.ts';
import { debugLine } from './debug-line.ts';

/** The part of a channel of `node:diagnostics_channel` that is used. */
export interface DiagnosticsChannel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
  /** Publishes `message`, and runs `run` with the stores that are bound to the channel. */
  runStores?<T>(message: object, run: () => T): T;
}

/** What telemetry takes from the platform. */
export interface DiagnosticsModules {
  readonly diagnosticsChannel: {
    channel(name: string): DiagnosticsChannel;
    subscribe(name: string, listener: (message: unknown) => void): void;
  };
  /** `node:util`, for `NODE_DEBUG`. */
  readonly util?: { debuglog(section: string): { (line: string): void; readonly enabled: boolean } } | undefined;
}

const events = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
type Event = (typeof events)[number];

type MutableMessage = TraceMessage & { error?: unknown; readonly attributes: Record<string, string | number> };

/** A stable, short name for the kind of error: its code where it has one. */
function errorType(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'error';
}

/**
 * The five channels `tracing:wirewright:<system>:<operation>:<event>`. They are asked for subscribers one by one:
 * not every runtime can tell for all of them together.
 */
class OperationChannels implements OperationTelemetry {
  readonly #system: string;
  readonly #operation: string;
  readonly #start: DiagnosticsChannel;
  readonly #end: DiagnosticsChannel;
  readonly #asyncStart: DiagnosticsChannel;
  readonly #asyncEnd: DiagnosticsChannel;
  readonly #error: DiagnosticsChannel;

  constructor(system: string, operation: string, channel: (event: Event) => DiagnosticsChannel) {
    this.#system = system;
    this.#operation = operation;
    this.#start = channel('start');
    this.#end = channel('end');
    this.#asyncStart = channel('asyncStart');
    this.#asyncEnd = channel('asyncEnd');
    this.#error = channel('error');
  }

  get active(): boolean {
    return (
      this.#start.hasSubscribers ||
      this.#asyncEnd.hasSubscribers ||
      this.#error.hasSubscribers ||
      this.#end.hasSubscribers ||
      this.#asyncStart.hasSubscribers
    );
  }

  trace<T>(attributes: TraceAttributes, run: () => Promise<T>): Promise<T> {
    const message: MutableMessage = { system: this.#system, operation: this.#operation, attributes: { ...attributes } };
    const start = this.#start;
    if (!start.hasSubscribers) return this.#run(message, run);
    if (start.runStores) return start.runStores(message, () => this.#run(message, run));
    start.publish(message);
    return this.#run(message, run);
  }

  #run<T>(message: MutableMessage, run: () => Promise<T>): Promise<T> {
    let promise: Promise<T>;
    try {
      promise = run();
    } catch (error) {
      this.#fail(message, error);
      throw error;
    } finally {
      if (this.#end.hasSubscribers) this.#end.publish(message);
    }
    return promise.then(
      (value) => {
        this.#settle(message);
        return value;
      },
      (error: unknown) => {
        this.#fail(message, error);
        this.#settle(message);
        throw error;
      },
    );
  }

  #fail(message: MutableMessage, error: unknown): void {
    message.error = error;
    message.attributes['error.type'] = errorType(error);
    if (this.#error.hasSubscribers) this.#error.publish(message);
  }

  #settle(message: MutableMessage): void {
    if (this.#asyncStart.hasSubscribers) this.#asyncStart.publish(message);
    if (this.#asyncEnd.hasSubscribers) this.#asyncEnd.publish(message);
  }
}

/** Channels that `NODE_DEBUG` has subscribed to: once each, however many clients there are. */
const debugged = new Set<string>();

/** Telemetry of one system's client. */
export function channelTelemetry(system: string, { diagnosticsChannel, util }: DiagnosticsModules): Telemetry {
  const log = util?.debuglog('wirewright');
  const operations = new Map<string, OperationTelemetry>();
  const open = (operation: string, event: Event): DiagnosticsChannel => {
    const name = `tracing:wirewright:${system}:${operation}:${event}`;
    if (log?.enabled && !debugged.has(name)) {
      debugged.add(name);
      diagnosticsChannel.subscribe(name, (message) => log(debugLine(event, message as TraceMessage)));
    }
    return diagnosticsChannel.channel(name);
  };
  return {
    operation(name) {
      let operation = operations.get(name);
      if (!operation) {
        operation = new OperationChannels(system, name, (event) => open(name, event));
        operations.set(name, operation);
      }
      return operation;
    },
  };
}
