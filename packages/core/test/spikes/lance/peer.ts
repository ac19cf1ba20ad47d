/** A Lance server that does what a test tells it, on the virtual network. */

import { FrameSplitter, SlabWriter } from '@wirewright/core/kit';
import type { NetSocket, SocketHandler } from '@wirewright/core/socket';
import {
  createFakePorts,
  type FakePorts,
  type PipeConditions,
  type VirtualLink,
  VirtualNet,
} from '@wirewright/core/testing';
import { LanceClient, type LanceOptions } from './client.ts';
import { Code, Flag, type Frame, type Header, meter, readFrame, writeFrame } from './frame.ts';
import { kindOf } from './messages.ts';

/** A frame as bytes of its own. */
export function frameBytes(header: Partial<Header>, payload?: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  const out = new SlabWriter({
    write: (chunk) => chunks.push(new Uint8Array(chunk)) > 0,
    writeAll: (all) => chunks.push(...all.map((chunk) => new Uint8Array(chunk))) > 0,
  });
  writeFrame(out, header, payload);
  out.flush();
  return Buffer.concat(chunks);
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export class PeerConnection implements SocketHandler {
  readonly frames: Frame[] = [];
  readonly link: VirtualLink;
  readonly #socket: NetSocket;
  readonly #splitter: FrameSplitter;

  constructor(link: VirtualLink, serve: (frame: Frame, connection: PeerConnection) => void) {
    this.link = link;
    this.#socket = link.server;
    const onFrame = (bytes: Uint8Array, start: number, end: number, owned: boolean): void => {
      const frame = readFrame(bytes, start, end, owned);
      this.frames.push(frame);
      serve(frame, this);
    };
    this.#splitter = new FrameSplitter(meter, { onFrame }, { maxFrameBytes: 16 * 1024 * 1024 + 44 });
  }

  get ingested(): Frame[] {
    return this.frames.filter(({ flags, payload }) => kindOf(flags, payload.length) === 'ingest');
  }

  ack(batchId: number | bigint): void {
    this.send(frameBytes({ flags: Flag.ack, batchId: BigInt(batchId) }));
  }

  error(message: string): void {
    this.control(Code.error, text(message));
  }

  echo(): void {
    this.send(frameBytes({ flags: Flag.keepalive }));
  }

  control(code: number, payload: Uint8Array): void {
    this.send(frameBytes({ flags: Flag.control, batchId: BigInt(code) }, payload));
  }

  /** The reply to a fetch. */
  fetched(nextOffset: bigint, data: Uint8Array): void {
    const payload = new Uint8Array(16 + data.length);
    const view = new DataView(payload.buffer);
    view.setBigUint64(0, nextOffset, true);
    view.setUint32(8, data.length, true);
    view.setUint32(12, data.length > 0 ? 1 : 0, true);
    payload.set(data, 16);
    this.control(Code.fetchResponse, payload);
  }

  send(bytes: Uint8Array): void {
    if (this.link.server.state === 'open') this.#socket.write(bytes);
  }

  /** Stops and restarts reading. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  onOpen(): void {}
  onDrain(): void {}
  onClose(): void {}

  onEnd(): void {
    this.#socket.destroy();
  }

  onData(buffer: Uint8Array, length: number): void {
    this.#splitter.push(buffer, length);
  }
}

export interface World {
  readonly ports: FakePorts;
  readonly net: VirtualNet;
  readonly client: LanceClient;
  readonly connections: PeerConnection[];
  readonly last: PeerConnection;
  /** What the server does about each frame. Default: echoes keep-alives, acknowledges batches. */
  serve: (frame: Frame, connection: PeerConnection) => void;
  run(ms?: number): Promise<void>;
  end(): Promise<void>;
}

const target = { host: 'lance.test', port: 1992 };

export function createWorld(
  options: Omit<LanceOptions, 'target' | 'runtime'> = {},
  conditions: { up?: Partial<PipeConditions>; down?: Partial<PipeConditions> } = {},
): World {
  const ports = createFakePorts();
  const net = new VirtualNet({ clock: ports.clock, random: ports.random, ...conditions });
  const client = new LanceClient({ ...options, target, runtime: { ...ports, net } });
  const run = (ms = 5): Promise<void> => ports.clock.advance(ms);
  const world: World = {
    ports,
    net,
    client,
    connections: [],
    get last() {
      return world.connections.at(-1) as PeerConnection;
    },
    serve({ flags, batchId, payload }, connection) {
      const kind = kindOf(flags, payload.length);
      if (kind === 'keepalive') connection.echo();
      else if (kind === 'ingest') connection.ack(batchId);
    },
    run,
    async end() {
      const closing = client.close();
      await run(6000);
      await closing;
      const left = {
        sockets: net.openSockets,
        timers: ports.clock.pendingTimers,
        calls: client.caller.timekeeper.size,
      };
      if (left.sockets + left.timers + left.calls > 0) throw new Error(`left behind: ${JSON.stringify(left)}`);
    },
  };
  net.listen(target, (link) => {
    const connection = new PeerConnection(link, (frame, from) => world.serve(frame, from));
    world.connections.push(connection);
    return connection;
  });
  return world;
}
