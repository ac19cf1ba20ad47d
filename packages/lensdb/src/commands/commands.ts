/** The commands of LensDB: what a client and a leased connection can do. */

import type { ValueCodec } from '../codecs/codec.ts';
import type { Request } from '../connection/receiver.ts';
import {
  clearOperation,
  deleteOperation,
  existsOperation,
  getOperation,
  keysOperation,
  type Operation,
  pingOperation,
  setExOperation,
  setOperation,
  sizeOperation,
  statsOperation,
} from '../operations.ts';
import { type BytesLike, decodeText } from '../protocol/bytes.ts';
import { batch, type BatchOptions, listOf, pairsOf } from './batch.ts';
import { type CommandOptions, commandOptions } from './call-options.ts';
import {
  codecOf,
  decodeValue,
  encodeValue,
  type GetJsonOptions,
  type GetObjectOptions,
  jsonCodecOf,
  type SetObjectOptions,
} from './objects.ts';
import type { CommandRunner } from './runner.ts';
import { keyFilter, type ScanOptions } from './scan.ts';
import { toText } from './text.ts';
import { readWrite, refusal, ttlSeconds, type Write, type WriteOptions } from './ttl.ts';

const nothing: Request = Object.freeze({ key: '', value: '', ttl: 0 });

function ofKey(key: BytesLike): Request {
  return { key, value: '', ttl: 0 };
}

/**
 * Keys and values are text, which stands for its UTF-8 bytes, or bytes. Every command takes a deadline and a signal,
 * throws an `ArgumentError` before anything is sent, and otherwise a `LensDBError` of the kinds of `errors.ts`.
 */
export abstract class Commands {
  readonly #runner: CommandRunner;

  constructor(runner: CommandRunner) {
    this.#runner = runner;
  }

  /** The value, which is the caller's own; null when there is none. An empty value is not null. */
  async get(key: BytesLike, options?: CommandOptions): Promise<Uint8Array | null> {
    return this.#runner.unwrap(await this.#runner.run(getOperation, ofKey(key), options));
  }

  /**
   * The value as text; null when there is none.
   *
   * @throws LensDBError (`INVALID_UTF8`) when it is no text: `get` reads it
   */
  async getText(key: BytesLike, options?: CommandOptions): Promise<string | null> {
    const value = await this.get(key, options);
    return value === null ? null : toText(value, 'value', 'get');
  }

  /** Stores a value, for good: a time to live that the entry had is gone. A retried SET may be done twice. */
  async set(key: BytesLike, value: BytesLike, options?: CommandOptions): Promise<void> {
    return this.#runner.unwrap(await this.#runner.run(setOperation, { key, value, ttl: 0 }, options));
  }

  /**
   * Stores a value that expires.
   *
   * Servers notice expiry when the key is read by `get`: until then `exists`, `keys` and `size` still count it.
   *
   * @param ttl - time to live in seconds, or `{ ttl }` or `{ ttlMs }` with other options
   * @throws UnsupportedError when the server does not have the command, which is asked before the first one
   */
  async setEx(key: BytesLike, value: BytesLike, ttl: number | WriteOptions): Promise<void> {
    const write = readWrite('setEx', ttl);
    if (write.ttl === undefined) {
      throw refusal('setEx', 'ttl', "give a time to live: 'ttl' in seconds or 'ttlMs'; set() stores for good");
    }
    await this.#store(key, value, write);
  }

  /**
   * Removes an entry. True when there was one; after a retry, false may also mean that the first try removed it.
   */
  async delete(key: BytesLike, options?: CommandOptions): Promise<boolean> {
    return this.#runner.unwrap(await this.#runner.run(deleteOperation, ofKey(key), options));
  }

  /** Whether there is an entry. Says true of an expired one until it is read: `get` tells the truth. */
  async exists(key: BytesLike, options?: CommandOptions): Promise<boolean> {
    return this.#runner.unwrap(await this.#runner.run(existsOperation, ofKey(key), options));
  }

  /**
   * All keys as text, in no order: one answer that holds them all. A key with a line feed shows as several.
   *
   * @throws LensDBError (`INVALID_UTF8`) when one is no text: `keysBytes` reads them
   */
  async keys(options?: CommandOptions): Promise<string[]> {
    const keys = await this.keysBytes(options);
    return keys.map((key) => toText(key, 'key', 'keysBytes'));
  }

  /** All keys as bytes, in no order. A key with a line feed shows as several. */
  async keysBytes(options?: CommandOptions): Promise<Uint8Array[]> {
    return this.#runner.unwrap(await this.#runner.run(keysOperation, nothing, options));
  }

  /**
   * The keys that fit. Costs as much as `keys`, however few fit: the server sends all, the client looks through them.
   *
   * @throws LensDBError (`INVALID_UTF8`) when any key of the store is no text
   */
  async scan(options: ScanOptions): Promise<string[]> {
    const fits = keyFilter(options);
    return (await this.keys(commandOptions(options))).filter(fits);
  }

  /** How many entries there are, expired ones that nobody has read since included. */
  async size(options?: CommandOptions): Promise<number> {
    return this.#runner.unwrap(await this.#runner.run(sizeOperation, nothing, options));
  }

  /** Removes everything, for all clients. Never repeated once it may have reached the server. */
  async clear(options?: CommandOptions): Promise<void> {
    return this.#runner.unwrap(await this.#runner.run(clearOperation, nothing, options));
  }

  /** Asks for a sign of life. Milliseconds from the call to the answer. */
  async ping(options?: CommandOptions): Promise<number> {
    const startedAt = this.#runner.clock.now();
    await this.pingReply(options);
    return this.#runner.clock.now() - startedAt;
  }

  /** The same, with what the server said: `pong`. In the dialect `ldbd` the bytes behind the header. */
  async pingReply(options?: CommandOptions): Promise<Uint8Array> {
    return this.#runner.unwrap(await this.#runner.run(pingOperation, nothing, options));
  }

  /**
   * The server's own statistics: free text, of which 0.1.0.0 has none to tell. `stats()` of a client are its own.
   *
   * @throws UnsupportedError in the dialect `ldbd`
   */
  async serverStats(options?: CommandOptions): Promise<string> {
    return decodeText(this.#runner.unwrap(await this.#runner.run(statsOperation, nothing, options)));
  }

  /**
   * A value that was stored as JSON; null when there is none.
   *
   * @throws CodecError when it is no JSON, UnsafeIntegerError for an integer beyond 2^53 - 1
   */
  async getJson<T = unknown>(key: BytesLike, options: GetJsonOptions = {}): Promise<T | null> {
    const codec = jsonCodecOf(options);
    const bytes = await this.get(key, commandOptions(options));
    return bytes === null ? null : ((await decodeValue('getJson', codec, bytes)) as T);
  }

  /**
   * Stores a value as JSON.
   *
   * @param ttl - time to live in seconds, or options; absent: the entry stays
   */
  async setJson(key: BytesLike, value: unknown, ttl?: number | WriteOptions): Promise<void> {
    const write = readWrite('setJson', ttl);
    await this.#store(key, await encodeValue('setJson', jsonCodecOf(undefined), value), write);
  }

  /**
   * A value that was stored through a codec; null when there is none.
   *
   * @throws CodecError when it is something else
   */
  async getObject<T>(key: BytesLike, options: GetObjectOptions<T>): Promise<T | null> {
    const codec: ValueCodec<T> = codecOf('getObject', options);
    const bytes = await this.get(key, commandOptions(options));
    return bytes === null ? null : decodeValue('getObject', codec, bytes);
  }

  /** Stores a value through a codec. */
  async setObject<T>(key: BytesLike, value: T, options: SetObjectOptions<T>): Promise<void> {
    const codec: ValueCodec<T> = codecOf('setObject', options);
    const write: Write = { ttl: ttlSeconds('setObject', options), options: commandOptions(options) };
    await this.#store(key, await encodeValue('setObject', codec, value), write);
  }

  /**
   * Several values, aligned with the keys; null where there is none. A GET for each key, several at once.
   *
   * @throws BatchError when any failed: the others' values are in its `details.outcomes`
   */
  async mget(keys: readonly BytesLike[], options?: BatchOptions): Promise<(Uint8Array | null)[]> {
    return this.#batch('mget', getOperation, Array.from(listOf('mget', keys), ofKey), options);
  }

  /**
   * Stores several values: a SET for each, several at once, not atomic, in no order.
   *
   * @throws BatchError when any failed: what became of each is in its `details.outcomes`
   */
  async mset(entries: Iterable<readonly [BytesLike, BytesLike]>, options?: BatchOptions): Promise<void> {
    const requests = pairsOf('mset', entries).map(([key, value]) => ({ key, value, ttl: 0 }));
    await this.#batch('mset', setOperation, requests, options);
  }

  /**
   * Removes several entries. How many there were.
   *
   * @throws BatchError when any failed: what became of each is in its `details.outcomes`
   */
  async mdelete(keys: readonly BytesLike[], options?: BatchOptions): Promise<number> {
    const removed = await this.#batch('mdelete', deleteOperation, Array.from(listOf('mdelete', keys), ofKey), options);
    return removed.filter(Boolean).length;
  }

  async #store(key: BytesLike, value: BytesLike, { ttl, options }: Write): Promise<void> {
    const operation = ttl === undefined ? setOperation : setExOperation;
    return this.#runner.unwrap(await this.#runner.run(operation, { key, value, ttl: ttl ?? 0 }, options));
  }

  /** Every part is checked before the first is sent. */
  #batch<Result>(
    method: string,
    operation: Operation<Result>,
    requests: readonly Request[],
    options: BatchOptions | undefined,
  ): Promise<Result[]> {
    for (const request of requests) this.#runner.check(operation, request);
    return batch(method, this.#runner, requests, options, async (request, each) =>
      this.#runner.unwrap(await this.#runner.run(operation, request, each)),
    );
  }
}
