/** The state of a client, from what happens to its connections. */

import { type Failure, StatusBoard } from '@wirewright/core';
import { system } from '../errors.ts';

export class Health {
  readonly board: StatusBoard = new StatusBoard();
  #opened = 0;

  /** A connection is being opened. */
  onDial(): void {
    if (this.board.current.state === 'idle') this.board.set({ state: 'connecting' });
  }

  onOpen(endpoint: string): void {
    this.#opened += 1;
    this.#set({ state: 'up', endpoint, epoch: this.#opened });
  }

  /** @param open - connections that are open all the same. */
  onOpenFailed(failure: Failure, open: number): void {
    this.#set({ state: open > 0 ? 'degraded' : 'down', ...this.#because(failure) });
  }

  /** A connection is over. One of several makes no difference: the pool opens another. */
  onLost(failure: Failure, open: number): void {
    if (open > 0) return;
    // Retired, or not to be used again: nothing is wrong, and nothing is wanted.
    if (failure.kind === 'closed') this.#set({ state: 'idle' });
    else this.#set({ state: 'down', ...this.#because(failure) });
  }

  onClosing(): void {
    this.#set({ state: 'closing' });
  }

  onClosed(): void {
    this.board.set({ state: 'closed' });
  }

  #set(record: Parameters<StatusBoard['set']>[0]): void {
    if (this.board.current.state !== 'closing') this.board.set(record);
  }

  #because(failure: Failure): { readonly cause: Error; readonly endpoint?: string } {
    const cause = failure.toError({ system, attempts: 0 });
    return failure.endpoint === undefined ? { cause } : { cause, endpoint: failure.endpoint };
  }
}
