/** One end of a virtual connection. */

import type { NetSocket, SocketHandler } from '../socket/net.ts';
import type { AgendaEntry } from './agenda.ts';
import type { FakeClock } from './fake-clock.ts';
import type { PipeEnd, VirtualPipe } from './virtual-pipe.ts';

/** What a socket tells the connection that it is an end of. */
export interface SocketOwner {
  /** The dial has arrived; opens the socket or makes it fail. */
  dialled(): void;
  /** The socket does not exist for the system any more: its peer has to learn it. */
  left(socket: VirtualSocket, how: 'end' | 'reset'): void;
  /** The handler has been told. */
  closed(): void;
}

const unhandled: SocketHandler = { onOpen() {}, onData() {}, onDrain() {}, onEnd() {}, onClose() {} };

/** An error as the system's. It has no stack, which would show nothing but the simulation and takes longest to make. */
export function socketError(code: string, what: string): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = Object.assign(new Error(`${what} ${code}`), { code });
  Error.stackTraceLimit = limit;
  return error;
}

export class VirtualSocket implements NetSocket, PipeEnd, AgendaEntry {
  at = 0;
  order = 0;
  place = -1;
  /** Who is told. */
  handler: SocketHandler = unhandled;
  /** To the peer, and from it; set by the connection. */
  declare out: VirtualPipe;
  declare in: VirtualPipe;
  readonly #clock: FakeClock;
  readonly #owner: SocketOwner;
  #state: 'opening' | 'open' | 'leaving' | 'closed' = 'opening';
  #error: Error | undefined;
  #paused = false;
  #refed = true;
  #ended = false;
  #endTaken = false;
  #peerEnded = false;

  constructor(clock: FakeClock, owner: SocketOwner) {
    this.#clock = clock;
    this.#owner = owner;
  }

  get state(): 'opening' | 'open' | 'leaving' | 'closed' {
    return this.#state;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether it would keep a process alive. */
  get refed(): boolean {
    return this.#refed && this.#state !== 'closed';
  }

  get listens(): boolean {
    return this.#state === 'open';
  }

  write(chunk: Uint8Array): boolean {
    return this.#isWritable() && this.out.write(chunk);
  }

  writeAll(chunks: readonly Uint8Array[]): boolean {
    if (!this.#isWritable()) return false;
    let taken = true;
    for (const chunk of chunks) taken = this.out.write(chunk) && taken;
    return taken;
  }

  end(): void {
    if (this.#ended || this.#state === 'leaving' || this.#state === 'closed') return;
    this.#ended = true;
    if (this.#state === 'open') this.out.end();
  }

  destroy(error?: Error): void {
    if (this.#state === 'leaving' || this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    const how = this.in.hasUnread ? 'reset' : 'end';
    this.#leave(error);
    if (wasOpen) this.#owner.left(this, how);
  }

  pause(): void {
    this.#paused = true;
    this.in.schedule();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#state === 'open') this.in.schedule();
  }

  ref(): void {
    this.#refed = true;
  }

  unref(): void {
    this.#refed = false;
  }

  /** Starts the way to `dialled`, which takes so long. */
  dialFor(delayMs: number): void {
    this.#clock.agenda.add(this, this.#clock.now() + delayMs);
  }

  /** The connection stands, for the system; `announce` tells the handler. */
  establish(): void {
    this.#state = 'open';
  }

  announce(): void {
    if (this.#state !== 'open') return;
    this.handler.onOpen();
    if (this.#ended && this.#state === 'open') this.out.end();
  }

  /** Gone, without anything that the peer could notice by itself. */
  fail(error: Error | undefined): void {
    if (this.#state === 'leaving' || this.#state === 'closed') return;
    this.#leave(error);
  }

  /** Forgets everything, and tells nobody. */
  forget(): void {
    this.#state = 'closed';
    this.#clock.agenda.remove(this);
    this.handler = unhandled;
  }

  run(): void {
    if (this.#state === 'opening') this.#owner.dialled();
    else if (this.#state === 'leaving') {
      this.#state = 'closed';
      this.#owner.closed();
      this.handler.onClose(this.#error);
    }
  }

  received(buffer: Uint8Array, length: number): void {
    this.handler.onData(buffer, length);
  }

  drained(): void {
    if (this.#state === 'open') this.handler.onDrain();
  }

  peerEnded(): void {
    this.#peerEnded = true;
    this.handler.onEnd();
    this.#leaveIfFinished();
  }

  peerReset(): void {
    this.fail(socketError('ECONNRESET', 'read'));
  }

  endTaken(): void {
    this.#endTaken = true;
    this.#leaveIfFinished();
  }

  #isWritable(): boolean {
    if (this.#state === 'opening') throw new Error('write() before onOpen: the stream is not open yet');
    if (this.#ended) throw new Error('write() after end(): the stream has been finished');
    return this.#state === 'open';
  }

  /** Both sides have finished: a socket of the platform closes by itself then. */
  #leaveIfFinished(): void {
    if (this.#state === 'open' && this.#endTaken && this.#peerEnded) this.#leave(undefined);
  }

  #leave(error: Error | undefined): void {
    this.#state = 'leaving';
    this.#error = error;
    this.out.abandon();
    this.#clock.agenda.add(this, this.#clock.now());
  }
}
