/**
 * Publish and subscribe, into one connection: messages to sixteen channels, as many under way at once as the case is
 * deep. Published by a socket in the same process that costs every client the same.
 */

import {
  Absent,
  type BenchClient,
  type BenchSetup,
  dial,
  type DrivenRun,
  loadIoredis,
  loadNodeRedis,
} from '@wirewright/tools/bench';
import { isNotice } from '@wirewright/core';
import { FloorSubscriber } from './floor-subscriber.ts';
import { connectOurs } from './ours.ts';
import { benchValue, encodeCommand, redisGreeting } from './requests.ts';

const channels: readonly string[] = Array.from({ length: 16 }, (_, i) => `bench:channel:${10 + i}`);

/** Subscribes to the channels; `onMessage` hears of each message. */
type Subscribe = (url: string, onMessage: (message: Uint8Array) => void) => Promise<() => void | Promise<void>>;

export async function openFanIn(subscribe: Subscribe | Absent, setup: BenchSetup): Promise<BenchClient | Absent> {
  if (subscribe instanceof Absent) return subscribe;
  const { depth, valueBytes, url } = setup;
  let onMessage = (): void => {};
  const unsubscribe = await subscribe(url, (message) => {
    if (message.length !== valueBytes) throw new Error(`a message of ${message.length} bytes came`);
    onMessage();
  });
  const publisher = await Publisher.connect(setup);
  const drive = (run: DrivenRun): Promise<number> =>
    new Promise((resolve) => {
      let [received, underWay] = [0, depth];
      let start = performance.now();
      onMessage = () => {
        received += 1;
        underWay -= 1;
        if (underWay > depth / 2) return;
        if (run.running) {
          // From the write of a batch to the last message that leaves room for the next one.
          run.record(performance.now() - start);
          start = performance.now();
          publisher.publish(depth - underWay);
          underWay = depth;
        } else if (underWay === 0) {
          resolve(received);
        }
      };
      publisher.publish(depth);
    });
  return {
    drive,
    close: async () => {
      publisher.close();
      await unsubscribe();
    },
  };
}

class Publisher {
  readonly #socket: Awaited<ReturnType<typeof dial>>;
  /** All messages of a round over the channels, encoded in a row, twice. */
  readonly #encoded: Uint8Array;
  readonly #size: number;
  #next = 0;

  static async connect({ url, valueBytes, depth }: BenchSetup): Promise<Publisher> {
    const { address, greeting } = redisGreeting(url);
    const socket = await dial(address, () => {});
    socket.write(greeting);
    return new Publisher(socket, valueBytes, depth);
  }

  private constructor(socket: Awaited<ReturnType<typeof dial>>, valueBytes: number, depth: number) {
    this.#socket = socket;
    const value = benchValue(valueBytes);
    const round = channels.map((channel) => encodeCommand('PUBLISH', channel, value));
    this.#size = round[0]?.length ?? 0;
    const rounds = Math.ceil(depth / channels.length) + 1;
    this.#encoded = new Uint8Array(Buffer.concat(Array.from({ length: rounds }, () => round).flat()));
  }

  publish(count: number): void {
    const from = this.#next;
    this.#socket.write(this.#encoded.subarray(from * this.#size, (from + count) * this.#size));
    this.#next = (from + count) % channels.length;
  }

  close(): void {
    this.#socket.destroy();
  }
}

export const subscribeOurs: Subscribe = async (url, onMessage) => {
  const client = connectOurs(url);
  const readers: Promise<void>[] = [];
  for (const channel of channels) {
    const queue = await client.subscribe(channel);
    readers.push(
      (async () => {
        for await (const message of queue) if (!isNotice(message)) onMessage(message);
      })(),
    );
  }
  return async () => {
    await client.close();
    await Promise.all(readers);
  };
};

/** A promise for each message, as for the readers of ours. */
export const subscribeFloor: Subscribe = async (url, onMessage) => {
  const floor = await FloorSubscriber.connect(url, channels);
  const read = async (channel: number): Promise<void> => {
    for (;;) onMessage(await floor.next(channel));
  };
  for (let channel = 0; channel < channels.length; channel += 1) {
    read(channel).catch((error: unknown) => {
      throw error;
    });
  }
  return floor.close;
};

export async function subscribeIoredis(): Promise<Subscribe | Absent> {
  const Redis = await loadIoredis();
  if (Redis instanceof Absent) return Redis;
  return async (url, onMessage) => {
    const client = new Redis(url);
    client.on('messageBuffer', (_channel: Buffer, message: Buffer) => onMessage(message));
    await client.subscribe(...channels);
    return () => client.disconnect();
  };
}

export async function subscribeNodeRedis(): Promise<Subscribe | Absent> {
  const redis = await loadNodeRedis();
  if (redis instanceof Absent) return redis;
  return async (url, onMessage) => {
    const client = redis.createClient({ url, RESP: 3 });
    await client.connect();
    await client.subscribe([...channels], (message) => onMessage(message), true);
    return () => client.destroy();
  };
}
