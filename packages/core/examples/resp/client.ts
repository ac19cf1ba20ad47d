/** A Redis client: a pipelined session, a pool for what blocks, subscriptions that survive reconnects. */

import { Caller, type CallOptions, type CredentialsOption, CredentialSource, Failure, fullJitter, type GaveUp } from '@wirewright/core';
import { type Ports, type SocketTarget, systemPorts, waitFor } from '@wirewright/core';
import { Queue, queueSubscriber, Subscriptions } from '@wirewright/core/kit';
import { Connection, type ConnectionHooks, type Net, nodeNet, type TlsOptions } from '@wirewright/core/socket';
import { PipelinedWire, type Pool, Session, wirePool } from '@wirewright/core/socket';
import { type Command, RespCodec, type RespValue } from './protocol.ts';

type Wire = PipelinedWire<Command, RespValue>;

export interface RespOptions {
  readonly target: SocketTarget;
  readonly tls?: TlsOptions;
  readonly credentials?: CredentialsOption<{ readonly username?: string; readonly password: string }>;
  readonly runtime?: Ports & { readonly net: Net };
}

export class RespClient {
  readonly #options: RespOptions;
  readonly #ports: Ports & { readonly net: Net };
  readonly #credentials: CredentialSource<{ readonly username?: string; readonly password: string }>;
  readonly #subscriptions = new Subscriptions<string, string, Uint8Array>();
  readonly #caller: Caller;
  readonly #session: Session<Command, Wire>;
  readonly #pool: Pool<Wire>;

  constructor(options: RespOptions) {
    const ports = options.runtime ?? { ...systemPorts, net: nodeNet };
    const policy = { maxAttempts: 5, backoff: fullJitter({ baseMs: 50, capMs: 1000 }) };
    this.#options = options;
    this.#ports = ports;
    this.#credentials = new CredentialSource(options.credentials ?? { password: '' }, ports);
    this.#caller = new Caller({ system: 'redis', ports, policy, timeoutMs: 5000, release: (reason) => this.#release(reason) });
    const { timekeeper } = this.#caller;
    this.#session = new Session<Command, Wire>({
      ports, timekeeper, backoff: policy.backoff, maxWaiting: 10_000, maxWaitingBytes: 16_777_216,
      open: (hooks) => this.#open(hooks),
      onUp: (wire, epoch) => this.#subscriptions.resubscribe(epoch, async (topic) => {
        const answer = await wire.call(['SUBSCRIBE', topic]);
        return answer instanceof Failure ? answer : topic;
      }),
      liveness: { idleMs: 10_000, timeoutMs: 5000, ping: (wire) => void wire.call(['PING']) },
    });
    this.#pool = wirePool<Wire>({ ports, timekeeper, max: 10, maxWaiters: 1000, maxIdleMs: 60_000, open: (hooks) => this.#open(hooks) });
  }

  /** Runs a command; waits for a connection if there is none. `idempotent` ones are repeated when it is lost. */
  async command(command: Command, options?: CallOptions, idempotent = false): Promise<RespValue> {
    return this.#caller.unwrap(await this.#submit(command, options, idempotent));
  }

  async get(key: string, options?: CallOptions): Promise<Uint8Array | null> {
    return this.#caller.unwrap(await this.#submit(['GET', key], options, true)) as Uint8Array | null;
  }

  async set(key: string, value: string | Uint8Array, options?: CallOptions): Promise<void> {
    this.#caller.unwrap(await this.#submit(['SET', key, value], options, false));
  }

  #submit(command: Command, options: CallOptions | undefined, idempotent: boolean): Promise<RespValue | GaveUp> {
    return this.#caller.submit(options, idempotent, (pending) => this.#session.submit(command, pending, 64));
  }

  /** Runs commands on a connection of their own: what blocks, and MULTI. */
  async lease<T>(use: (call: (command: Command) => Promise<RespValue>) => Promise<T>, options?: CallOptions): Promise<T> {
    const caller = this.#caller;
    const wire = caller.unwrap(await caller.run(options, true, (limits) => this.#pool.lease(limits)));
    const { signal } = options ?? {};
    try {
      return await use(async (command) => caller.unwrap(await caller.run(options, false, ({ dueAt }) => wire.call(command, dueAt, signal))));
    } finally {
      this.#pool.release(wire);
    }
  }

  /** What is published to `channel` from now on; a notice stands where something may be missing. */
  async subscribe(channel: string, options?: CallOptions): Promise<Queue<Uint8Array>> {
    const queue = new Queue<Uint8Array>({ maxItems: 1000, whenFull: 'drop-oldest', onReturn: () => this.#unsubscribe(channel) });
    this.#subscriptions.add(channel, channel, queueSubscriber(queue), this.#session.epoch);
    this.#session.start();
    await this.command(['SUBSCRIBE', channel], options, true);
    return queue;
  }

  close(timeoutMs = 5000): Promise<void> {
    return this.#caller.close(timeoutMs);
  }

  async #unsubscribe(channel: string): Promise<void> {
    if (this.#subscriptions.remove(channel)) await this.command(['UNSUBSCRIBE', channel], {}, true);
  }

  #release(reason: Failure): void {
    this.#session.destroy(reason);
    this.#pool.destroy(reason);
    this.#subscriptions.end(undefined);
    this.#credentials.stop();
  }

  #open(hooks: ConnectionHooks<Wire>): Promise<Connection<Wire> | Failure> {
    const { target, tls } = this.#options;
    const { timekeeper } = this.#caller;
    return Connection.open<Wire>({ ...this.#ports, ...hooks, timekeeper, target, tls, createWire: (connection) =>
      new PipelinedWire(connection, {
        timekeeper, codec: new RespCodec(), maxInFlight: 1024, maxFrameBytes: 67_108_864, stallMs: 10_000,
        handshake: (wire) => this.#hello(wire),
        onPush: (push, bytes) => {
          const [, channel, message] = push as Uint8Array[];
          this.#subscriptions.deliver(new TextDecoder().decode(channel), message as Uint8Array, bytes, this.#session.epoch);
        },
      }) });
  }

  async #hello(wire: Wire): Promise<Failure | undefined> {
    const known = await this.#credentials.get();
    if (known instanceof Failure) return known;
    const answer = await wire.call(['HELLO', '3', ...(known.password ? ['AUTH', known.username ?? 'default', known.password] : [])]);
    if (!(answer instanceof Failure)) return undefined;
    return answer.kind === 'server' ? new Failure({ ...answer, kind: 'authentication' }) : answer;
  }
}
