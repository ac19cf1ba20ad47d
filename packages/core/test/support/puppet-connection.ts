import { type Failure, Pending, Timekeeper } from '../../src/index.ts';
import { InOrderTable } from '../../src/kit/index.ts';
import { Connection, type ConnectionOptions, type Wire } from '../../src/socket/index.ts';
import { createFakePorts, type FakePorts } from '../../src/testing/index.ts';
import { PuppetNet, type PuppetSocket } from './puppet-net.ts';

/** A wire that writes down what it is told; requests are text, answered in order by whatever comes in. */
export class PuppetWire implements Wire {
  readonly log: string[] = [];
  readonly table: InOrderTable;
  readonly connection: Connection<PuppetWire>;
  closedWith: Failure | undefined;
  onEnd?: () => boolean;
  onTombstone?: () => void;
  handshake?: () => Promise<Failure | undefined>;

  constructor(connection: Connection<PuppetWire>, timekeeper: Timekeeper) {
    this.connection = connection;
    this.table = new InOrderTable(connection, { capacity: 100, clock: timekeeper.clock });
  }

  send(text: string, pending: Pending): void {
    pending.from = this.write(text);
    pending.to = this.connection.out.position;
    this.table.push(pending);
  }

  /** Where in the stream it was written. */
  write(text: string): number {
    const { out } = this.connection;
    const from = out.position;
    const at = out.reserve(text.length);
    out.bytes.set(Buffer.from(text), at);
    out.commit(text.length);
    return from;
  }

  onData(bytes: Uint8Array, length: number): void {
    const text = Buffer.from(bytes.subarray(0, length)).toString();
    this.log.push(text);
    this.table.answer(text);
  }

  onClose(failure: Failure): void {
    this.log.push('closed');
    this.closedWith = failure;
    this.table.clear(failure);
  }
}

export interface Puppet {
  readonly ports: FakePorts;
  readonly net: PuppetNet;
  readonly timekeeper: Timekeeper;
  readonly wire: PuppetWire;
  readonly socket: PuppetSocket;
  /** What `open` settled with. */
  readonly result: Connection<PuppetWire> | Failure | undefined;
  readonly closed: [Connection<PuppetWire>, Failure][];
  progress: number;
  /** A request of this text; what became of it. */
  send(text: string): { readonly pending: Pending; readonly result: unknown };
  settle(): Promise<void>;
}

export interface PuppetOptions extends Partial<ConnectionOptions<PuppetWire>> {
  readonly signal?: AbortSignal;
  /** Changes the wire before it is used. */
  readonly prepare?: (wire: PuppetWire) => void;
}

/** Opens a connection; its socket is the test's. */
export function openPuppet({ signal, prepare, ...options }: PuppetOptions = {}): Puppet {
  const ports = createFakePorts();
  const net = new PuppetNet();
  const timekeeper = new Timekeeper(ports.clock);
  let wire: PuppetWire | undefined;
  let result: Connection<PuppetWire> | Failure | undefined;
  const puppet: Puppet = {
    ports,
    net,
    timekeeper,
    closed: [],
    progress: 0,
    get wire() {
      return wire as PuppetWire;
    },
    get socket() {
      return net.sockets[0] as PuppetSocket;
    },
    get result() {
      return result;
    },
    send(text) {
      const sent: { pending: Pending; result: unknown } = {
        pending: new Pending((value) => (sent.result = value), Infinity),
        result: undefined,
      };
      timekeeper.add(sent.pending);
      puppet.wire.send(text, sent.pending);
      return sent;
    },
    settle: () => ports.settle(),
  };
  const createWire = (connection: Connection<PuppetWire>): PuppetWire => {
    wire = new PuppetWire(connection, timekeeper);
    prepare?.(wire);
    return wire;
  };
  void Connection.open<PuppetWire>(
    {
      net,
      timekeeper,
      turns: ports.turns,
      target: { host: 'db.test', port: 7000 },
      createWire,
      onClosed: (...args) => void puppet.closed.push(args),
      onProgress: () => void (puppet.progress += 1),
      ...options,
    },
    signal,
  ).then((value) => (result = value));
  return puppet;
}

/** A connection that is up. */
export async function upPuppet(options: PuppetOptions = {}): Promise<Puppet> {
  const puppet = openPuppet(options);
  puppet.socket.handler.onOpen();
  await puppet.settle();
  return puppet;
}
