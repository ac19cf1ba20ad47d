/** Subscriptions that outlive connections: who is subscribed to what, in which epoch, and what pushes go where. */

import { Failure } from '../errors/failure.ts';
import { reconnected } from '../notices.ts';
import type { Queue } from './queue.ts';

/** One subscriber, as its registry sees it. */
export interface Subscriber<Item> {
  /** Takes a pushed item; bounded by its own rules. */
  push(item: Item, bytes: number): void;
  /** `resubscribe` has made the subscription for the first time. */
  onSubscribed?(): void;
  /** The subscription was made again on a new connection: what was pushed in between is not known. */
  onResubscribed(epoch: number): void;
  /** It could not be kept, or the client ends. */
  onEnd(failure: Failure | undefined): void;
}

interface Entry<Topic, Item> {
  readonly topic: Topic;
  readonly subscriber: Subscriber<Item>;
  /** The epoch in which the server was asked last; 0 for none. Pushes do not tell: another subscription may match them. */
  asked: number;
  /** The epoch that its subscriber knows of; 0 while it knows of none. */
  told: number;
  isMade: boolean;
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
   *
   * @param epoch - of the connection on which the caller asks the server; 0 leaves that to `resubscribe`
   * @throws RangeError when `key` has a subscriber: it would silently get nothing more
   */
  add(key: Key, topic: Topic, subscriber: Subscriber<Item>, epoch: number): void {
    if (this.#entries.has(key)) throw new RangeError('this key has a subscriber already; let its readers share one');
    this.#entries.set(key, { topic, subscriber, asked: epoch, told: epoch, isMade: epoch > 0 });
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
    this.#tell(entry);
    entry.subscriber.push(item, bytes);
    return true;
  }

  /**
   * Makes every subscription that was not made on this connection, those included that are added meanwhile: for a
   * session's `onUp`, and again when some were added on a connection that is up.
   *
   * @param subscribe - asks the server; the key by which pushes come from now on, or why there will be none
   * @param atOnce - questions that may be unanswered at the same time; the wire needs room for them. Default 1.
   * @returns the failure of the connection, which ends it: the next one begins anew. A subscription that the server
   * refuses ends alone.
   */
  async resubscribe(
    epoch: number,
    subscribe: (topic: Topic, key: Key) => Promise<Key | Failure>,
    atOnce = 1,
  ): Promise<Failure | undefined> {
    this.#epoch = epoch;
    let failure: Failure | undefined;
    // A map's iterator comes to what is added behind it, and several may share one.
    const entries = this.#entries.entries();
    const makeSome = async (): Promise<void> => {
      for (const [key, entry] of entries) {
        if (entry.asked === epoch) continue;
        entry.asked = epoch;
        const result = await subscribe(entry.topic, key);
        // Overtaken by yet another connection, while the server was asked.
        if (this.#epoch !== epoch) return;
        failure ??= this.#conclude(key, entry, result);
        if (failure) return;
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, atOnce) }, makeSome));
    return this.#epoch === epoch ? failure : undefined;
  }

  /** What became of one question. Undefined unless the connection has failed. */
  #conclude(key: Key, entry: Entry<Topic, Item>, result: Key | Failure): Failure | undefined {
    if (this.#entries.get(key) !== entry) return undefined;
    if (result instanceof Failure) {
      if (result.outcome !== 'rejected') {
        entry.asked = 0;
        return result;
      }
      this.#entries.delete(key);
      entry.subscriber.onEnd(result);
      return undefined;
    }
    if (result !== key) {
      this.#entries.delete(key);
      this.#entries.set(result, entry);
    }
    if (!entry.isMade) entry.subscriber.onSubscribed?.();
    entry.isMade = true;
    this.#tell(entry);
    return undefined;
  }

  /** Ends all of them. The end of the client is the end of the stream; any other failure reaches the readers. */
  destroy(failure: Failure): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) entry.subscriber.onEnd(failure.kind === 'closed' ? undefined : failure);
  }

  /** Says that a new connection serves the subscription, once, and before its first push. The first one is not new. */
  #tell(entry: Entry<Topic, Item>): void {
    if (entry.told === this.#epoch) return;
    const isFirst = entry.told === 0;
    entry.told = this.#epoch;
    if (!isFirst) entry.subscriber.onResubscribed(this.#epoch);
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
