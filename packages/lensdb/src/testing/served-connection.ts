/** One connection of a testing server: reads requests as the switches say, answers them one after another. */

import type { Socket } from 'node:net';
import type { Clock, Timer } from '@wirewright/core';
import { type Delivered, Delivery } from './delivery.ts';
import type { Recorder } from './recorder.ts';
import type { RequestHandler } from './request-handler.ts';
import type { CommonSwitches } from './switches.ts';

export interface ServedOptions {
  readonly socket: Socket;
  readonly number: number;
  readonly handler: RequestHandler;
  readonly switches: () => CommonSwitches;
  readonly clock: Clock;
  readonly recorder: Recorder;
}

export class ServedConnection {
  readonly #options: ServedOptions;
  readonly #socket: Socket;
  /** `reading`, or an answer is due (`busy`), or nothing will ever be read again (`dead`). */
  #state: 'reading' | 'busy' | 'dead' = 'reading';
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #working = false;
  #delivery: Delivery | undefined;
  #idleTimer: Timer | undefined;

  constructor(options: ServedOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('close', () => this.#cancel());
    this.#awaitData();
  }

  /** Sends bytes that nobody asked for. */
  send(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  release(): boolean {
    return this.#delivery?.release() ?? false;
  }

  drop(how: 'fin' | 'reset'): void {
    if (how === 'fin') this.#socket.end();
    else this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#cancel();
    this.#socket.destroy();
  }

  #cancel(): void {
    this.#idleTimer?.cancel();
    this.#delivery?.cancel();
    this.#state = 'dead';
  }

  #onData(chunk: Buffer): void {
    const { recorder } = this.#options;
    if (this.#state === 'dead') {
      recorder.count({ receivedBytes: chunk.length, ignoredBytes: chunk.length });
      return;
    }
    this.#idleTimer?.cancel();
    if (this.#state === 'busy') recorder.count({ overlapping: 1 });
    this.#received = Buffer.concat([this.#received, chunk]);
    this.#work();
    recorder.count({ receivedBytes: chunk.length });
  }

  #onEnd(): void {
    this.#ended = true;
    this.#finish();
  }

  /** The client has finished sending, and has all its answers. */
  #finish(): void {
    if (!this.#ended || this.#state === 'busy' || this.#options.handler.onHalfClose() === 'ignore') return;
    this.#socket.end();
  }

  #awaitData(): void {
    if (this.#state !== 'reading') return;
    const { idleTimeoutMs } = this.#options.switches();
    if (idleTimeoutMs === Infinity) return;
    this.#idleTimer = this.#options.clock.setTimer(() => (this.#state = 'dead'), idleTimeoutMs);
    this.#idleTimer.unref();
  }

  /** Handles what is there, request by request. An answer that is sent at once comes back here by the loop. */
  #work(): void {
    if (this.#working) return;
    this.#working = true;
    while (this.#state === 'reading' && this.#received.length > 0) {
      const request = this.#takeRequest();
      if (!request) break;
      if (this.#options.switches().fault === 'silent') this.#die(request.length);
      else this.#handle(request);
    }
    this.#working = false;
    this.#awaitData();
    this.#finish();
  }

  #handle(request: Buffer): void {
    this.#state = 'busy';
    let replied = false;
    const seen = this.#options.handler.handle(request, (answer) => {
      if (replied) throw new Error('a request is answered once');
      replied = true;
      this.#answer(answer);
    });
    this.#options.recorder.request({ connection: this.#options.number, ...seen });
  }

  /** What one read returns, or one whole frame; undefined while there is none. */
  #takeRequest(): Buffer | undefined {
    const { reading, bufferSize } = this.#options.switches();
    const length = reading === 'per-read' ? bufferSize : this.#options.handler.measure(this.#received);
    if (reading === 'reassembling' && (length === 0 || length > this.#received.length)) return undefined;
    const request = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return request;
  }

  #answer(answer: Uint8Array | undefined): void {
    if (this.#state !== 'busy') return;
    if (!answer) {
      this.#settle('close');
      return;
    }
    const target = {
      write: (bytes: Uint8Array): void => this.send(bytes),
      held: (change: 1 | -1): void => this.#options.recorder.count({ held: change }),
    };
    // An answer that is sent at once settles before the delivery is kept: there is nothing to release then.
    let settled = false;
    const delivery = new Delivery(answer, this.#options.switches(), this.#options.clock, target, (how) => {
      settled = true;
      this.#settle(how);
    });
    if (!settled) this.#delivery = delivery;
  }

  #settle(how: Delivered): void {
    this.#delivery = undefined;
    if (how === 'dead') {
      this.#die(0);
      return;
    }
    if (how === 'close' || this.#options.handler.closesAfterAnswer()) {
      this.#die(0);
      this.#socket.end();
      return;
    }
    this.#state = 'reading';
    this.#work();
  }

  #die(ignored: number): void {
    this.#state = 'dead';
    this.#options.recorder.count({ ignoredBytes: ignored + this.#received.length });
    this.#received = Buffer.alloc(0);
    this.#finish();
  }
}
