/** Calls the commands of a client at random, and holds every answer against a model. */

import { isDeepStrictEqual } from 'node:util';
import type { SeededRandom } from '@wirewright/core/testing';
import {
  AbortedError,
  ArgumentError,
  type CommandOptions,
  type Commands,
  jsonCodec,
  LensDBError,
  messagePackCodec,
  UnsupportedError,
  v8Codec,
} from '@wirewright/lensdb';
import type { Findings } from '@wirewright/tools/fuzz';
import { nameOf, trickyText } from '../data.ts';
import { Draw } from './draw.ts';
import { Model } from './model.ts';
import type { Place } from './place.ts';

/** Few enough that KEYS stays short. */
const mostKeys = 150;

export interface CallerOptions {
  readonly place: Place;
  readonly random: SeededRandom;
  readonly findings: Findings;
  /** Callers write different keys: the last bit of the byte behind the prefix says whose. */
  readonly number: number;
}

export class Caller {
  readonly model: Model = new Model();
  readonly #place: Place;
  readonly #random: SeededRandom;
  readonly #findings: Findings;
  readonly #draw: Draw;
  /** A write of this call was aborted once it may have been sent. */
  #aborts = false;

  constructor({ place, random, findings, number }: CallerOptions) {
    this.#place = place;
    this.#random = random;
    this.#findings = findings;
    this.#draw = new Draw(random, this.model, place.prefix, number);
  }

  /** One call. @returns whether the client accepted it */
  async call(commands: Commands): Promise<boolean> {
    const [name, run] = this.#random.pick(this.model.size > mostKeys ? this.#removing : this.#commands);
    this.#aborts = false;
    try {
      await run(commands);
      this.#findings.count('accepted');
      return true;
    } catch (error) {
      if (error instanceof ArgumentError) {
        this.#findings.count('refused');
        return false;
      }
      this.#judge(name, error);
      return true;
    }
  }

  #judge(name: string, error: unknown): void {
    const { setEx, dialect } = this.#place;
    if (error instanceof UnsupportedError && (name === 'serverStats' ? dialect === 'ldbd' : !setEx)) {
      this.#findings.count('unsupported');
    } else if (error instanceof AbortedError && this.#aborts) {
      this.#findings.count('aborted');
    } else {
      const code = error instanceof LensDBError ? error.code : 'no LensDBError';
      this.#findings.violation(`${name}() failed (${code}): ${String(error)}`);
    }
  }

  #check(holds: boolean, what: string): void {
    this.#findings.check(holds, () => `${what}; expected something else`);
  }

  readonly #removing: readonly (readonly [string, (commands: Commands) => Promise<void>])[] = [
    ['delete', (commands) => this.#delete(commands)],
    ['mdelete', (commands) => this.#mdelete(commands)],
  ];

  readonly #commands: readonly (readonly [string, (commands: Commands) => Promise<void>])[] = [
    ['set', (commands) => this.#set(commands)],
    ['set', (commands) => this.#set(commands)],
    ['set', (commands) => this.#set(commands)],
    ['setEx', (commands) => this.#setEx(commands)],
    ['get', (commands) => this.#get(commands)],
    ['get', (commands) => this.#get(commands)],
    ['getText', (commands) => this.#getText(commands)],
    ['delete', (commands) => this.#delete(commands)],
    ['exists', (commands) => this.#exists(commands)],
    ['json', (commands) => this.#json(commands)],
    ['object', (commands) => this.#object(commands)],
    ['mset', (commands) => this.#mset(commands)],
    ['mget', (commands) => this.#mget(commands)],
    ['mdelete', (commands) => this.#mdelete(commands)],
    ['keysBytes', async (commands) => this.#list(await commands.keysBytes(this.#draw.options()))],
    ['scan', (commands) => this.#scan(commands)],
    ['size', async (commands) => this.#check((await commands.size(this.#draw.options())) >= 0, 'size() is negative')],
    ['ping', async (commands) => this.#check((await commands.ping(this.#draw.options())) >= 0, 'ping() is negative')],
    ['pingReply', async (commands) => void (await commands.pingReply(this.#draw.options()))],
    [
      'serverStats',
      async (commands) =>
        this.#check((await commands.serverStats(this.#draw.options())) !== '', 'serverStats() is empty'),
    ],
  ];

  async #set(commands: Commands): Promise<void> {
    const key = this.#draw.key();
    const value = this.#draw.value(key);
    await this.#write([key], (options) => commands.set(this.#draw.form(key), this.#draw.form(value), options));
    this.model.set(key, value);
  }

  async #setEx(commands: Commands): Promise<void> {
    const key = this.#draw.key();
    const value = this.#draw.value(key);
    const ttl = this.#random.pick([3600, 86_400, 2 ** 31, 2 ** 32 - 1]);
    const given = this.#random.chance(0.5) ? { ttl } : { ttlMs: ttl * 1000 };
    await this.#write([key], (options) => commands.setEx(key, value, { ...given, ...options }));
    this.model.set(key, value);
  }

  async #get(commands: Commands): Promise<void> {
    const key = this.#draw.key();
    const value = await commands.get(this.#draw.form(key), this.#draw.options());
    this.#check(isDeepStrictEqual(value ?? undefined, this.model.get(key)), 'get() gave another value');
  }

  async #getText(commands: Commands): Promise<void> {
    const key = this.#draw.key();
    const held = this.model.get(key);
    const isText = held === undefined || Buffer.from(Buffer.from(held).toString()).equals(held);
    try {
      const text = await commands.getText(key, this.#draw.options());
      const expected = held === undefined ? null : Buffer.from(held).toString();
      this.#check(isText && text === expected, 'getText() gave another text');
    } catch (error) {
      if (isText || !(error instanceof LensDBError) || error.code !== 'INVALID_UTF8') throw error;
    }
  }

  async #delete(commands: Commands): Promise<void> {
    const key = this.#draw.key();
    const existed = await this.#write([key], (options) => commands.delete(this.#draw.form(key), options));
    this.#check(existed === this.model.has(key), `delete() said ${String(existed)}`);
    this.model.delete(key);
  }

  async #exists(commands: Commands): Promise<void> {
    const key = this.#draw.key();
    const exists = await commands.exists(this.#draw.form(key), this.#draw.options());
    this.#check(exists === this.model.has(key), `exists() said ${exists}`);
  }

  async #json(commands: Commands): Promise<void> {
    const key = this.#draw.key();
    const value = this.#draw.structure();
    await this.#write([key], (options) => commands.setJson(key, value, options));
    this.model.set(key, new TextEncoder().encode(JSON.stringify(value)));
    this.#check(
      isDeepStrictEqual(await commands.getJson(key, this.#draw.options()), value),
      'getJson() gave another value',
    );
  }

  async #object(commands: Commands): Promise<void> {
    const key = this.#draw.key();
    const value = this.#draw.structure();
    const codec = this.#random.pick([jsonCodec, messagePackCodec, v8Codec]);
    await this.#write([key], (options) => commands.setObject(key, value, { codec, ...options }));
    const held = await commands.get(key);
    if (held) this.model.set(key, held);
    const back = await commands.getObject(key, { codec, ...this.#draw.options() });
    this.#check(isDeepStrictEqual(back, value), `getObject() gave another value through ${codec.name}`);
  }

  async #mset(commands: Commands): Promise<void> {
    const keys = this.#draw.keys();
    const entries = keys.map((key) => [key, this.#draw.value(key)] as const);
    await this.#write(keys, (options) => commands.mset(new Map(entries), { ...options, ...this.#draw.concurrency() }));
    for (const [key, value] of entries) this.model.set(key, value);
  }

  async #mget(commands: Commands): Promise<void> {
    const keys = this.#draw.keys();
    const values = await commands.mget(keys, { ...this.#draw.options(), ...this.#draw.concurrency() });
    const expected = keys.map((key) => this.model.get(key) ?? null);
    this.#check(isDeepStrictEqual(values, expected), 'mget() gave other values');
  }

  async #mdelete(commands: Commands): Promise<void> {
    const keys = this.#draw.keys();
    const expected = keys.filter((key) => this.model.has(key)).length;
    const removed = await this.#write(keys, (options) =>
      commands.mdelete(keys, { ...options, ...this.#draw.concurrency() }),
    );
    this.#check(removed === expected, `mdelete() removed ${String(removed)} of ${expected}`);
    for (const key of keys) this.model.delete(key);
  }

  async #scan(commands: Commands): Promise<void> {
    const contains = trickyText(this.#random, 2);
    try {
      const keys = await commands.scan({ contains, ...this.#draw.options() });
      this.#check(
        keys.every((key) => key.includes(contains)),
        'scan() gave a key that does not fit',
      );
    } catch (error) {
      // Keys need not be text.
      if (!(error instanceof LensDBError) || error.code !== 'INVALID_UTF8') throw error;
    }
  }

  /** All own keys are listed. With a line feed in a key, that cannot be told. */
  #list(listed: readonly Uint8Array[]): void {
    const names = new Set(listed.map(nameOf));
    for (const key of this.model.keys()) {
      if (!key.includes('\n')) this.#check(names.has(key), 'keysBytes() left out a key');
    }
  }

  /** A write, of which some are aborted: their keys are not used again, because nobody knows what they hold. */
  async #write<T>(keys: readonly Uint8Array[], write: (options: CommandOptions) => Promise<T>): Promise<T> {
    this.#aborts = this.#random.chance(0.01);
    if (!this.#aborts) return write(this.#draw.options());
    const controller = new AbortController();
    const call = write({ ...this.#draw.options(), signal: controller.signal });
    const turns = this.#random.integer(0, 3);
    void (async () => {
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
    })();
    try {
      return await call;
    } catch (error) {
      if (error instanceof ArgumentError) throw error;
      for (const key of keys) this.model.burn(key);
      throw error instanceof LensDBError && error.code === 'BATCH' ? (error.cause ?? new AbortedError('batch')) : error;
    }
  }
}
