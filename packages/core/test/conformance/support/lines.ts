/** The simplest protocol there is, lines answered in order, on real sockets. */

import assert from 'node:assert/strict';
import { Failure, type Pending, type SocketTarget, Timekeeper, waitFor } from '@wirewright/core';
import type { FrameMeter, SlabWriter } from '@wirewright/core/kit';
import {
  Connection,
  type ConnectionHooks,
  type ConnectionOptions,
  nodeRuntime,
  type PipelineCodec,
  PipelinedWire,
  type PipelinedWireOptions,
  Session,
  type SessionOptions,
} from '@wirewright/core/socket';
import { type ScriptedConnection, ScriptedServer, type ScriptedServerOptions } from '@wirewright/core/testing';
import type { Context } from '../case.ts';
import { bytesOf, textOf } from './bytes.ts';

export type LineWire = PipelinedWire<string, string>;

export const lineMeter: FrameMeter = {
  measure: (bytes, start, end) => bytes.subarray(start, end).indexOf(0x0a) + 1,
};

/** A line that begins with `!` is a refusal, one with `>` is pushed. */
export const lineCodec: PipelineCodec<string, string> = {
  meter: lineMeter,
  write(out: SlabWriter, line: string) {
    const bytes = bytesOf(`${line}\n`);
    const at = out.reserve(bytes.length);
    out.bytes.set(bytes, at);
    out.commit(bytes.length);
  },
  read(bytes, start, end) {
    const line = textOf(bytes.subarray(start, end - 1));
    if (!line.startsWith('!')) return line;
    return new Failure({ kind: 'server', message: 'refused', outcome: 'rejected', retryable: false });
  },
  isPush: (bytes, start) => bytes[start] === 0x3e,
};

type Play = (line: string, connection: ScriptedConnection) => string | undefined | Promise<string | undefined>;

/** Answers each line that a client sends with what `play` says; undefined leaves it unanswered. */
export async function serveLines(
  context: Context,
  play: Play = (line) => `re ${line}`,
  options: Omit<ScriptedServerOptions, 'script'> = {},
): Promise<ScriptedServer> {
  const script = async (connection: ScriptedConnection): Promise<void> => {
    for (;;) {
      const frame = await connection.readFrame(lineMeter).catch(() => undefined);
      if (!frame) return connection.end();
      const answer = await play(textOf(frame.subarray(0, -1)), connection);
      if (answer !== undefined) connection.write(bytesOf(`${answer}\n`));
    }
  };
  return context.own(await ScriptedServer.listen({ ...options, script }));
}

export interface LineOptions {
  readonly wire?: Partial<PipelinedWireOptions<string, string>>;
  readonly connection?: Partial<ConnectionOptions<LineWire>>;
  readonly session?: Partial<SessionOptions<string, LineWire>>;
}

/** What one client shares among its connections. */
export class Lines {
  readonly timekeeper = new Timekeeper(nodeRuntime.clock);
  readonly #target: SocketTarget;
  readonly #options: LineOptions;

  constructor(target: SocketTarget, options: LineOptions = {}) {
    this.#target = target;
    this.#options = options;
  }

  /** Opens a connection, or says why not. */
  readonly open = (hooks?: ConnectionHooks<LineWire>): Promise<Connection<LineWire> | Failure> => {
    const { timekeeper } = this;
    const createWire = (connection: Connection<LineWire>): LineWire =>
      new PipelinedWire(connection, { timekeeper, codec: lineCodec, ...this.#options.wire });
    return Connection.open<LineWire>({
      ...nodeRuntime,
      timekeeper,
      target: this.#target,
      createWire,
      ...this.#options.connection,
      ...hooks,
    });
  };

  /** Opens a connection that is closed behind the case. */
  async connect(context: Context): Promise<Connection<LineWire>> {
    const connection = await this.open();
    if (connection instanceof Failure) assert.fail(connection.message);
    context.own({ close: () => connection.close(endOfCase) });
    return connection;
  }

  session(context: Context): Session<string, LineWire> {
    const { timekeeper, open } = this;
    const session = new Session<string, LineWire>({
      ports: nodeRuntime,
      timekeeper,
      open,
      backoff: () => 1,
      ...this.#options.session,
    });
    context.own({ close: () => session.destroy(endOfCase) });
    return session;
  }

  /** Sends a line by way of a session. */
  submit(
    session: Session<string, LineWire>,
    line: string,
    { timeoutMs = 10_000, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<string | Failure> {
    const limits = { dueAt: nodeRuntime.clock.now() + timeoutMs, signal };
    return waitFor<string>(this.timekeeper, limits, 'test', (pending) =>
      session.submit(line, pending as Pending, line.length),
    );
  }
}

export const endOfCase = new Failure({
  kind: 'closed',
  message: 'the case is over',
  outcome: 'not-sent',
  retryable: false,
});

/** The failure that something has ended with. */
export function failureOf(result: unknown): Failure {
  assert.ok(result instanceof Failure, 'expected a failure');
  return result;
}
