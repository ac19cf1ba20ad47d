/** Listens in on what the client takes from the world: what it writes, which sockets and timers it leaves behind. */

import type { Clock, Timer } from '@wirewright/core';
import {
  type DialOptions,
  type Net,
  type NetSocket,
  nodeRuntime,
  type Runtime,
  type SocketHandler,
} from '@wirewright/core/socket';

/** Counts the requests that were written for one key while it is watched. */
export interface Tries {
  count: number;
}

/** Types of SET, DELETE and SETEX in both dialects, by the second byte of their magics (`LENS`, `LDBD`). */
const writes = new Map([
  [0x45, new Set([2, 3, 9])],
  [0x44, new Set([2, 3, 8])],
]);
const headerBytes = new Map([
  [0x45, 18],
  [0x44, 16],
]);

export class Tap {
  readonly runtime: Runtime;
  #sockets = 0;
  #timers = 0;
  #requests = 0;
  readonly #watched = new Map<string, Tries>();

  constructor() {
    const net: Net = { dial: (options, handler) => this.#dial(options, handler) };
    const clock: Clock = {
      now: nodeRuntime.clock.now,
      setTimer: (callback, delayMs) => this.#setTimer(callback, delayMs),
    };
    this.runtime = { ...nodeRuntime, clock, net };
  }

  /** Sockets that were dialled and have not closed. */
  get sockets(): number {
    return this.#sockets;
  }

  /** Timers that have neither fired nor been cancelled. */
  get timers(): number {
    return this.#timers;
  }

  /** Writes so far: one for each request, probe and fence. */
  get requests(): number {
    return this.#requests;
  }

  /** Counts the writes of this key from now on, until `release`. One watch at a time for each key. */
  watch(key: string): Tries {
    const tries = { count: 0 };
    this.#watched.set(key, tries);
    return tries;
  }

  release(key: string): void {
    this.#watched.delete(key);
  }

  #setTimer(callback: () => void, delayMs: number): Timer {
    this.#timers += 1;
    let armed = true;
    const over = (): void => {
      if (armed) this.#timers -= 1;
      armed = false;
    };
    const timer = nodeRuntime.clock.setTimer(() => {
      over();
      callback();
    }, delayMs);
    return {
      cancel: () => {
        over();
        timer.cancel();
      },
      ref: () => timer.ref(),
      unref: () => timer.unref(),
    };
  }

  #dial(options: DialOptions, handler: SocketHandler): NetSocket {
    this.#sockets += 1;
    const socket = nodeRuntime.net.dial(options, {
      onOpen: () => handler.onOpen(),
      onData: (buffer, length) => handler.onData(buffer, length),
      onDrain: () => handler.onDrain(),
      onEnd: () => handler.onEnd(),
      onClose: (error) => {
        this.#sockets -= 1;
        handler.onClose(error);
      },
    });
    return {
      write: (chunk) => {
        this.#look(chunk);
        return socket.write(chunk);
      },
      writeAll: (chunks) => {
        for (const chunk of chunks) this.#look(chunk);
        return socket.writeAll(chunks);
      },
      end: () => socket.end(),
      destroy: (error) => socket.destroy(error),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      ref: () => socket.ref(),
      unref: () => socket.unref(),
    };
  }

  #look(chunk: Uint8Array): void {
    this.#requests += 1;
    const dialect = chunk[1] as number;
    const start = headerBytes.get(dialect);
    if (start === undefined || !writes.get(dialect)?.has(chunk[5] as number)) return;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const length = dialect === 0x45 ? view.getUint32(6) : view.getUint16(6);
    const tries = this.#watched.get(Buffer.from(chunk.buffer, chunk.byteOffset + start, length).toString('latin1'));
    if (tries) tries.count += 1;
  }
}
