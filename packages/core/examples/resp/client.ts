/** A Redis client: a pipelined session, a pool for what blocks, subscriptions that survive reconnects. */

import { Caller, type CallOptions, type CredentialsOption, CredentialSource } from '@wirewright/core';
import { Failure, type GaveUp, type SocketTarget } from '@wirewright/core';
import { Queue, queueSubscriber, type Subscriber, Subscriptions } from '@wirewright/core/kit';
import { Connection, type ConnectionHooks, nodeRuntime, PipelinedWire, type Pool } from '@wirewright/core/socket';
import { type Runtime, Session, type TlsOptions, wirePool } from '@wirewright/core/socket';
import { type Command, decoder, RespCodec, type RespValue } from './protocol.ts';

type Wire = PipelinedWire<Command, RespValue>;
type Run = (command: Command) => Promise<RespValue>;
type Login = { readonly username?: string; readonly password: string };

export interface RespOptions {
  readonly target: SocketTarget;
  readonly tls?: TlsOptions;
  readonly credentials?: CredentialsOption<Login>;
  readonly runtime?: Runtime;
}

export class RespClient {
  readonly #caller: Caller;
  readonly #session: Session<Command, Wire>;
  readonly #pool: Pool<Wire>;
  readonly #subscriptions: Subscriptions<string, string, Uint8Array>;

  constructor({ target, tls, credentials = { password: '' }, runtime = nodeRuntime }: RespOptions) {
    const caller = new Caller({ system: 'redis', ports: runtime, timeoutMs: 5000 });
    const common = { ports: runtime, timekeeper: caller.timekeeper };
    const login = caller.own(new CredentialSource(credentials, runtime));
    const open = (hooks: ConnectionHooks<Wire>): Promise<Connection<Wire> | Failure> =>
      Connection.open<Wire>({ ...runtime, ...common, ...hooks, target, tls, createWire });
    const createWire = (connection: Connection<Wire>): Wire =>
      new PipelinedWire(connection, {
        ...common,
        codec: new RespCodec(),
        handshake: (wire) => hello(wire, login),
        onPush: (push) => this.#deliver(push as readonly Uint8Array[]),
      });
    this.#caller = caller;
    this.#subscriptions = caller.own(new Subscriptions<string, string, Uint8Array>());
    this.#session = caller.own(
      new Session<Command, Wire>({
        ...common,
        open,
        onUp: (wire, epoch) => this.#subscriptions.resubscribe(epoch, (topic) => subscribe(wire, topic)),
        onGaveUp: (failure) => this.#subscriptions.destroy(failure),
        liveness: { idleMs: 10_000, timeoutMs: 5000, ping: (wire) => void wire.call(['PING']) },
      }),
    );
    this.#pool = caller.own(wirePool<Wire>({ ...common, open }));
  }

  /** Runs a command; waits for a connection if there is none. An `idempotent` one is repeated when it is lost. */
  async command(command: Command, options?: CallOptions, idempotent = false): Promise<RespValue> {
    return this.#caller.unwrap(await this.#submit(command, options, idempotent));
  }

  async get(key: string, options?: CallOptions): Promise<Uint8Array | null> {
    return this.#caller.unwrap(await this.#submit(['GET', key], options, true)) as Uint8Array | null;
  }

  /** Runs commands on a connection of their own: what blocks, and MULTI. One who throws leaves none of it behind. */
  async lease<T>(use: (run: Run) => Promise<T>, options?: CallOptions): Promise<T> {
    const caller = this.#caller;
    using lease = caller.unwrap(await caller.run(options, true, (limits) => this.#pool.lease(limits)));
    try {
      return await use(async (command) =>
        caller.unwrap(await caller.run(options, false, (limits) => lease.member.call(command, limits))),
      );
    } catch (error) {
      lease.member.close(
        new Failure({ kind: 'closed', message: 'left unfinished', outcome: 'unknown', retryable: true }),
      );
      throw error;
    }
  }

  /** What is published to `channel` from now on; a notice stands where something may be missing. */
  async subscribe(channel: string, options?: CallOptions): Promise<Queue<Uint8Array>> {
    const onReturn = (): Promise<void> => this.#leave(channel, subscriber);
    const queue = new Queue<Uint8Array>({ maxItems: 1000, maxBytes: 16_777_216, whenFull: 'drop-oldest', onReturn });
    const subscriber = queueSubscriber(queue);
    this.#subscriptions.add(channel, channel, subscriber, this.#session.wire ? this.#session.epoch : 0);
    this.#session.start();
    try {
      await this.command(['SUBSCRIBE', channel], options, true);
    } catch (error) {
      await this.#leave(channel, subscriber);
      throw error;
    }
    return queue;
  }

  /** Tells this connection only: with the next one, the subscription is gone anyway. */
  async #leave(channel: string, subscriber: Subscriber<Uint8Array>): Promise<void> {
    if (!this.#subscriptions.remove(channel, subscriber)) return;
    await this.#session.wire?.call(['UNSUBSCRIBE', channel], { dueAt: this.#caller.timekeeper.clock.now() + 5000 });
  }

  close(timeoutMs = 5000): Promise<void> {
    return this.#caller.close(timeoutMs);
  }

  #submit(command: Command, options: CallOptions | undefined, idempotent: boolean): Promise<RespValue | GaveUp> {
    return this.#caller.submit(options, idempotent, (pending) => this.#session.submit(command, pending, 64));
  }

  #deliver([, channel, message]: readonly Uint8Array[]): void {
    const [topic, payload] = [decoder.decode(channel), message as Uint8Array];
    this.#subscriptions.deliver(topic, payload, payload.length, this.#session.epoch);
  }
}

async function subscribe(wire: Wire, topic: string): Promise<Failure | undefined> {
  const answer = await wire.call(['SUBSCRIBE', topic]);
  return answer instanceof Failure ? answer : undefined;
}

async function hello(wire: Wire, source: CredentialSource<Login>): Promise<Failure | undefined> {
  const login = await source.get();
  if (login instanceof Failure) return login;
  const auth = login.password === '' ? [] : ['AUTH', login.username ?? 'default', login.password];
  const answer = await wire.call(['HELLO', '3', ...auth]);
  if (!(answer instanceof Failure)) return undefined;
  if (/^(WRONGPASS|NOAUTH|NOPERM)$/.test(answer.code)) return new Failure({ ...answer, kind: 'authentication' });
  // Too many clients, or still loading: that passes.
  return answer.kind === 'server' ? new Failure({ ...answer, kind: 'connection', retryable: true }) : answer;
}
