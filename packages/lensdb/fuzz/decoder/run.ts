/**
 * Whatever a server sends: no crash, no hang, no memory beyond `maxFrameBytes`; every call settles in time, with a
 * result of its type or a typed error. A whole client on virtual time and a virtual network, one for each case.
 */

import { createFakePorts, type FakePorts, SeededRandom, VirtualNet } from '@wirewright/core/testing';
import { LensDBClient, LensDBError, type LensDBOptions } from '@wirewright/lensdb';
import { Findings, type FuzzResult, type FuzzSettings } from '@wirewright/tools/fuzz';
import { type CheckedCall, checkedCalls } from './calls.ts';
import { Peer } from './peer.ts';

const timeoutMs = 2000;
const tickMs = 10;
/** Beside what was received and may be received, a case needs no more than this. */
const slackBytes = 1024 * 1024;

interface Settled {
  readonly what: CheckedCall;
  at: number | undefined;
  result: unknown;
  error: unknown;
}

export async function runDecoder({ calls, seed }: FuzzSettings): Promise<FuzzResult> {
  const findings = new Findings();
  const world = new World();
  let done = 0;
  for (; done < calls && !findings.enough; done += 1) {
    const own = (seed + done) % 2 ** 32;
    const violation = (what: string, kind = what): void =>
      findings.violation(`${what}; this case alone: --calls 1 --seed ${own}`, kind);
    await world.play(own, findings, violation);
  }
  return {
    against: 'servers on a virtual network',
    calls: done,
    counts: findings.counts,
    violations: findings.violations,
  };
}

class World {
  readonly #ports: FakePorts = createFakePorts();
  readonly #net: VirtualNet = new VirtualNet({
    clock: this.#ports.clock,
    random: this.#ports.random,
    down: { splitChance: 0.3, gapMs: 2 },
  });

  async play(seed: number, findings: Findings, violation: (what: string, kind?: string) => void): Promise<void> {
    this.#net.reset();
    this.#ports.reset(seed);
    const random = new SeededRandom(seed);
    const dialect = random.pick(['lens', 'ldbd'] as const);
    const damaged = random.pick([0, 0.2, 0.5, 1]);
    let sent = 0;
    this.#net.listen({ host: '127.0.0.1', port: 8080 }, (link) => {
      return new Peer(link, { dialect, random, damaged }, (bytes) => (sent += bytes));
    });
    const options = this.#options(random, dialect);
    const memoryBefore = process.memoryUsage().arrayBuffers;
    const client = new LensDBClient(options);
    const settled = this.#call(client, random, dialect);
    await this.#runUntil(() => settled.every(({ at }) => at !== undefined));
    const grown = process.memoryUsage().arrayBuffers - memoryBefore;
    const most = slackBytes + 16 * sent + 8 * (options.maxFrameBytes ?? 0);
    if (grown > most)
      violation(`${grown} bytes were allocated, ${sent} sent, ${options.maxFrameBytes} allowed`, 'memory');
    const isRight = damaged === 0 && (options.dialect === 'auto' || options.dialect === dialect);
    for (const each of settled) judge(each, isRight, findings, violation);
    client.destroy();
    await this.#ports.clock.advance(1000);
    const { openSockets } = this.#net;
    const { pendingTimers } = this.#ports.clock;
    if (openSockets + pendingTimers > 0) {
      violation(`${openSockets} sockets and ${pendingTimers} timers are left after destroy()`, 'leftovers');
    }
  }

  #options(random: SeededRandom, dialect: 'lens' | 'ldbd'): LensDBOptions {
    const { clock, turns } = this.#ports;
    return {
      runtime: { clock, turns, random: this.#ports.random, net: this.#net },
      dialect: random.pick(['auto', 'auto', dialect, 'lens', 'ldbd'] as const),
      maxConnections: random.integer(1, 3),
      maxRetries: random.integer(0, 2),
      retryBaseMs: 10,
      retryJitterMs: 10,
      timeoutMs,
      attemptTimeoutMs: 300,
      connectTimeoutMs: 400,
      probeTimeoutMs: 150,
      maxFrameBytes: random.pick([1000, 4096, 65_536, 1024 * 1024]),
      ldbdReads: random.pick(['fence', 'close'] as const),
    };
  }

  #call(client: LensDBClient, random: SeededRandom, dialect: 'lens' | 'ldbd'): Settled[] {
    const able = checkedCalls.filter(({ lensOnly }) => dialect === 'lens' || lensOnly !== true);
    return Array.from({ length: random.integer(1, 4) }, () => {
      const settled: Settled = { what: random.pick(able), at: undefined, result: undefined, error: undefined };
      settled.what.call(client).then(
        (result) => {
          settled.at = this.#ports.clock.now();
          settled.result = result;
        },
        (error: unknown) => {
          settled.at = this.#ports.clock.now();
          settled.error = error;
        },
      );
      return settled;
    });
  }

  /** Lets virtual time run until it is done, nothing more can happen, or it is far too late. */
  async #runUntil(done: () => boolean): Promise<void> {
    const { clock } = this.#ports;
    for (;;) {
      await clock.advance(0);
      const { nextAt = Infinity } = clock;
      if (done() || nextAt === Infinity || nextAt > 3 * timeoutMs) return;
      await clock.advance(Math.max(0, nextAt - clock.now()));
    }
  }
}

/** @param isRight - the server is one that the client was made for, and all its answers are right */
function judge(
  { what, at, result, error }: Settled,
  isRight: boolean,
  findings: Findings,
  violation: (what: string, kind?: string) => void,
): void {
  if (at === undefined) {
    violation(`${what.name} does not settle`);
  } else if (at > timeoutMs + tickMs) {
    violation(`${what.name} settled at ${at} ms, its deadline was ${timeoutMs}`, `${what.name} settled late`);
  } else if (error !== undefined) {
    const code = error instanceof LensDBError ? error.code : undefined;
    const text = error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
    findings.count(`failed: ${code ?? 'untyped'}`);
    if (code === undefined) violation(`${what.name} failed without a type: ${text}`);
    else if (code === 'DECODER_FAILED') violation(`${what.name}: the decoder failed: ${text}`);
    else if (code === 'CLOSED') violation(`${what.name} failed as closed, and nobody closed the client: ${text}`);
    else if (isRight && what.fails !== true) {
      violation(`${what.name} failed although nothing was damaged: ${code}, ${text}`);
    }
  } else {
    findings.count('succeeded');
    if (!what.typed(result)) violation(`${what.name} gave what its type does not allow`);
    else if (isRight && !what.right(result)) violation(`${what.name} gave a wrong result although nothing was damaged`);
  }
}
