import { spawnSync } from 'node:child_process';

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** Both outputs, for a message. */
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until the command is killed; two minutes when absent. */
  readonly timeoutMs?: number;
}

/** Runs a command to its end and returns what it said, whatever its exit code. */
export function command(file: string, args: readonly string[], options: CommandOptions): CommandResult {
  const result = spawnSync(file, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 120_000,
  });
  const timedOut = result.error !== undefined && 'code' in result.error && result.error.code === 'ETIMEDOUT';
  if (result.error && !timedOut) throw new Error(`${file} could not be run: ${result.error.message}`);
  const output = `${result.stdout}${result.stderr}`.trim();
  return { status: result.status ?? 1, stdout: result.stdout, stderr: result.stderr, timedOut, output };
}

/** As `command`, but throws when the command fails. */
export function mustRun(file: string, args: readonly string[], options: CommandOptions): CommandResult {
  const result = command(file, args, options);
  if (result.status !== 0) throw new Error(`${file} ${args.join(' ')} failed:\n${result.output}`);
  return result;
}
