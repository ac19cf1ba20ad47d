/** Subscriptions that outlive connections: who is subscribed to what, in which epoch, and what pushes go where. */

import { Failure } from '../errors/failure.ts';
import { reconnected } from '../notices.ts';
import type { Queue } from './queue.ts';

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
  /** The epoch that its subscriber knows of. */
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

  /**
   * Wants `topic` from now on. Added before the server is asked, so that no push is missed that comes together with
   * its confirmation; removed again when the server refuses.
   */
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

  /**
   * A push that arrived on the connection of `epoch`.
   *
   * @returns false when nobody wants it, or the connection is not the current one
   */
  deliver(key: Key, item: Item, bytes: number, epoch: number): boolean {
    if (epoch !== this.#epoch) return false;
    const entry = this.#entries.get(key);
    if (!entry) return false;
    this.#announce(entry);
    entry.subscriber.push(item, bytes);
    return true;
  }

  /**
   * Makes every subscription again on a new connection, one after the other: for a session's `onUp`.
   *
   * @param subscribe - asks the server; the key by which pushes come from now on, or why there will be none
   * @returns the failure of the connection, which ends it: the next one begins anew. A subscription that the server
   * refuses ends alone.
   */
  async resubscribe(
    epoch: number,
    subscribe: (topic: Topic, key: Key) => Promise<Key | Failure>,
  ): Promise<Failure | undefined> {
    this.#epoch = epoch;
    const stale = [...this.#entries].filter(([, entry]) => entry.epoch !== epoch);
    for (const [key, entry] of stale) {
      if (this.#entries.get(key) !== entry) continue;
      const result = await subscribe(entry.topic, key);
      // Overtaken by yet another connection, or removed, while the server was asked.
      if (this.#epoch !== epoch) return undefined;
      if (this.#entries.get(key) !== entry) continue;
      if (!(result instanceof Failure)) {
        if (result !== key) {
          this.#entries.delete(key);
          this.#entries.set(result, entry);
        }
        this.#announce(entry);
      } else if (result.outcome === 'rejected') {
        this.#entries.delete(key);
        entry.subscriber.onEnd(result);
      } else {
        return result;
      }
    }
    return undefined;
  }

  /** Ends all of them. The end of the client is the end of the stream; any other failure reaches the readers. */
  destroy(failure: Failure): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) entry.subscriber.onEnd(failure.kind === 'closed' ? undefined : failure);
  }

  /** Says that a new connection serves the subscription, once, and before its first push. */
  #announce(entry: Entry<Topic, Item>): void {
    if (entry.epoch === this.#epoch) return;
    entry.epoch = this.#epoch;
    entry.subscriber.onResubscribed(this.#epoch);
  }
}

/** A subscriber that hands everything to a queue, with a `reconnected` notice where something may be missing. */
export function queueSubscriber<Item>(queue: Queue<Item>): Subscriber<Item> {
  return {
    push: (item, bytes) => void queue.push(item, bytes),
    onResubscribed: (epoch) => void queue.notify(reconnected(epoch)),
    onEnd: (failure) => (failure ? queue.fail(failure) : queue.end()),
  };
}
