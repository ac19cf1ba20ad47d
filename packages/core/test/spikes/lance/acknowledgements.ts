/** Batches in the order in which they were sent, and errors that do not say which of them they mean. */

import { Failure } from '@wirewright/core';
import { InOrderTable, type InOrderOptions, type TableHost, WireError } from '@wirewright/core/kit';

/**
 * Acknowledgements come in order and name their batch; an error overtakes those of earlier batches and names
 * nothing. So an acknowledgement tells that every older batch has failed, with the errors that came, in order; and as
 * many errors as there are batches tell that all have.
 */
export class Acknowledgements {
  readonly table: InOrderTable;
  readonly #errors: Failure[] = [];
  /** Batch ids are given in order, so the id of the youngest is the highest. */
  #lastId = 0;

  constructor(host: TableHost, options: InOrderOptions) {
    this.table = new InOrderTable(host, options);
  }

  /** Errors whose batch is not known yet. */
  get unattributed(): number {
    return this.#errors.length;
  }

  /** The id of the next batch. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  acknowledge(batchId: bigint): void {
    const id = Number(batchId);
    const head = this.table.head();
    if (!head || id < head.id || id > this.#lastId) throw new WireError('a batch was acknowledged that was not sent');
    for (let older = this.table.head(); older && older.id < id; older = this.table.head()) {
      if (!this.table.answer(this.#errors.shift() ?? unexplained())) break;
    }
    if (this.table.head()?.id !== id || !this.table.answer(batchId)) {
      throw new WireError('a batch was acknowledged that was not sent');
    }
    this.#failAllIfAllFailed();
  }

  refuse(error: Failure): void {
    if (this.table.size === 0) throw new WireError('an error came that answers nothing');
    this.#errors.push(error);
    this.#failAllIfAllFailed();
  }

  #failAllIfAllFailed(): void {
    if (this.#errors.length < this.table.size) return;
    while (this.table.size > 0 && this.table.answer(this.#errors[0] ?? unexplained())) this.#errors.shift();
  }
}

/** A batch that was neither acknowledged nor refused, though a later one was acknowledged. */
function unexplained(): Failure {
  return new Failure({
    kind: 'server',
    code: 'NOT_ACKNOWLEDGED',
    message: 'the server acknowledged a later batch and not this one, and did not say why',
    outcome: 'unknown',
    retryable: true,
  });
}
