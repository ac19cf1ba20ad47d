import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { command } from '../command.ts';
import type { Written } from './project.ts';

const timeoutMs = 60_000;

/** Between the server of the package's testing door and the program: starts one, replaces its address in the other. */
const launcher = `
import { readFileSync, writeFileSync } from 'node:fs';

const [program, setup] = process.argv.slice(2);
const served = setup ? await (await import(setup)).serve() : { replace: {}, close: async () => {} };
let code = readFileSync(new URL(program, import.meta.url), 'utf8');
for (const [written, real] of Object.entries(served.replace)) code = code.replaceAll(written, real);
const replaced = program.replace(/\\.js$/, '.run.js');
writeFileSync(new URL(replaced, import.meta.url), code);
try {
  await import(replaced);
} finally {
  await served.close();
}
`;

/**
 * Runs a program in a process of its own, which has to end by itself: a client or server left open is a
 * mistake of the program.
 *
 * @returns what went wrong, or `undefined`.
 */
export function runProgram(runtime: string, { file, setup }: Written): string | undefined {
  const folder = dirname(file);
  writeFileSync(join(folder, 'launch.mjs'), launcher);
  const [executable = process.execPath, ...args] = runtime.split(' ');
  const relative = (path: string): string => `./${path.slice(folder.length + 1)}`;
  const names = setup === undefined ? [relative(file)] : [relative(file), relative(setup)];
  const { status, timedOut, output } = command(executable, [...args, join(folder, 'launch.mjs'), ...names], {
    cwd: folder,
    timeoutMs,
  });
  if (timedOut) return `it did not end within ${timeoutMs / 1000} s: something is left open\n${output}`;
  return status === 0 ? undefined : `exit code ${status}\n${output}`;
}
