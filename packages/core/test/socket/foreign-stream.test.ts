import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { Failure, systemPorts, Timekeeper } from '../../src/index.ts';
import { Connection, nodeNet, type Wire } from '../../src/socket/index.ts';

/** Keeps what it is given, as a stream may that passes chunks on by reference. */
class Quiet implements Wire {
  readonly received: Uint8Array[] = [];

  onData(bytes: Uint8Array, length: number): void {
    this.received.push(bytes.slice(0, length));
  }

  onClose(): void {}
}

async function open(stream: Duplex): Promise<Connection<Quiet>> {
  const timekeeper = new Timekeeper(systemPorts.clock);
  const connection = await Connection.open<Quiet>({
    net: nodeNet,
    timekeeper,
    turns: systemPorts.turns,
    target: { socket: () => stream },
    createWire: () => new Quiet(),
  });
  timekeeper.release();
  return connection as Connection<Quiet>;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const over = new Failure({ kind: 'closed', message: 'over', outcome: 'not-sent', retryable: false });

it('what a brought stream was given stays as it was, although its memory is used again', async () => {
  const kept: Uint8Array[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk: Uint8Array, _encoding, done) {
      kept.push(chunk);
      done();
    },
  });
  const connection = await open(stream);
  for (const text of ['first', 'other']) {
    const at = connection.out.reserve(text.length);
    connection.out.bytes.set(new TextEncoder().encode(text), at);
    connection.out.commit(text.length);
    connection.flush();
    await nextTurn();
  }
  expect(kept.map((chunk) => new TextDecoder().decode(chunk))).toEqual(['first', 'other']);
  connection.close(over);
});

it('what a brought stream brings are bytes as any others: a slice is a copy', async () => {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const connection = await open(stream);
  const chunk = Buffer.from('bytes');
  stream.push(chunk);
  await nextTurn();
  chunk.fill(0);
  const [received] = connection.wire.received;
  expect([received?.constructor, new TextDecoder().decode(received)]).toEqual([Uint8Array, 'bytes']);
  connection.close(over);
});
