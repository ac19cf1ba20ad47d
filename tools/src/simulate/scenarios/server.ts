/** The server of the simulation: answers late, refuses, keeps silent, closes; and remembers all that it was asked. */

import type { SeededRandom, VirtualLink, World } from '@wirewright/core/testing';
import type { SocketHandler } from '@wirewright/core/socket';
import { decode, encode, type Frame, Kind } from './frames.ts';

export interface ServerOptions {
  /** `one`: a second request before the answer to the first is a violation. `id`: answers come in any order. */
  readonly order: 'one' | 'in-order' | 'id';
  /** Logins that are good now; undefined asks for none. */
  readonly goodLogin?: (login: number) => boolean;
}

/** What became of one operation. */
export interface Seen {
  received: number;
  executed: number;
}

/** How this schedule's server behaves, drawn once: most schedules are mild, some are wild. */
interface Temper {
  readonly silence: number;
  readonly refusal: number;
  readonly hangUp: number;
  readonly slowness: number;
}

export class Server {
  /** By operation. */
  readonly seen: Map<number, Seen> = new Map<number, Seen>();
  /** Well: no more silence, refusals or hang-ups. */
  calm = false;
  readonly world: World;
  readonly options: ServerOptions;
  readonly random: SeededRandom;
  readonly #temper: Temper;
  readonly #connections = new Set<ServerConnection>();
  #published = 0;

  constructor(world: World, options: ServerOptions) {
    this.world = world;
    this.options = options;
    this.random = world.random.fork();
    const wild = this.random.chance(0.3) ? 0.25 : 0.03;
    const draw = (): number => (this.random.chance(0.5) ? this.random.next() * wild : 0);
    this.#temper = { silence: draw(), refusal: draw(), hangUp: draw(), slowness: this.random.next() * 40 };
    world.net.listen({ host: 'server', port: 1 }, (link) => {
      const connection = new ServerConnection(this, link);
      this.#connections.add(connection);
      return connection;
    });
  }

  of(operation: number): Seen {
    let seen = this.seen.get(operation);
    if (!seen) this.seen.set(operation, (seen = { received: 0, executed: 0 }));
    return seen;
  }

  /** What to do with a request. */
  decide(): 'answer' | 'refuse' | 'silence' | 'hang-up' {
    if (this.calm) return 'answer';
    const { random } = this;
    if (random.chance(this.#temper.silence)) return 'silence';
    if (random.chance(this.#temper.hangUp)) return 'hang-up';
    return random.chance(this.#temper.refusal) ? 'refuse' : 'answer';
  }

  delayMs(): number {
    return this.random.chance(0.5) ? 0 : this.random.next() * (this.calm ? 2 : this.#temper.slowness);
  }

  /** Sends the next message of a topic to every connection that is subscribed to it. Its number. */
  publish(topic: number): number {
    this.#published += 1;
    for (const connection of this.#connections) connection.push(topic, this.#published);
    return this.#published;
  }

  gone(connection: ServerConnection): void {
    this.#connections.delete(connection);
  }
}

/** What waits for its turn on one connection of an in-order server. */
interface Answer {
  readonly bytes: Uint8Array;
  ready: boolean;
}

class ServerConnection implements SocketHandler {
  readonly #server: Server;
  readonly #link: VirtualLink;
  readonly #topics = new Set<number>();
  readonly #answers: Answer[] = [];
  #received = new Uint8Array(0);
  #loggedIn: boolean;

  constructor(server: Server, link: VirtualLink) {
    this.#server = server;
    this.#link = link;
    this.#loggedIn = server.options.goodLogin === undefined;
  }

  onOpen(): void {}
  onDrain(): void {}

  onEnd(): void {
    this.#link.close('server');
  }

  onClose(): void {
    this.#server.gone(this);
  }

  onData(buffer: Uint8Array, length: number): void {
    const bytes = new Uint8Array(this.#received.length + length);
    bytes.set(this.#received);
    bytes.set(buffer.subarray(0, length), this.#received.length);
    let at = 0;
    while (bytes.length - at >= 4) {
      const end = at + new DataView(bytes.buffer).getUint32(at);
      if (end > bytes.length) break;
      this.#request(decode(bytes, at, end));
      at = end;
    }
    this.#received = bytes.slice(at);
  }

  push(topic: number, number: number): void {
    if (!this.#topics.has(topic) || this.#link.server.state !== 'open') return;
    // The number of the connection tells a push of an earlier one.
    this.#link.server.write(encode({ kind: Kind.Push, id: topic, operation: number, size: this.#link.number }));
  }

  #request(frame: Frame): void {
    const { world, options } = this.#server;
    const seen = this.#server.of(frame.operation);
    seen.received += 1;
    if (options.order === 'one' && this.#answers.length > 0) {
      world.violation(`operation ${frame.operation} came before the answer to an earlier one on its connection`);
    }
    if (!this.#loggedIn && frame.kind !== Kind.Hello) {
      world.violation(`operation ${frame.operation} came before the login`);
    }
    const decision = frame.kind === Kind.Hello ? this.#login(frame.operation) : this.#server.decide();
    if (decision === 'hang-up') {
      if (this.#server.random.chance(0.5)) seen.executed += 1;
      if (this.#server.random.chance(0.5)) this.#link.close('server');
      else this.#link.reset();
      return;
    }
    const kind = decision === 'refuse' ? Kind.Refused : Kind.Ok;
    const size = this.#server.random.chance(0.1) ? this.#server.random.integer(1, 3000) : 0;
    const answer = { bytes: encode({ kind, id: frame.id, operation: frame.operation, size }), ready: false };
    this.#answers.push(answer);
    if (decision !== 'refuse') seen.executed += 1;
    if (decision === 'silence') return;
    if (frame.kind === Kind.Subscribe && decision === 'answer') this.#topics.add(frame.operation);
    world.clock.setTimer(() => this.#finish(answer), this.#server.delayMs());
  }

  #login(login: number): 'answer' | 'refuse' {
    this.#loggedIn = this.#server.options.goodLogin?.(login) ?? true;
    return this.#loggedIn ? 'answer' : 'refuse';
  }

  #finish(answer: Answer): void {
    answer.ready = true;
    if (this.#server.options.order === 'id') {
      this.#answers.splice(this.#answers.indexOf(answer), 1);
      this.#send(answer);
      return;
    }
    while (this.#answers[0]?.ready) this.#send(this.#answers.shift() as Answer);
  }

  #send({ bytes }: Answer): void {
    if (this.#link.server.state === 'open') this.#link.server.write(bytes);
  }
}
