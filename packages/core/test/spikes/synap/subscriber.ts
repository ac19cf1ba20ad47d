/** A subscription of one pattern, from the wish to the last message. */

import { Failure, reconnected } from '@wirewright/core';
import { Queue, type Subscriber } from '@wirewright/core/kit';
import { Pairs, type Value } from './values.ts';

export interface Message {
  readonly topic: string;
  /** JSON text. */
  readonly payload: string;
  readonly id: string;
}

export function messageOf(push: Value): Message | undefined {
  if (!(push instanceof Pairs)) return undefined;
  const [topic, payload, id] = [push.get('topic'), push.get('payload'), push.get('id')];
  if (typeof topic !== 'string' || typeof payload !== 'string' || typeof id !== 'string') return undefined;
  return { topic, payload, id };
}

/** `*`: one level, or any text within one; `#` at the end: any number of levels. Levels are separated by dots. */
export function matcherOf(pattern: string): (topic: string) => boolean {
  const rest = pattern === '#' || pattern.endsWith('.#');
  const levels = (rest ? pattern.slice(0, -2) : pattern).split('.');
  const source = levels.map((level) =>
    level === '*' ? '[^.]+' : level.replace(/[$()+.?[\\\]^{|}]/g, '\\$&').replaceAll('*', '[^.]*'),
  );
  const body = pattern === '#' ? '.*' : source.join('\\.') + (rest ? '(?:\\..*)?' : '');
  const regexp = new RegExp(`^${body}$`, 's');
  return (topic) => regexp.test(topic);
}

/**
 * The first confirmation opens the subscription; each later one is a notice. A failure before the first is the
 * caller's, afterwards the reader's.
 */
export class Subscription implements Subscriber<Message> {
  readonly queue: Queue<Message>;
  readonly opened: Promise<Failure | undefined>;
  readonly matches: (topic: string) => boolean;
  #settle: (failure: Failure | undefined) => void = () => {};

  constructor(pattern: string, onReturn: () => Promise<void>) {
    this.matches = matcherOf(pattern);
    this.queue = new Queue<Message>({
      maxItems: 1000,
      maxBytes: 16 * 1024 * 1024,
      whenFull: 'drop-oldest',
      system: 'synap',
      onReturn,
    });
    this.opened = new Promise((resolve) => (this.#settle = resolve));
  }

  push(message: Message, bytes: number): void {
    this.queue.push(message, bytes);
  }

  onSubscribed(): void {
    this.#settle(undefined);
  }

  onResubscribed(epoch: number): void {
    this.queue.notify(reconnected(epoch));
  }

  onEnd(failure: Failure | undefined): void {
    this.#settle(failure ?? ended);
    if (failure) this.queue.fail(failure);
    else this.queue.end();
  }
}

const ended = new Failure({
  kind: 'closed',
  message: 'the client was closed before the subscription was made',
  outcome: 'unknown',
  retryable: false,
});
