import type { Abandonment, Pending } from '../deadline.ts';
import type { Failure } from '../errors/failure.ts';
import { WaitingRoom } from '../kit/waiting-room.ts';

/** The waiting rooms of a session: one for each lane, so that none holds up the calls of another. */
export class SessionLanes<Request> {
  readonly #rooms: readonly WaitingRoom<Request>[];

  /** @param gaveUp - what a request is told that ends while it waits */
  constructor(
    count: number,
    maxWaiting: number,
    maxWaitingBytes: number,
    gaveUp: (pending: Pending, why: Abandonment) => Failure,
  ) {
    this.#rooms = Array.from({ length: count }, () => new WaitingRoom(maxWaiting, maxWaitingBytes, gaveUp));
  }

  get count(): number {
    return this.#rooms.length;
  }

  /** Calls that wait, of all lanes. */
  get waiting(): number {
    let sum = 0;
    for (const room of this.#rooms) sum += room.size;
    return sum;
  }

  /** @throws RangeError for a lane that there is not */
  room(lane: number): WaitingRoom<Request> {
    const room = this.#rooms[lane];
    if (room) return room;
    throw new RangeError(`lane ${lane} was asked for, expected 0 to ${this.count - 1}; set 'lanes' of the session`);
  }

  /** How full each lane is: what `fail` clears. */
  get taken(): readonly number[] {
    return this.#rooms.map((room) => room.taken);
  }

  /** Ends all that wait now; who comes while they are told waits anew, on whichever lane. */
  fail(failure: Failure, taken: readonly number[] = this.taken): void {
    for (const [lane, places] of taken.entries()) this.room(lane).fail(failure, places);
  }
}
