/** Subscribers of a schedule, and what must be true of what they are told. */

import type { Failure } from '@wirewright/core';
import type { Subscriber } from '@wirewright/core/kit';
import type { World } from '@wirewright/core/testing';
import type { Frame } from './frames.ts';

export class CheckedSubscriber implements Subscriber<Frame> {
  /** Number of the last message. */
  last = 0;
  ended = false;
  readonly #world: World;
  readonly #topic: number;
  #connection = 0;
  #epoch = 0;
  #announced = true;

  constructor(world: World, topic: number, epoch: number) {
    this.#epoch = epoch;
    this.#world = world;
    this.#topic = topic;
  }

  push({ operation: number, size: connection }: Frame): void {
    const name = `message ${number} of topic ${this.#topic}`;
    if (number <= this.last) this.#world.violation(`${name} came after message ${this.last}`);
    if (connection < this.#connection) this.#world.violation(`${name} came from an earlier connection`);
    if (connection > this.#connection && !this.#announced) {
      this.#world.violation(`${name} came from a new connection that nobody had announced`);
    }
    this.last = number;
    this.#connection = connection;
    this.#announced = false;
  }

  onResubscribed(epoch: number): void {
    if (epoch <= this.#epoch) this.#world.violation(`topic ${this.#topic} was announced twice for epoch ${epoch}`);
    this.#epoch = epoch;
    this.#announced = true;
  }

  onEnd(_failure: Failure | undefined): void {
    if (this.ended) this.#world.violation(`topic ${this.#topic} ended twice`);
    this.ended = true;
  }
}
