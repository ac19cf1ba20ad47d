/** A Synap client on core, as small as it can be and still be one: calls, blocking pops, subscriptions, login. */

import {
  ArgumentError,
  Caller,
  type CallOptions,
  type CredentialsOption,
  CredentialSource,
  Failure,
  type GaveUp,
  type SocketTarget,
} from '@wirewright/core';
import type { Queue } from '@wirewright/core/kit';
import { Connection, type ConnectionHooks, nodeRuntime, type Runtime, Session } from '@wirewright/core/socket';
import { requestBound } from './encode.ts';
import { type Message } from './subscriber.ts';
import { PatternRegistry } from './pattern-registry.ts';
import type { Command, Value } from './values.ts';
import { Lane, SynapWire } from './wire.ts';

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface SynapOptions {
  readonly target: SocketTarget;
  readonly credentials?: CredentialsOption<Login>;
  readonly runtime?: Runtime;
  readonly maxCalls?: number;
  readonly maxBlocking?: number;
  readonly maxWaiting?: number;
  readonly maxFrameBytes?: number;
  readonly connectTimeoutMs?: number;
  readonly stallMs?: number;
}

export class SynapClient {
  readonly caller: Caller;
  readonly session: Session<Command, SynapWire>;
  readonly #patterns: PatternRegistry;
  readonly #login: CredentialSource<Login> | undefined;

  constructor(options: SynapOptions) {
    const { target, credentials, runtime = nodeRuntime, connectTimeoutMs = 10_000 } = options;
    const caller = new Caller({ system: 'synap', ports: runtime, timeoutMs: 5000 });
    const common = { ports: runtime, timekeeper: caller.timekeeper };
    this.caller = caller;
    this.#login = credentials === undefined ? undefined : caller.own(new CredentialSource(credentials, runtime));
    const open = (hooks: ConnectionHooks<SynapWire>): Promise<Connection<SynapWire> | Failure> => {
      // Pushes carry the number of the connection that they came on, whatever the session is at by then.
      const { epoch } = this.session;
      const createWire = (connection: Connection<SynapWire>): SynapWire =>
        new SynapWire(connection, {
          timekeeper: caller.timekeeper,
          maxCalls: options.maxCalls ?? 192,
          maxBlocking: options.maxBlocking ?? 32,
          maxQueuedBytes: 1024 * 1024,
          maxFrameBytes: options.maxFrameBytes ?? 512 * 1024 * 1024,
          stallMs: options.stallMs ?? 10_000,
          handshake: (wire) => this.#handshake(wire),
          onPush: (push, bytes) => this.#patterns.deliver(push, bytes, epoch),
        });
      return Connection.open<SynapWire>({ ...runtime, ...common, ...hooks, target, connectTimeoutMs, createWire });
    };
    this.session = caller.own(
      new Session<Command, SynapWire>({
        ...common,
        open,
        lanes: 2,
        ...(options.maxWaiting === undefined ? {} : { maxWaiting: options.maxWaiting }),
        onUp: (wire, epoch) => this.#patterns.make(wire, epoch),
        onState: (state) => {
          if (state.is === 'up') void this.#patterns.makeNew();
        },
        onGaveUp: (failure) => this.#patterns.destroy(failure),
        liveness: { idleMs: 60_000, timeoutMs: 10_000, ping: (wire) => wire.ping() },
      }),
    );
    this.#patterns = caller.own(new PatternRegistry(this.session, caller.timekeeper));
  }

  async command(command: Command, options?: CallOptions, idempotent = false): Promise<Value> {
    return this.caller.unwrap(await this.#submit(command, options, idempotent));
  }

  /** One `await` from the caller to the answer, here as in all calls that are made often: each costs as much again. */
  async get(key: string, options?: CallOptions): Promise<Uint8Array | null> {
    return this.caller.unwrap(await this.#submit({ name: 'GET', args: [key] }, options, true)) as Uint8Array | null;
  }

  async set(key: string, value: string | Uint8Array, options?: CallOptions): Promise<void> {
    this.caller.unwrap(await this.#submit({ name: 'SET', args: [key, value] }, options, false));
  }

  /** The first element of a list, as soon as there is one; null after `waitSeconds`. */
  async blpop(key: string, waitSeconds: number, options?: CallOptions): Promise<Value> {
    return this.command({ name: 'BLPOP', args: [key, waitSeconds], blocks: true }, options);
  }

  /** What is published to topics that match, from now on; a notice stands where something may be missing. */
  async subscribe(pattern: string, options?: CallOptions): Promise<Queue<Message>> {
    if (this.#patterns.has(pattern)) throw new ArgumentError('this pattern is subscribed to already; share its queue');
    const opened = this.caller.run(options, true, (limits) => this.#patterns.open(pattern, limits));
    return this.caller.unwrap(await opened);
  }

  close(timeoutMs = 5000): Promise<void> {
    return this.caller.close(timeoutMs);
  }

  destroy(reason?: unknown): void {
    this.caller.destroy(reason);
  }

  #submit(command: Command, options: CallOptions | undefined, idempotent: boolean): Promise<Value | GaveUp> {
    return this.caller.submit<Value>(options, idempotent, (pending) =>
      this.session.submit(command, pending, requestBound(command), command.blocks ? Lane.blocking : Lane.calls),
    );
  }

  async #handshake(wire: SynapWire): Promise<Failure | undefined> {
    if (!this.#login) {
      // A server with too many connections closes this one without a byte: better now than on the first call.
      const answer = await wire.call({ name: 'PING', args: [] });
      return answer instanceof Failure ? answer : undefined;
    }
    const login = await this.#login.get();
    if (login instanceof Failure) return login;
    const answer = await wire.call({ name: 'AUTH', args: [login.username, login.password] });
    if (!(answer instanceof Failure)) return undefined;
    if (answer.kind === 'authentication') this.#login.invalidate();
    return answer;
  }
}
