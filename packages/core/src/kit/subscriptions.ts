/** Subscriptions that outlive connections: who is subscribed to what, in which epoch, and what pushes go where. */

import type { Failure } from '../errors/failure.ts';
import { forAll } from '../for-all.ts';
import { reconnected } from '../notices.ts';
import type { Queue } from './queue.ts';

/** One subscriber, as its registry sees it. */
export interface Subscriber<Item> {
  /** Takes a pushed item; bounded by its own rules. Several subscribers of one key are given the same one. */
  push(item: Item, bytes: number): void;
  /** `resubscribe` has made the subscription for the first time, or had when this one was added. */
  onSubscribed?(): void;
  /** The subscription was made again on a new connection: what was pushed in between is not known. */
  onResubscribed(epoch: number): void;
  /** It could not be kept, or the client ends. */
  onEnd(failure: Failure | undefined): void;
}

/** A subscriber of an entry. */
interface Reader<Item> {
  readonly subscriber: Subscriber<Item>;
  /** The epoch that it knows of; 0 while it knows of none. */
  told: number;
  /** It knows that the subscription is made, or asks the server itself. */
  knows: boolean;
  gone: boolean;
}

/** What the server is subscribed to, once, for all who read it. */
interface Entry<Topic, Item> {
  readonly topic: Topic;
  /** Replaced by a change, so that who is told something may come and go meanwhile. */
  readers: readonly Reader<Item>[];
  /** The epoch in which the server was asked last; 0 for none. Pushes do not tell: another subscription may match them. */
  asked: number;
  /** Its subscribers do so themselves. */
  isAskedByThem: boolean;
  /** The epoch in which `resubscribe` made it last; 0 for none. */
  madeIn: number;
}

/**
 * A registry for one session. The protocol makes the subscriptions on the wire; the registry knows which are wanted,
 * makes all of them again on each new connection, and lets no push of an earlier connection through.
 *
 * Where a server routes pushes by names of its own, the wire keeps them: they end with its connection.
 *
 * @typeParam Key - what a push is routed by: a channel, a pattern
 * @typeParam Topic - what the server has to be told to make the subscription
 */
export class Subscriptions<Key, Topic, Item> {
  readonly #entries = new Map<Key, Entry<Topic, Item>>();
  #epoch = 0;

  /** Keys that somebody subscribes to. */
  get size(): number {
    return this.#entries.size;
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  /**
   * Wants `topic` from now on, or joins those that do. Added before the server is asked, so that no push is missed that
   * comes together with its confirmation; removed again when the server refuses.
   *
   * @param epoch - of the connection on which the caller asks the server; 0 leaves that to `resubscribe`
   * @returns whether the server has to be asked, in one way or the other: it has not confirmed the subscription to
   * `resubscribe` yet. Who joins one that somebody else asks for asks, too: the other may be refused, or give up.
   */
  add(key: Key, topic: Topic, subscriber: Subscriber<Item>, epoch: number): boolean {
    if (epoch > this.#epoch) this.#epoch = epoch;
    const asks = epoch > 0;
    const entry = this.#entries.get(key);
    if (!entry) {
      const readers = [{ subscriber, told: epoch, knows: asks, gone: false }];
      this.#entries.set(key, { topic, readers, asked: epoch, isAskedByThem: asks, madeIn: 0 });
      return true;
    }
    const isMade = entry.madeIn > 0;
    const told = isMade ? entry.madeIn : epoch;
    entry.readers = [...entry.readers, { subscriber, told, knows: isMade || asks, gone: false }];
    if (isMade) subscriber.onSubscribed?.();
    else if (entry.isAskedByThem && !asks) entry.asked = 0;
    return !isMade;
  }

  /**
   * Not wanted any more by this subscriber.
   *
   * @returns whether it was the last of its key, of which the server may be told
   */
  remove(key: Key, subscriber: Subscriber<Item>): boolean {
    const entry = this.#entries.get(key);
    if (!entry) return false;
    for (const reader of entry.readers) if (reader.subscriber === subscriber) reader.gone = true;
    entry.readers = entry.readers.filter(({ gone }) => !gone);
    return entry.readers.length === 0 && this.#entries.delete(key);
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
    for (const reader of entry.readers) {
      // One before it may have made it leave.
      if (reader.gone) continue;
      if (reader.told !== epoch) this.#tell(reader);
      reader.subscriber.push(item, bytes);
    }
    return true;
  }

  /**
   * Makes every subscription that was not made on this connection, those included that are added meanwhile: for a
   * session's `onUp`, and again when some were added on a connection that is up.
   *
   * @param subscribe - asks the server; settles when it has confirmed, or with why it does not
   * @param atOnce - questions that may be unanswered at the same time; the wire needs room for them. Default 1.
   * @returns the failure of the connection, which ends it: the next one begins anew. A subscription that the server
   * refuses ends alone.
   */
  async resubscribe(
    epoch: number,
    subscribe: (topic: Topic, key: Key) => Promise<Failure | undefined>,
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
        entry.isAskedByThem = false;
        const refused = await subscribe(entry.topic, key);
        // Overtaken by yet another connection, while the server was asked.
        if (this.#epoch !== epoch) return;
        // Also what another question has ended is concluded: this one was answered.
        const ended = this.#conclude(key, entry, refused);
        failure ??= ended;
        if (failure) return;
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, atOnce) }, makeSome));
    return this.#epoch === epoch ? failure : undefined;
  }

  /**
   * Ends all of them. The end of the client is the end of the stream; any other failure reaches the readers. What one
   * of them throws keeps no other from its end, and is thrown afterwards.
   */
  destroy(failure: Failure): void {
    const readers = [...this.#entries.values()].flatMap((entry) => entry.readers);
    this.#entries.clear();
    end(readers, failure.kind === 'closed' ? undefined : failure);
  }

  /** What became of one question. Undefined unless the connection has failed. */
  #conclude(key: Key, entry: Entry<Topic, Item>, refused: Failure | undefined): Failure | undefined {
    if (this.#entries.get(key) !== entry) return undefined;
    if (refused && refused.outcome !== 'rejected') {
      entry.asked = 0;
      return refused;
    }
    if (refused) {
      this.#entries.delete(key);
      end(entry.readers, refused);
      return undefined;
    }
    entry.madeIn = this.#epoch;
    for (const reader of entry.readers) {
      if (!reader.knows) reader.subscriber.onSubscribed?.();
      reader.knows = true;
      if (reader.told !== this.#epoch) this.#tell(reader);
    }
    return undefined;
  }

  /** Says that a new connection serves the subscription, once, and before its first push. The first one is not new. */
  #tell(reader: Reader<Item>): void {
    const isFirst = reader.told === 0;
    reader.told = this.#epoch;
    if (!isFirst) reader.subscriber.onResubscribed(this.#epoch);
  }
}

function end(readers: readonly Reader<never>[], failure: Failure | undefined): void {
  forAll(readers, ({ subscriber }) => subscriber.onEnd(failure));
}

/** A subscriber that hands everything to a queue, with a `reconnected` notice where something may be missing. */
export function queueSubscriber<Item>(queue: Queue<Item>): Subscriber<Item> {
  return {
    push: (item, bytes) => void queue.push(item, bytes),
    onResubscribed: (epoch) => void queue.notify(reconnected(epoch)),
    onEnd: (failure) => (failure ? queue.fail(failure) : queue.end()),
  };
}
