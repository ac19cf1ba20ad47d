/** What one writer may find under its key, from what became of its writes. */

import assert from 'node:assert/strict';
import { ClientError } from '@wirewright/lensdb';

/** A value, or null for none. */
type Value = string | null;

export class Ledger {
  readonly key: string;
  /** Retried writes may have been done by a try that was never answered, now or later. */
  readonly #retried: boolean;
  /** What the last acknowledged write left. */
  #certain: Value = null;
  /** Of writes without an answer: each may take effect at any later time. */
  readonly #possible = new Set<Value>();

  constructor(key: string, retried: boolean) {
    this.key = key;
    this.#retried = retried;
  }

  /** A write that was acknowledged. */
  done(value: Value): void {
    this.#certain = value;
    if (this.#retried) this.#possible.add(value);
  }

  /** A write that failed: only where its outcome is unknown may it have been done. */
  failed(value: Value, error: unknown): void {
    assert.ok(error instanceof ClientError, String(error));
    if (error.outcome === 'unknown') this.#possible.add(value);
  }

  /** @throws AssertionError for what this writer cannot have left */
  check(found: Value, when: string): void {
    if (found === this.#certain || this.#possible.has(found)) return;
    const expected = [this.#certain, ...this.#possible].map(String).join(' or ');
    assert.fail(`${when}: key ${this.key} should hold ${expected}, it holds ${found}`);
  }
}
