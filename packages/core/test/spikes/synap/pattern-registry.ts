/** Which patterns are subscribed to, and their names on the current connection. */

import { abandonedFailure, type CallLimits, Failure, type Timekeeper, waitFor } from '@wirewright/core';
import { type Queue, Subscriptions } from '@wirewright/core/kit';
import type { Session } from '@wirewright/core/socket';
import { type Message, messageOf, Subscription } from './subscriber.ts';
import { type Command, Pairs, type Value } from './values.ts';
import type { SynapWire } from './wire.ts';

/** For each question about a subscription, in milliseconds. */
const askTimeoutMs = 5000;

export class PatternRegistry {
  /** Pushes without a subscription that wants them. */
  unwantedPushes = 0;
  readonly #session: Session<Command, SynapWire>;
  readonly #timekeeper: Timekeeper;
  readonly #registry = new Subscriptions<string, string, Message>();
  readonly #subscriptions = new Map<string, Subscription>();
  /** What the server calls them, on the connection of `epoch`. */
  readonly #names = new Map<string, { readonly name: string; readonly epoch: number }>();

  constructor(session: Session<Command, SynapWire>, timekeeper: Timekeeper) {
    this.#session = session;
    this.#timekeeper = timekeeper;
  }

  has(pattern: string): boolean {
    return this.#subscriptions.has(pattern);
  }

  async open(pattern: string, limits: CallLimits): Promise<Queue<Message> | Failure> {
    const subscription = new Subscription(pattern, () => this.#forget(pattern, subscription));
    this.#subscriptions.set(pattern, subscription);
    // Made on no connection yet.
    this.#registry.add(pattern, pattern, subscription, 0);
    this.#session.start();
    void this.makeNew();
    const failure = await waitFor<undefined>(this.#timekeeper, limits, 'subscribe', (pending) => {
      pending.holder = {
        abandon: (given, why) => given.settle(abandonedFailure(given, why, 'unknown', 'subscribe')),
      };
      void subscription.opened.then((result) => pending.settle(result));
    });
    if (!failure) return subscription.queue;
    if (this.#subscriptions.get(pattern) === subscription) await this.#forget(pattern, subscription);
    return failure;
  }

  deliver(push: Value, bytes: number, epoch: number): void {
    const message = messageOf(push);
    let wanted = false;
    if (message) {
      for (const [pattern, { matches }] of this.#subscriptions) {
        if (matches(message.topic)) wanted = this.#registry.deliver(pattern, message, bytes, epoch) || wanted;
      }
    }
    if (!wanted) this.unwantedPushes += 1;
  }

  /** Subscribes to all patterns on a new connection. A failure is that of the connection. */
  make(wire: SynapWire, epoch: number): Promise<Failure | undefined> {
    const atOnce = Math.min(8, wire.calls.capacity);
    return this.#registry.resubscribe(epoch, (pattern) => this.#ask(wire, epoch, pattern), atOnce);
  }

  /** Subscribes to what is new, if there is a connection. */
  async makeNew(): Promise<void> {
    const { wire, epoch } = this.#session;
    if (!wire) return;
    const failure = await this.make(wire, epoch);
    // Whether the server made it is not known: a new connection starts from nothing.
    if (failure && epoch === this.#session.epoch) this.#session.drop(failure);
  }

  destroy(failure: Failure): void {
    this.#subscriptions.clear();
    this.#names.clear();
    this.#registry.destroy(failure);
  }

  async #ask(wire: SynapWire, epoch: number, pattern: string): Promise<Failure | undefined> {
    const subscription = this.#subscriptions.get(pattern);
    const answer = await wire.call({ name: 'SUBSCRIBE', args: [pattern] }, this.#limits());
    if (answer instanceof Failure) {
      if (answer.outcome === 'rejected') this.#subscriptions.delete(pattern);
      return answer;
    }
    const name = answer instanceof Pairs ? answer.get('subscriber_id') : undefined;
    if (typeof name !== 'string') return nonsense();
    if (this.#subscriptions.get(pattern) === subscription) this.#names.set(pattern, { name, epoch });
    else await this.#unsubscribe(wire, name);
    return undefined;
  }

  async #forget(pattern: string, subscription: Subscription): Promise<void> {
    this.#subscriptions.delete(pattern);
    this.#registry.remove(pattern, subscription);
    const made = this.#names.get(pattern);
    this.#names.delete(pattern);
    const { wire, epoch } = this.#session;
    if (wire && made?.epoch === epoch) await this.#unsubscribe(wire, made.name);
  }

  /** What cannot be told to the server ends with the connection at the latest. */
  async #unsubscribe(wire: SynapWire, name: string): Promise<void> {
    await wire.call({ name: 'UNSUBSCRIBE', args: [name] }, this.#limits());
  }

  #limits(): CallLimits {
    return { dueAt: this.#timekeeper.clock.now() + askTimeoutMs };
  }
}

function nonsense(): Failure {
  return new Failure({
    kind: 'protocol',
    message: 'the server answered SUBSCRIBE without a subscriber_id',
    outcome: 'unknown',
    retryable: true,
  });
}
