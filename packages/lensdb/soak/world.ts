/** One store and what is known of it: the keys that are written now, and those that are not any more. */

import { History, isDeletion } from './history.ts';
import { describeRetired, mayHold, RetiredKeys } from './retired.ts';
import type { Rules } from './rules.ts';
import { versionIn } from './values.ts';

const decoder = new TextDecoder();

export class World {
  /** All keys of this run begin with it. */
  readonly prefix: string;
  readonly rules: Rules;
  readonly retired: RetiredKeys = new RetiredKeys();
  readonly #current: History[] = [];
  #keys = 0;

  constructor(prefix: string, rules: Rules) {
    this.prefix = prefix;
    this.rules = rules;
  }

  /** The keys that are written now, one for each place. */
  get current(): readonly History[] {
    return this.#current;
  }

  /** A new place, whose number is its index in `current`. */
  addPlace(): number {
    this.#current.push(this.#createKey());
    return this.#current.length - 1;
  }

  /** The key of that place is not written any more: another one takes its place. */
  retire(place: number): void {
    this.retired.add(this.#current[place] as History);
    this.#current[place] = this.#createKey();
  }

  nameOf(key: number): string {
    return this.prefix + key.toString(36).padStart(6, '0');
  }

  /** The version that a value is of; undefined for no entry. Anything else breaks the rule, and is NaN. */
  versionOf(key: number, value: Uint8Array | null): number | undefined {
    const version = value === null ? undefined : versionIn(key, value);
    this.rules.own.note(typeof version === 'string' ? `key ${key}: ${version}` : undefined);
    return typeof version === 'string' ? Number.NaN : version;
  }

  /** At a quiet moment: what KEYS must list, of the keys that are written now. */
  checkKeys(listed: readonly Uint8Array[]): void {
    const names = new Set(listed.map((bytes) => decoder.decode(bytes)));
    for (const { key, present } of this.#current) {
      const isListed = names.has(this.nameOf(key));
      this.rules.keys.check(isListed === present, () => `key ${key} is ${isListed ? '' : 'not '}listed`);
    }
  }

  /** Ends all writing: every key is retired. */
  retireAll(): void {
    for (const history of this.#current.splice(0)) this.retired.add(history);
  }

  /** What retired key number `index` holds in the end. */
  checkRetired(index: number, value: Uint8Array | null): void {
    const retired = this.retired.at(index);
    const version = this.versionOf(retired.key, value);
    this.rules.end.check(
      mayHold(retired, version),
      () => `key ${retired.key} holds ${describe(version)}, expected ${describeRetired(retired)}`,
    );
  }

  #createKey(): History {
    this.#keys += 1;
    return new History(this.#keys);
  }
}

/** For messages. */
export function describe(version: number | undefined): string {
  return version === undefined || isDeletion(version) ? 'nothing' : `version ${version}`;
}
