/** A session by id with logins, pushes and subscriptions that outlive connections: Synap's shape. */

import {
  type CallOptions,
  Caller,
  CredentialSource,
  Failure,
  fullJitter,
  type GaveUp,
  type Pending,
} from '@wirewright/core';
import { Subscriptions } from '@wirewright/core/kit';
import { Connection, type ConnectionHooks, Session } from '@wirewright/core/socket';
import type { Scenario, World } from '@wirewright/core/testing';
import { ByIdWire, lanes } from './by-id-wire.ts';
import { type Call, type Calls, maxAttempts } from './calls.ts';
import { type Frame, Kind } from './frames.ts';
import { runSchedule } from './schedule.ts';
import { Server } from './server.ts';
import { CheckedSubscriber } from './subscribers.ts';

/** Logins are numbered by time, and good while their successor is the current one. */
const loginLifeMs = 80;
const loginAt = (now: number): number => 1_000_000 + Math.floor(now / loginLifeMs);

interface Login {
  readonly number: number;
}

class ByIdClient {
  readonly caller: Caller;
  readonly maxInFlight: number;
  readonly #world: World;
  readonly #login: CredentialSource<Login>;
  readonly #subscriptions: Subscriptions<number, number, Frame>;
  readonly #subscribers = new Map<number, readonly CheckedSubscriber[]>();
  readonly #session: Session<Frame, ByIdWire>;
  readonly #ids: number;
  /** Pushes are delivered so much later, as by a client whose codec is slow. */
  readonly #decodingMs: number;
  #fetches = 0;

  constructor(world: World) {
    const { random } = world;
    this.#world = world;
    this.maxInFlight = random.integer(1, 8);
    this.#ids = random.pick([this.maxInFlight, this.maxInFlight * 3, 2 ** 31 - 1]);
    this.#decodingMs = random.chance(0.5) ? 0 : random.next() * 30;
    const policy = { maxAttempts, backoff: fullJitter({ baseMs: 2, capMs: 20 }) };
    this.caller = new Caller({ system: 'simulated', ports: world, policy, timeoutMs: 1000 });
    this.#login = this.caller.own(
      new CredentialSource<Login>(() => this.#fetchLogin(), { ...world, refreshEarlyMs: 20 }),
    );
    this.#subscriptions = this.caller.own(new Subscriptions<number, number, Frame>());
    this.#session = this.caller.own(
      new Session<Frame, ByIdWire>({
        ports: world,
        timekeeper: this.caller.timekeeper,
        backoff: fullJitter({ baseMs: 5, capMs: 40 }),
        lanes,
        maxWaiting: 8,
        open: (hooks) => this.#open(hooks),
        onUp: (wire, epoch) => this.#setUp(wire, epoch),
      }),
    );
  }

  perform(call: Call, options: CallOptions): Promise<number | GaveUp> {
    return this.#submit({ ...call, id: 0 }, options, call.kind === Kind.Read);
  }

  check(): void {
    const { state, wire } = this.#session;
    if (state.is === 'up' && !wire) this.#world.violation('the session is up without a connection');
    const most = 8 * lanes;
    if (this.#session.waiting > most) this.#world.violation(`${this.#session.waiting} calls wait, at most ${most} may`);
    const inFlight = wire?.inFlight ?? 0;
    if (inFlight > this.maxInFlight) this.#world.violation(`${inFlight} ids are taken, there are ${this.maxInFlight}`);
  }

  /** Subscribes one reader or two, for good; a refusal ends the subscription. */
  async subscribe(topic: number): Promise<void> {
    const { epoch } = this.#session;
    const readers = this.#world.random.integer(1, 2);
    const subscribers = Array.from({ length: readers }, () => new CheckedSubscriber(this.#world, topic, epoch));
    this.#subscribers.set(topic, subscribers);
    for (const subscriber of subscribers) this.#subscriptions.add(topic, topic, subscriber, epoch);
    this.#session.start();
    const result = await this.#submit(
      { kind: Kind.Subscribe, id: 0, operation: topic, size: 0 },
      { timeoutMs: 100 },
      true,
    );
    // Refused, or given up: it is not wanted any more.
    if (typeof result === 'number') return;
    for (const subscriber of subscribers) this.#subscriptions.remove(topic, subscriber);
    this.#subscribers.delete(topic);
  }

  /** With everything well again, a message reaches every subscriber that has not ended. */
  expectDelivery(topic: number, number: number): void {
    for (const { ended, last } of this.#subscribers.get(topic) ?? []) {
      if (ended || last === number) continue;
      this.#world.violation(
        `topic ${topic} is subscribed, but message ${number} did not come: the subscription is lost`,
      );
    }
  }

  #submit(frame: Frame, options: CallOptions, idempotent: boolean): Promise<number | GaveUp> {
    return this.caller.submit<number>(options, idempotent, (pending: Pending) =>
      this.#session.submit(frame, pending, frame.size + 13, frame.kind === Kind.Write ? 1 : 0),
    );
  }

  #open(hooks: ConnectionHooks<ByIdWire>): Promise<Connection<ByIdWire> | Failure> {
    const { timekeeper } = this.caller;
    return Connection.open<ByIdWire>({
      ...this.#world,
      ...hooks,
      timekeeper,
      target: { host: 'server', port: 1 },
      connectTimeoutMs: 50,
      createWire: (connection) =>
        new ByIdWire(connection, {
          timekeeper,
          maxInFlight: this.maxInFlight,
          ids: this.#ids,
          login: async () => {
            const login = await this.#login.get();
            return login instanceof Failure ? login : login.number;
          },
          onPush: (push, wire) => this.#onPush(push, wire),
          onUnknown: ({ id }) => this.#world.violation(`an answer came for id ${id}, which no request has`),
        }),
    });
  }

  /** Subscribes again, and sometimes waits for something else that a client needs, whatever becomes of the connection. */
  async #setUp(wire: ByIdWire, epoch: number): Promise<Failure | undefined> {
    const { clock, random } = this.#world;
    wire.epoch = epoch;
    const failure = await this.#subscriptions.resubscribe(epoch, (topic) => this.#resubscribe(wire, topic));
    if (random.chance(0.3)) await new Promise<void>((done) => void clock.setTimer(done, random.next() * 20));
    return failure;
  }

  #onPush(push: Frame, { epoch }: ByIdWire): void {
    const deliver = (): void => {
      this.#subscriptions.deliver(push.id, push, push.size, epoch);
    };
    if (this.#decodingMs > 0) this.#world.clock.setTimer(deliver, this.#decodingMs);
    else deliver();
  }

  async #resubscribe(wire: ByIdWire, topic: number): Promise<Failure | undefined> {
    const { clock } = this.#world;
    const answer = await wire.call({ kind: Kind.Subscribe, id: 0, operation: topic, size: 0 }, clock.now() + 60);
    return answer instanceof Failure ? answer : undefined;
  }

  async #fetchLogin(): Promise<{ credentials: Login; expiresInMs: number }> {
    const { clock, random } = this.#world;
    this.#fetches += 1;
    if (this.#fetches > 1) this.#world.violation('the credentials function runs twice at once');
    await new Promise<void>((resolve) => void clock.setTimer(resolve, random.next() * 5));
    this.#fetches -= 1;
    if (random.chance(0.1)) throw new Error('no credentials today');
    return { credentials: { number: loginAt(clock.now()) }, expiresInMs: loginLifeMs };
  }
}

export const byId: Scenario = {
  name: 'session, by id, pushes, logins',
  async run(world: World): Promise<void> {
    const { random, clock } = world;
    const server = new Server(world, { order: 'id', goodLogin: (login) => loginAt(clock.now()) - login <= 1 });
    const client = new ByIdClient(world);
    const topics = Array.from({ length: random.integer(0, 3) }, (_, i) => 2_000_000 + i);
    for (const topic of topics) clock.setTimer(() => void client.subscribe(topic), random.next() * 50);
    for (let i = 0; i < 8 && topics.length > 0; i += 1) {
      clock.setTimer(() => server.publish(random.pick(topics)), random.next() * 300);
    }
    const calm = async (calls: Calls): Promise<void> => {
      for (const topic of topics) {
        const number = server.publish(topic);
        await clock.advance(50);
        client.expectDelivery(topic, number);
      }
      await calls.expectSuccess();
    };
    const { caller } = client;
    await runSchedule(
      world,
      server,
      { caller, perform: (call, options) => client.perform(call, options), check: () => client.check() },
      { calm },
    );
  },
};
