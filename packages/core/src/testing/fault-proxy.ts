/** A real proxy on a real socket that damages what passes through it, as it is told while it runs. */

/// <reference lib="esnext.disposable" preserve="true" />

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { FrameMeter } from '../kit/framing/meter.ts';
import { type Clock, systemPorts } from '../ports.ts';
import { resetSocket } from './event-loop.ts';
import type { Direction, Fault, FaultRule, PassingChunk } from './fault.ts';
import { ActiveRule, type InjectedFault } from './fault-rules.ts';
import { type ConnectionOwner, ProxiedConnection } from './proxied-connection.ts';
import { ScriptError } from './script-error.ts';
import { SeededRandom } from './seeded-random.ts';

/** A host and port, or a unix path. */
export type ProxyAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface FaultProxyOptions {
  /** Where the server is. */
  readonly target: ProxyAddress;
  /** Where to listen. Default: a free port of 127.0.0.1. */
  readonly listen?: ProxyAddress;
  /** Of everything that is random: cuts, corrupted places, probabilities. Default: random, to be read from `seed`. */
  readonly seed?: number;
  /** Times `delay`, `drip` and lingering. Default: the system's. */
  readonly clock?: Clock;
  /** Cut the streams into frames, so that rules count and change frames instead of what is read at once. */
  readonly frames?: { readonly request?: () => FrameMeter; readonly answer?: () => FrameMeter };
  /** Names the phase that a chunk begins: `handshake` … Default, and where undefined: see `ProxiedConnection`. */
  readonly phaseOf?: (chunk: PassingChunk) => string | undefined;
  /** How long a silenced connection is kept after one side has left it, in milliseconds. Default 1000. */
  readonly lingerMs?: number;
}

export interface FaultProxyCounts {
  /** Connections that came, refused ones not included. */
  readonly connections: number;
  readonly open: number;
  /** How often each fault has struck. */
  readonly faults: Readonly<Partial<Record<Fault['type'], number>>>;
  /** Connections to the server that could not be opened; the client sees a reset. */
  readonly unreachable: number;
  /** Bytes that were dealt with on all connections, passed on or not. */
  readonly bytes: Readonly<Record<Direction, number>>;
}

interface Waiter {
  resolve(connection: ProxiedConnection): void;
  reject(error: Error): void;
}

export class FaultProxy {
  /** Where clients dial. */
  readonly target: ProxyAddress;
  readonly #options: FaultProxyOptions;
  readonly #random: SeededRandom;
  readonly #owner: ConnectionOwner;
  /** What listens now. */
  #server: Server | undefined;
  /** Under way to listen again. */
  #starting: Promise<void> | undefined;
  #rules: ActiveRule[] = [];
  readonly #open = new Set<ProxiedConnection>();
  /** Sockets to the server that are not connected yet, each with its client's. */
  readonly #dialling = new Map<Socket, Socket>();
  readonly #faults: Partial<Record<Fault['type'], number>> = {};
  readonly #closedBytes = { request: 0, answer: 0 };
  #connections = 0;
  #unreachable = 0;
  #waiters: Waiter[] = [];
  #unaccepted: ProxiedConnection[] = [];
  #failures: unknown[] = [];
  #closed = false;

  /** Starts to listen. @throws the system's error when the address cannot be had; ArgumentError for a wrong seed */
  static async listen(options: FaultProxyOptions): Promise<FaultProxy> {
    const random = new SeededRandom(options.seed ?? Math.floor(Math.random() * 2 ** 32));
    return new FaultProxy(options, random, await listenAt(options.listen ?? { host: '127.0.0.1', port: 0 }));
  }

  private constructor(options: FaultProxyOptions, random: SeededRandom, listening: object) {
    this.#options = options;
    this.#random = random;
    const server = listening as Server;
    const { listen } = options;
    if (listen && 'path' in listen) this.target = { path: listen.path };
    else this.target = { host: listen?.host ?? '127.0.0.1', port: (server.address() as AddressInfo).port };
    this.#serve(server);
    this.#owner = {
      clock: options.clock ?? systemPorts.clock,
      random,
      lingerMs: options.lingerMs ?? 1000,
      rules: () => this.#rules,
      phaseOf: (chunk) => options.phaseOf?.(chunk),
      struck: (fault) => void (this.#faults[fault.type] = (this.#faults[fault.type] ?? 0) + 1),
      failed: (error) => void this.#failures.push(error),
      closed: (connection) => this.#onClosed(connection),
    };
  }

  /** What everything random is drawn from: print it, to repeat what happened. */
  get seed(): number {
    return this.#random.seed;
  }

  /** Those that are open, oldest first. */
  get connections(): readonly ProxiedConnection[] {
    return [...this.#open];
  }

  get counts(): FaultProxyCounts {
    const bytes = { ...this.#closedBytes };
    for (const connection of this.#open) {
      bytes.request += connection.bytes.request;
      bytes.answer += connection.bytes.answer;
    }
    return {
      connections: this.#connections,
      open: this.#open.size,
      faults: { ...this.#faults },
      unreachable: this.#unreachable,
      bytes,
    };
  }

  /** The next connection that was not asked for yet. @throws ScriptError when the proxy is closed before it comes */
  accept(): Promise<ProxiedConnection> {
    const connection = this.#unaccepted.shift();
    if (connection) return Promise.resolve(connection);
    if (this.#closed) return Promise.reject(new ScriptError('the fault proxy is closed'));
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /**
   * Adds a rule, from now on. Several apply in the order in which they were added.
   *
   * @throws ArgumentError for a rule that cannot be
   */
  inject(rule: FaultRule): InjectedFault {
    const active = new ActiveRule(rule, this.#random);
    this.#rules = [...this.#rules, active];
    void this.#switchListening();
    for (const connection of this.#open) connection.consider(active);
    return {
      rule,
      get fired(): number {
        return active.fired;
      },
      untilFired: (times = 1) => active.untilFired(times),
      remove: () => {
        this.#rules = this.#rules.filter((each) => each !== active);
        return this.#switchListening();
      },
    };
  }

  /** Takes all rules back. What was done stays done. Resolves when it listens, if it did not. */
  clear(): Promise<void> {
    this.#rules = [];
    return this.#switchListening();
  }

  /** Ends everything: no socket, no timer and no path is left. @throws the first error of a predicate or a hook */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiters.splice(0)) reject(new ScriptError('the fault proxy is closed'));
    const open = [...this.#open];
    for (const connection of open) connection.destroy();
    for (const pair of this.#dialling) for (const socket of pair) socket.destroy();
    this.#stop();
    await this.#starting?.catch(() => {});
    await Promise.all(open.map((connection) => connection.untilClosed()));
    const failures = this.#failures.splice(0);
    if (failures.length > 0) throw failures[0];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #onConnection = (client: Socket): void => {
    client.on('error', () => {});
    const number = this.#connections + 1;
    const refusal = this.#rules.find(
      (rule) => rule.rule.fault.type === 'refuse' && rule.concerns(number) && rule.strikes(),
    );
    if (refusal || this.#closed) {
      resetSocket(client);
      if (refusal) this.#owner.struck(refusal.rule.fault);
      return;
    }
    this.#connections = number;
    const server = connect({ ...this.#options.target, allowHalfOpen: true, noDelay: true });
    this.#dialling.set(server, client);
    server.on('error', () => {
      if (!this.#dialling.has(server)) return;
      this.#unreachable += 1;
      resetSocket(client);
    });
    server.once('connect', () => this.#onPair(number, client, server));
    server.once('close', () => this.#dialling.delete(server));
  };

  /** Both sides are open: only now rules can do to either what they say. */
  #onPair(number: number, client: Socket, server: Socket): void {
    this.#dialling.delete(server);
    const { frames } = this.#options;
    const meters = { requestMeter: frames?.request?.(), answerMeter: frames?.answer?.() };
    const connection = new ProxiedConnection(number, { client, server, ...meters }, this.#owner);
    this.#open.add(connection);
    for (const rule of this.#rules) connection.consider(rule);
    client.resume();
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve(connection);
    else this.#unaccepted.push(connection);
  }

  #onClosed(connection: ProxiedConnection): void {
    this.#open.delete(connection);
    this.#closedBytes.request += connection.bytes.request;
    this.#closedBytes.answer += connection.bytes.answer;
  }

  #serve(server: Server): void {
    this.#server = server;
    server.on('connection', this.#onConnection);
  }

  /** Listens, or not, as the rules want it now. */
  #switchListening(): Promise<void> {
    if (this.#closed || this.#rules.some((rule) => rule.closesListener)) this.#stop();
    else if (!this.#server) return (this.#starting ??= this.#start());
    return Promise.resolve();
  }

  /** At once: the next dial is refused. Its connections go on. */
  #stop(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  async #start(): Promise<void> {
    try {
      this.#serve(await listenAt(this.target));
    } finally {
      this.#starting = undefined;
    }
    await this.#switchListening();
  }
}

async function listenAt(address: ProxyAddress): Promise<Server> {
  // Clients are not read before the server is reached: whatever they do meanwhile is found then.
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  server.listen({ ...address });
  await once(server, 'listening');
  return server;
}
