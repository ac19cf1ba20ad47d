/** A session of the simplest protocol there is, lines answered in order, on virtual time. */

import { type Failure, type Pending, Timekeeper, waitFor } from '../../src/index.ts';
import type { FrameMeter, SlabWriter } from '../../src/kit/index.ts';
import {
  Connection,
  type ConnectionHooks,
  type ConnectionOptions,
  type PipelineCodec,
  PipelinedWire,
  type PipelinedWireOptions,
  Session,
  type SessionOptions,
} from '../../src/socket/index.ts';
import {
  createFakePorts,
  type FakePorts,
  type PipeConditions,
  type VirtualLink,
  VirtualNet,
} from '../../src/testing/index.ts';

export type LineWire = PipelinedWire<string, string>;

const lineMeter: FrameMeter = {
  measure: (bytes, start, end) => bytes.subarray(start, end).indexOf(0x0a) + 1,
};

export const lineCodec: PipelineCodec<string, string> = {
  meter: lineMeter,
  write(out: SlabWriter, line: string) {
    const bytes = new TextEncoder().encode(`${line}\n`);
    const at = out.reserve(bytes.length);
    out.bytes.set(bytes, at);
    out.commit(bytes.length);
  },
  read: (bytes, start, end) => new TextDecoder().decode(bytes.subarray(start, end - 1)),
};

export interface LineOptions {
  readonly wire?: Partial<PipelinedWireOptions<string, string>>;
  readonly session?: Partial<SessionOptions<string, LineWire>>;
  readonly connection?: Partial<ConnectionOptions<LineWire>>;
  readonly up?: Partial<PipeConditions>;
}

/** One line that the server got, and the link to answer on. */
export interface Received {
  readonly line: string;
  readonly link: VirtualLink;
}

export interface Lines {
  readonly ports: FakePorts;
  readonly net: VirtualNet;
  readonly timekeeper: Timekeeper;
  readonly session: Session<string, LineWire>;
  /** What a connection of its own is opened with. */
  readonly connection: ConnectionOptions<LineWire>;
  readonly received: Received[];
  /** Asked about each line; undefined leaves it unanswered. Default: `re <line>`. */
  answer: (received: Received) => string | undefined;
  submit(
    line: string,
    options?: { timeoutMs?: number; signal?: AbortSignal; bytes?: number },
  ): Promise<string | Failure>;
  run(ms?: number): Promise<void>;
}

const target = { host: 'lines.test', port: 1 };

export function createLines(options: LineOptions = {}): Lines {
  const ports = createFakePorts();
  const net = new VirtualNet({ clock: ports.clock, random: ports.random, ...(options.up ? { up: options.up } : {}) });
  const timekeeper = new Timekeeper(ports.clock);
  const createWire = (connection: Connection<LineWire>): LineWire =>
    new PipelinedWire(connection, { timekeeper, codec: lineCodec, ...options.wire });
  const setUp = (hooks?: ConnectionHooks<LineWire>): ConnectionOptions<LineWire> => ({
    ...ports,
    net,
    timekeeper,
    target,
    createWire,
    ...hooks,
    ...options.connection,
  });
  const open = (hooks: ConnectionHooks<LineWire>): Promise<Connection<LineWire> | Failure> =>
    Connection.open<LineWire>(setUp(hooks));
  const lines: Lines = {
    ports,
    net,
    timekeeper,
    session: new Session<string, LineWire>({ ports, timekeeper, open, backoff: () => 100, ...options.session }),
    connection: setUp(),
    received: [],
    answer: ({ line }) => `re ${line}`,
    submit: (line, { timeoutMs = 1000, signal, bytes = line.length } = {}) =>
      waitFor<string>(timekeeper, { dueAt: ports.clock.now() + timeoutMs, signal }, 'test', (pending) =>
        lines.session.submit(line, pending as Pending, bytes),
      ),
    run: (ms = 5) => ports.clock.advance(ms),
  };
  net.listen(target, (link) => {
    let rest = '';
    return {
      onOpen() {},
      onDrain() {},
      onClose() {},
      onEnd: () => link.server.destroy(),
      onData(bytes, length) {
        const parts = (rest + new TextDecoder().decode(bytes.subarray(0, length))).split('\n');
        rest = parts.pop() ?? '';
        for (const line of parts) {
          lines.received.push({ line, link });
          const answer = lines.answer({ line, link });
          if (answer !== undefined) link.server.write(new TextEncoder().encode(`${answer}\n`));
        }
      },
    };
  });
  return lines;
}
