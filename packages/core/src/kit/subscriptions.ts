/** Subscriptions that outlive connections: who is subscribed to what, in which epoch, and what pushes go where. */

import { Failure } from '../errors/failure.ts';

/** One subscriber, as its registry sees it. */
export interface Subscriber<Item> {
  /** Takes a pushed item; bounded by its own rules. */
  push(item: Item, bytes: number): void;
  /** The subscription was made again on a new connection: what was pushed in between is not known. */
  onResubscribed(epoch: number): void;
  /** It could not be kept, or the client ends. */
  onEnd(failure: Failure | undefined): void;
}

interface Entry<Topic, Item> {
  readonly topic: Topic;
  readonly subscriber: Subscriber<Item>;
  /** The epoch in which the server knows of it; 0 while it does not. */
  epoch: number;
}

/**
 * A registry for one session. The protocol makes the subscriptions on the wire; the registry knows which are wanted,
 * makes all of them again on each new connection, and lets no push of an earlier connection through.
 *
 * @typeParam Key - what a push is routed by: a topic, an id that the server gave
 */
export class Subscriptions<Key, Topic, Item> {
  readonly #entries = new Map<Key, Entry<Topic, Item>>();
  #epoch = 0;

  get size(): number {
    return this.#entries.size;
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  /** The subscription exists on the current connection: the server has confirmed it. */
  add(key: Key, topic: Topic, subscriber: Subscriber<Item>, epoch: number): void {
    this.#entries.set(key, { topic, subscriber, epoch });
    if (epoch > this.#epoch) this.#epoch = epoch;
  }

  /** Not wanted any more. Its subscriber, if it was there. */
  remove(key: Key): Subscriber<Item> | undefined {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    return entry?.subscriber;
  }

  /** A push that arrived on the connection of `epoch`. False when nobody wants it, or the connection is not the current one. */
  deliver(key: Key, item: Item, bytes: number, epoch: number): boolean {
    if (epoch !== this.#epoch) return false;
    const entry = this.#entries.get(key);
    if (!entry || entry.epoch !== epoch) return false;
    entry.subscriber.push(item, bytes);
    return true;
  }

  /**
   * Makes every subscription again on a new connection, one after the other: for a session's `onUp`.
   *
   * @param subscribe - asks the server; the key by which its pushes come from now on, or why it cannot be
   * @returns the failure of the connection, which ends it: the next one begins anew. A subscription that the server
   * refuses ends alone.
   */
  async resubscribe(epoch: number, subscribe: (topic: Topic, key: Key) => Promise<Key | Failure>): Promise<Failure | undefined> {
    this.#epoch = epoch;
    for (const [key, entry] of [...this.#entries]) {
      if (entry.epoch === epoch || this.#entries.get(key) !== entry) continue;
      const result = await subscribe(entry.topic, key);
      // Removed, or overtaken by yet another connection, while the server was asked.
      if (this.#entries.get(key) !== entry || this.#epoch !== epoch) continue;
      if (result instanceof Failure) {
        if (result.outcome !== 'rejected') return result;
        this.#entries.delete(key);
        entry.subscriber.onEnd(result);
        continue;
      }
      this.#entries.delete(key);
      entry.epoch = epoch;
      this.#entries.set(result, entry);
      entry.subscriber.onResubscribed(epoch);
    }
    return undefined;
  }

  /** Ends all of them. */
  end(failure: Failure | undefined): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) entry.subscriber.onEnd(failure);
  }
}
