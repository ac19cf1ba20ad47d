/** Servers that are started for a benchmark, in processes of their own. */

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

export interface RunningServer {
  readonly url: string;
  /** What the rows say of it. */
  readonly about: string;
  /** Undefined where it is not known: of a server that a URL names. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

export interface ProgramOptions {
  readonly about: string;
  readonly url: string;
  /** Resolves when the server answers; rejects while it does not. */
  readonly probe: () => Promise<unknown>;
}

const startTimeoutMs = 10_000;
const probeEveryMs = 50;

/**
 * Starts a program that is a server.
 *
 * @throws Error when it cannot be started, ends, or does not answer within ten seconds
 */
export async function startProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<RunningServer> {
  const child = spawn(file, args, { stdio: 'ignore' });
  await once(child, 'spawn');
  const giveUpAt = performance.now() + startTimeoutMs;
  for (;;) {
    try {
      await options.probe();
      return { url: options.url, about: options.about, pid: child.pid, stop: () => stop(child) };
    } catch (error) {
      if (child.exitCode === null && performance.now() < giveUpAt) {
        await new Promise((resolve) => setTimeout(resolve, probeEveryMs));
        continue;
      }
      await stop(child);
      throw new Error(`${file} does not answer`, { cause: error });
    }
  }
}

/** Starts a module as a server; it tells its URL with `process.send`, and ends when its parent does. */
export async function startModule(file: string, about: string): Promise<RunningServer> {
  const child = fork(file, { stdio: ['ignore', 2, 2, 'ipc'], execArgv: [] });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the server ${file} ended before it was up`);
  });
  const [url] = (await Promise.race([once(child, 'message'), ended])) as [string];
  ended.catch(() => {});
  return { url, about, pid: child.pid, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  const killer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exited;
  clearTimeout(killer);
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  await once(server.close(), 'close');
  if (address === null || typeof address === 'string') throw new Error('no port could be had');
  return address.port;
}
