import { describe, expect, it } from 'vitest';
import { ArgumentError, Failure, type FailureKind, type SocketTarget, Timekeeper } from '../../src/index.ts';
import { Connection, Dialer, PipelinedWire } from '../../src/socket/index.ts';
import { createFakePorts, VirtualNet } from '../../src/testing/index.ts';
import { lineCodec, type LineWire } from '../support/lines.ts';

interface Attempt {
  readonly address: string;
  readonly timeoutMs: number;
}

const hosts = (count: number): SocketTarget[] => Array.from({ length: count }, (_, i) => ({ host: `h${i}`, port: 1 }));

/** A dialer whose addresses do what a table says; a number is a time-out that takes as long as it may. */
function createDialer(fates: (Failure | 'up' | 'black hole')[], connectTimeoutMs = 1000) {
  const { clock } = createFakePorts();
  const attempts: Attempt[] = [];
  const targets = hosts(fates.length);
  const dialer = new Dialer<string>({
    timekeeper: new Timekeeper(clock),
    targets,
    connectTimeoutMs,
    open: (target, timeoutMs) => {
      const index = targets.indexOf(target);
      attempts.push({ address: `h${index}`, timeoutMs });
      const fate = fates[index];
      if (fate !== 'black hole') return Promise.resolve(fate === 'up' ? `connection to h${index}` : (fate as Failure));
      clock.jump(timeoutMs);
      return Promise.resolve(failure('timeout', 'TIMEOUT'));
    },
  });
  return { dialer, attempts, fates };
}

function failure(kind: FailureKind, code?: string): Failure {
  return new Failure({
    kind,
    message: 'm',
    outcome: 'not-sent',
    retryable: true,
    details: { phase: 'connect' },
    ...(code ? { code } : {}),
  });
}

const refused = failure('connection', 'CONNECT_FAILED');

describe('Dialer', () => {
  it('needs an address', () => {
    expect(() => createDialer([])).toThrow(ArgumentError);
  });

  it('takes the first that can be opened', async () => {
    const { dialer, attempts } = createDialer([refused, failure('protocol'), 'up', 'up']);
    expect(await dialer.open()).toBe('connection to h2');
    expect(attempts.map(({ address }) => address)).toEqual(['h0', 'h1', 'h2']);
  });

  it('begins with the one that answered last, and goes round', async () => {
    const { dialer, attempts, fates } = createDialer([refused, 'up', refused]);
    await dialer.open();
    await dialer.open();
    expect(attempts.map(({ address }) => address)).toEqual(['h0', 'h1', 'h1']);
    fates[0] = 'up';
    fates[1] = refused;
    attempts.length = 0;
    expect(await dialer.open()).toBe('connection to h0');
    expect(attempts.map(({ address }) => address)).toEqual(['h1', 'h2', 'h0']);
    attempts.length = 0;
    await dialer.open();
    expect(attempts.map(({ address }) => address)).toEqual(['h0']);
  });

  it('stays with it when a round fails', async () => {
    const { dialer, attempts, fates } = createDialer([refused, 'up']);
    await dialer.open();
    fates[1] = refused;
    await dialer.open();
    attempts.length = 0;
    await dialer.open();
    expect(attempts[0]?.address).toBe('h1');
  });

  it('says what became of the last, and of those before it', async () => {
    const last = failure('timeout');
    const { dialer } = createDialer([refused, failure('protocol', 'NOT_OURS'), last]);
    const result = (await dialer.open()) as Failure;
    expect(result).toMatchObject({ kind: 'timeout', code: 'TIMEOUT', outcome: 'not-sent', retryable: true });
    expect(result.details).toEqual({ phase: 'connect', earlier: ['h0:1: CONNECT_FAILED', 'h1:1: NOT_OURS'] });
    const alone = createDialer([refused]);
    expect(await alone.dialer.open()).toBe(refused);
  });

  it.each(['aborted', 'closed', 'authentication'] as const)('goes no further after: %s', async (kind) => {
    const { dialer, attempts } = createDialer([failure(kind), 'up']);
    expect(await dialer.open()).toMatchObject({ kind });
    expect(attempts).toHaveLength(1);
  });

  it('gives each address its share of the time that is left', async () => {
    const holes = createDialer(['black hole', 'black hole', 'black hole', 'black hole']);
    await holes.dialer.open();
    expect(holes.attempts.map(({ timeoutMs }) => timeoutMs)).toEqual([250, 250, 250, 250]);
    const mixed = createDialer([refused, 'black hole', refused, 'up']);
    await mixed.dialer.open();
    expect(mixed.attempts.map(({ timeoutMs }) => Math.round(timeoutMs))).toEqual([250, 333, 333, 667]);
    const alone = createDialer(['up']);
    await alone.dialer.open();
    expect(alone.attempts[0]?.timeoutMs).toBe(1000);
  });

  it('is done with the round when its time is over, however many are left', async () => {
    const { clock } = createFakePorts();
    let attempts = 0;
    const dialer = new Dialer<string>({
      timekeeper: new Timekeeper(clock),
      targets: hosts(100),
      connectTimeoutMs: 50,
      // No timer is finer than a tick.
      open: (_, timeoutMs) => {
        expect(timeoutMs).toBeGreaterThan(0);
        attempts += 1;
        clock.jump(10);
        return Promise.resolve(failure('timeout'));
      },
    });
    expect(await dialer.open()).toMatchObject({ kind: 'timeout' });
    expect(attempts).toBe(5);
  });

  it('ends a round of real dials within its time and a tick, and with its client', async () => {
    for (const how of ['deadline', 'destroyed'] as const) {
      const ports = createFakePorts();
      const net = new VirtualNet(ports);
      net.onDial = () => 'black-hole';
      const timekeeper = new Timekeeper(ports.clock);
      const dialer = new Dialer<Connection<LineWire>>({
        timekeeper,
        targets: hosts(3),
        connectTimeoutMs: 300,
        open: (target, connectTimeoutMs) =>
          Connection.open<LineWire>({
            ...ports,
            net,
            timekeeper,
            target,
            connectTimeoutMs,
            createWire: (connection) => new PipelinedWire(connection, { timekeeper, codec: lineCodec }),
          }),
      });
      let result: unknown;
      void dialer.open().then((value) => (result = value));
      await ports.clock.advance(how === 'deadline' ? 330 : 150);
      if (how === 'destroyed') {
        timekeeper.abandonAll('over');
        await ports.settle();
      }
      expect(result).toMatchObject({ kind: how === 'deadline' ? 'timeout' : 'closed' });
      expect(net.dials).toBe(how === 'deadline' ? 3 : 2);
      await ports.clock.advance(1000);
      expect([net.openSockets, timekeeper.size, ports.clock.pendingTimers]).toEqual([0, 0, 0]);
    }
  });
});
